//! A CSV file → checked rows, one at a time.
//!
//! | file | what it does |
//! |---|---|
//! | `source`, `watched_file` | a path or standard input, opened; a file that changes while it is read is refused |
//! | `decode`, `file_type`, `compression`, `encoding` | its bytes, in any supported encoding → UTF-8 bytes |
//! | `layout`, `comment`, `delimiter` | which lines are read, and the field delimiter |
//! | `header`, `headerless`, `find_header` | the first record → columns, or a hint where the header may be |
//! | `buffer`, `reader`, `record`, `line`, `quote` | bytes → records, each with its line |
//! | `columns`, `column_settings`, `column_error`, `header_name`, `hubspot_export` | header + settings → the columns of the four values, or an error |
//! | `shape`, `row_checker`, `excel`, `diagnose`, `problem` | a record → a pair, or its problems |
//! | `id_list`, `pair_expander`, `list_side` | a record with several ids in a cell → its pairs, one at a time |
//! | `row` | the result for a row |
//! | `quoted_rows` | a warning of rows that are inside quotes |
//! | `skip` | pairs that need not be sent |
//! | `csv_input`, `error` | the type that combines all of these, and its errors |
//! | `progress` | how far the input has been read |
//!
//! [`Input`] combines them. It blocks while it reads, so it needs a thread of its own.

mod buffer;
mod column_error;
mod column_settings;
mod columns;
mod comment;
mod compression;
mod csv_input;
mod decode;
mod delimiter;
mod diagnose;
mod encoding;
mod error;
mod excel;
mod file_type;
mod find_header;
mod header;
mod header_name;
mod headerless;
mod hubspot_export;
mod id_list;
mod layout;
mod line;
mod list_side;
mod pair_expander;
mod problem;
mod progress;
mod quote;
mod quoted_rows;
mod reader;
mod record;
mod row;
mod row_checker;
mod shape;
mod skip;
mod source;
#[cfg(test)]
mod tests;
mod watched_file;

pub use column_error::{ColumnProblem, ColumnsError};
pub use column_settings::{ColumnName, ColumnNameError, ColumnSettings, Role};
pub use columns::{Column, Columns, TypeSource};
pub use comment::{Comment, CommentError};
pub use compression::{CompressedReader, Compression, CompressionError};
pub use csv_input::{Input, InputSettings};
pub use delimiter::{Delimiter, DelimiterError};
pub use encoding::{EncodingError, TextEncoding};
pub use error::InputError;
pub use file_type::FileType;
pub use headerless::NoHeaderError;
pub use hubspot_export::HubSpotExport;
pub use id_list::{Separator, SeparatorError};
pub use problem::{RowProblem, ValueProblem};
pub use progress::{ReadProgress, estimated_rows};
pub use quoted_rows::QuotedRows;
pub use record::{Record, RecordError};
pub use row::{CheckedRow, RowContent, SkippedRow};
pub use row_checker::{InvalidRow, RawValues};
pub use shape::{ERROR_COLUMNS, has_error_columns};
pub use skip::{SkipSettings, Skips};
pub use source::InputSource;
pub use watched_file::FileChange;
