//! What the lookups of a run came to. Pure.

/// Distinct keys by their answers, and calls. A key that was removed from memory and asked again counts again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookupCounts {
    /// Requests that were sent, with retries.
    pub calls: u64,
    /// Keys that a record's property equals.
    pub exact: u64,
    /// Keys that a record's property equals once case is folded.
    pub folded: u64,
    /// Keys that are a secondary email address of a record.
    pub secondary: u64,
    /// Keys whose record the search found.
    pub search: u64,
    /// Keys that no record has.
    pub not_found: u64,
    /// Keys that more than one record has.
    pub ambiguous: u64,
    /// Keys that the API refuses.
    pub refused: u64,
    /// Keys whose lookup failed for a transient cause.
    pub failed: u64,
}

impl LookupCounts {
    /// Whether the run looked anything up.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.calls > 0 || self.keys() > 0
    }

    /// All keys that have their answer.
    #[must_use]
    pub fn keys(&self) -> u64 {
        let found = self.exact + self.folded + self.secondary + self.search;
        found + self.not_found + self.ambiguous + self.refused + self.failed
    }
}
