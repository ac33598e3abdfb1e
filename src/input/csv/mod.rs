//! UTF-8 bytes parsed into records, each with its line number.

pub mod buffer;
pub mod comment;
pub mod delimiter;
pub mod fields;
pub mod layout;
pub mod lines;
pub mod quoted_rows;
pub mod quotes;
pub mod reader;
pub mod record;
pub mod splitter;
