//! A report that lost its name during a run: what is written to it then, no run will find again.

use std::io;

/// What happened to its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LostReport {
    /// No file has it.
    #[error("it was deleted during the run")]
    Deleted,
    /// Another file has it.
    #[error("another file was put in its place during the run")]
    Replaced,
}

impl LostReport {
    /// Whether this is why the report could not be written.
    #[must_use]
    pub fn cause_of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl From<LostReport> for io::Error {
    fn from(lost: LostReport) -> Self {
        Self::new(io::ErrorKind::NotFound, lost)
    }
}
