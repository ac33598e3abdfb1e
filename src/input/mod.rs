//! A CSV file → checked rows, one at a time.
//!
//! | file | what it does |
//! |---|---|
//! | `source` | a path or standard input, opened |
//! | `decode`, `format`, `archive`, `encoding` | its bytes, whatever they are → UTF-8 bytes |
//! | `delimiter` | the header → what separates the fields |
//! | `window`, `reader`, `record`, `line`, `quote` | bytes → records, each with its line |
//! | `columns`, `column_settings`, `columns_error`, `header_name`, `export` | header + settings → which column is which, or what to say |
//! | `check`, `excel`, `diagnosis`, `problem` | a record → a pair, or what is wrong with it |
//! | `split`, `fan`, `list_side` | a record with several ids in a cell → its pairs, one at a time |
//! | `content` | what all of this makes of a row |
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
mod content;
mod decode;
mod delimiter;
mod diagnosis;
mod encoding;
mod error;
mod excel;
mod export;
mod fan;
mod format;
mod front;
mod header_name;
mod line;
mod list_side;
mod problem;
mod progress;
mod quote;
mod reader;
mod record;
mod skip;
mod source;
mod split;
#[cfg(test)]
mod tests;
mod window;

pub use archive::{Archive, ArchiveError, Compression};
pub use check::{InvalidRow, RawValues};
pub use column_settings::{ColumnName, ColumnNameError, ColumnSettings, Role};
pub use columns::{Column, Columns, TypeSource};
pub use columns_error::{ColumnProblem, ColumnsError};
pub use content::{CheckedRow, RowContent, SkippedRow};
pub use delimiter::{Delimiter, DelimiterError};
pub use encoding::{EncodingError, TextEncoding};
pub use error::InputError;
pub use export::Export;
pub use format::Format;
pub use front::{Input, InputSettings};
pub use problem::{RowProblem, ValueProblem};
pub use progress::{ReadProgress, estimated_rows};
pub use reader::RecordReader;
pub use record::{Record, RecordError};
pub use skip::{SkipSettings, Skips};
pub use source::InputSource;
pub use split::{Separator, SeparatorError};
