//! The calls of a run that read or remove links. Pure.

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
