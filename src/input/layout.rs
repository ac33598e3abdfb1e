//! What is known about the lines and fields of a text before its first record is read.

use super::comment::Comment;
use super::delimiter::Delimiter;

/// How the records of a text are found.
#[derive(Clone, Copy)]
pub(super) struct Layout<'l> {
    /// What separates the fields; guessed from the first record if not given.
    pub(super) delimiter: Option<Delimiter>,
    /// Lines above the first record.
    pub(super) skip_lines: u64,
    /// What begins lines that are not read.
    pub(super) comment: Option<Comment>,
    /// Whether the fields of the first record hold what is looked for: a delimiter that makes it so is the
    /// right one.
    pub(super) has_columns: &'l dyn Fn(&[String]) -> bool,
}
