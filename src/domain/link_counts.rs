//! The calls of a run that read or remove links, and which pairs were linked before. Pure.

use crate::domain::proof::ExistedBefore;

/// Requests that were sent, with retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkCounts {
    /// Calls that read links.
    pub reads: u64,
    /// Calls that read whether records exist.
    pub record_reads: u64,
    /// Calls that remove links.
    pub removals: u64,
}

impl LinkCounts {
    /// All calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.reads + self.record_reads + self.removals
    }
}

/// Rows by whether their pair was linked before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExistedCounts {
    /// Their pair was linked.
    pub yes: u64,
    /// Their pair was not linked.
    pub no: u64,
    /// The links of their pair could not be read.
    pub unknown: u64,
}

impl ExistedCounts {
    /// Counts a row; one whose links were not read counts nowhere.
    pub fn add(&mut self, existed_before: Option<ExistedBefore>) {
        match existed_before {
            Some(ExistedBefore::Yes) => self.yes += 1,
            Some(ExistedBefore::No) => self.no += 1,
            Some(ExistedBefore::Unknown) => self.unknown += 1,
            None => {}
        }
    }

    /// Whether the links of any row were read.
    #[must_use]
    pub fn is_used(&self) -> bool {
        *self != Self::default()
    }
}
