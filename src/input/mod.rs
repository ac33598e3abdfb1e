//! A CSV file → checked rows, one at a time.
//!
//! | file | what it does |
//! |---|---|
//! | `source`, `watched_file` | a path or standard input, opened; a file that changes meanwhile is refused |
//! | `decode`, `format`, `archive`, `encoding` | its bytes, whatever they are → UTF-8 bytes |
//! | `layout`, `comment`, `delimiter` | which lines are read, and what separates their fields |
//! | `header`, `headerless`, `find_header` | the first record → columns, or where they may be found |
//! | `window`, `reader`, `record`, `line`, `quote` | bytes → records, each with its line |
//! | `columns`, `column_settings`, `columns_error`, `header_name`, `export` | header + settings → which column is which, or what to say |
//! | `shape`, `check`, `excel`, `diagnosis`, `problem` | a record → a pair, or what is wrong with it |
//! | `split`, `fan`, `list_side` | a record with several ids in a cell → its pairs, one at a time |
//! | `content` | what all of this makes of a row |
//! | `quoted_rows` | a warning of rows that vanished inside quotes |
//! | `skip` | pairs that need not be sent |
//! | `front`, `error` | all of it behind one type |
//! | `progress` | how far the reading has come |
//!
//! [`Input`] wires them together. It blocks while it reads, so it belongs on a thread of its own.

mod archive;
mod check;
mod column_settings;
mod columns;
mod columns_error;
mod comment;
mod content;
mod decode;
mod delimiter;
mod diagnosis;
mod encoding;
mod error;
mod excel;
mod export;
mod fan;
mod find_header;
mod format;
mod front;
mod header;
mod header_name;
mod headerless;
mod layout;
mod line;
mod list_side;
mod problem;
mod progress;
mod quote;
mod quoted_rows;
mod reader;
mod record;
mod shape;
mod skip;
mod source;
mod split;
#[cfg(test)]
mod tests;
mod watched_file;
mod window;

pub use archive::{Archive, ArchiveError, Compression};
pub use check::{InvalidRow, RawValues};
pub use column_settings::{ColumnName, ColumnNameError, ColumnSettings, Role};
pub use columns::{Column, Columns, TypeSource};
pub use columns_error::{ColumnProblem, ColumnsError};
pub use comment::{Comment, CommentError};
pub use content::{CheckedRow, RowContent, SkippedRow};
pub use delimiter::{Delimiter, DelimiterError};
pub use encoding::{EncodingError, TextEncoding};
pub use error::InputError;
pub use export::Export;
pub use format::Format;
pub use front::{Input, InputSettings};
pub use headerless::NoHeaderError;
pub use problem::{RowProblem, ValueProblem};
pub use progress::{ReadProgress, estimated_rows};
pub use quoted_rows::QuotedRows;
pub use record::{Record, RecordError};
pub use shape::{ERROR_COLUMNS, has_error_columns};
pub use skip::{SkipSettings, Skips};
pub use source::InputSource;
pub use split::{Separator, SeparatorError};
pub use watched_file::FileChange;
