//! Detects a report that another program removed or changed during a run: lines written to it afterwards may be lost.

use std::cmp::Ordering;
use std::io;

/// What happened to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LostReport {
    /// The path no longer exists.
    #[error("it was deleted during the run")]
    Deleted,
    /// The path leads to another file.
    #[error("another file replaced it during the run")]
    Replaced,
    /// It has fewer bytes than were written.
    #[error(
        "another program truncated it during the run: it has {found} bytes, {written} were written"
    )]
    Cut {
        /// Its size in bytes.
        found: u64,
        /// The number of bytes written.
        written: u64,
    },
    /// It has more bytes than were written.
    #[error(
        "another program wrote to it during the run: it has {found} bytes, {written} were written"
    )]
    Extended {
        /// Its size in bytes.
        found: u64,
        /// The number of bytes written.
        written: u64,
    },
}

impl LostReport {
    /// Compares the file's length with the number of bytes written: they differ only if another program writes to the
    /// file.
    pub(crate) fn check_length(found: u64, written: u64) -> Result<(), Self> {
        match found.cmp(&written) {
            Ordering::Equal => Ok(()),
            Ordering::Less => Err(Self::Cut { found, written }),
            Ordering::Greater => Err(Self::Extended { found, written }),
        }
    }

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
