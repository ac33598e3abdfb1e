//! The output of `resolve`: the rows of the input as they are, with the record ids that their keys name.
//!
//! | part | what it does |
//! |---|---|
//! | `columns` | decides which columns the output has, and what each of them holds |
//! | `line` | makes the line of a row from its text and its outcome |
//! | `raw_rows` | keeps the text of the rows whose outcome is awaited, within a limit |
//! | `writer` | joins both, in the order of the input, into the output file |

pub mod columns;
pub mod error;
pub mod line;
pub mod raw_rows;
pub mod writer;
