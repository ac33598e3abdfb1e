//! The settings for the lines and fields of a text that are known before its first record is read.

use crate::input::csv::comment::Comment;
use crate::input::csv::delimiter::Delimiter;

/// How the records of a text are found.
#[derive(Clone, Copy)]
pub(crate) struct Layout<'l> {
    /// The field delimiter; guessed from the first record if not given.
    pub(crate) delimiter: Option<Delimiter>,
    /// Lines above the first record.
    pub(crate) skip_lines: u64,
    /// The character that marks comment lines.
    pub(crate) comment: Option<Comment>,
    /// Whether the fields of the first record contain the required columns: a delimiter for which they do is
    /// the right one.
    pub(crate) has_columns: &'l dyn Fn(&[String]) -> bool,
}
