//! A CSV file becomes checked rows, one at a time.
//!
//! `decode`: bytes to UTF-8 text. `csv`: text to records. `columns`: which column is which. `validate`: a record to pairs, or
//! to what is wrong with it. `row` is the result, `skip` removes pairs that need not be sent, `csv_input` connects it all.
//!
//! It blocks while it reads, so it runs on a thread of its own.

pub mod columns;
pub mod csv;
pub mod csv_input;
pub mod decode;
pub mod error;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod progress;
pub mod row;
pub mod settings;
pub mod skip;
pub mod stdin_name;
#[cfg(test)]
mod tests;
pub mod validate;
