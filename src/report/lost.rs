//! A report that another program took away or changed during a run: what is written to it then may never be found
//! again.

use std::cmp::Ordering;
use std::io;

/// What happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LostReport {
    /// No file has it.
    #[error("it was deleted during the run")]
    Deleted,
    /// Another file has it.
    #[error("another file was put in its place during the run")]
    Replaced,
    /// It has fewer bytes than were written.
    #[error("another program cut it during the run: it has {found} bytes, {written} were written")]
    Cut {
        /// The bytes that it has.
        found: u64,
        /// The bytes that were written.
        written: u64,
    },
    /// It has more bytes than were written.
    #[error(
        "another program wrote to it during the run: it has {found} bytes, {written} were written"
    )]
    Extended {
        /// The bytes that it has.
        found: u64,
        /// The bytes that were written.
        written: u64,
    },
}

impl LostReport {
    /// What the length of the file says: it is what was written as long as no other program writes to it.
    pub(super) fn check_length(found: u64, written: u64) -> Result<(), Self> {
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
