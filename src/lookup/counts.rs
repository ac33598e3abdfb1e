//! What the lookups of a run came to.

use crate::domain::row_keys::MatchKind;
use crate::lookup::key_table::Settled;

/// Distinct keys by their answers, and calls. A key that was removed from memory and asked again counts again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LookupCounts {
    /// Requests that were sent, with retries.
    pub(crate) calls: u64,
    pub(crate) exact: u64,
    pub(crate) folded: u64,
    pub(crate) secondary: u64,
    pub(crate) search: u64,
    pub(crate) not_found: u64,
    pub(crate) ambiguous: u64,
    pub(crate) refused: u64,
    pub(crate) failed: u64,
}

impl LookupCounts {
    /// Counts a key. `was_folded` says whether its cell had it in another case.
    pub(crate) fn count(&mut self, settled: Settled, was_folded: bool) {
        let count = match settled {
            Settled::Found(MatchKind::Exact) if !was_folded => &mut self.exact,
            Settled::Found(MatchKind::Exact | MatchKind::Folded) => &mut self.folded,
            Settled::Found(MatchKind::Secondary) => &mut self.secondary,
            Settled::Found(MatchKind::Search) => &mut self.search,
            Settled::NotFound => &mut self.not_found,
            Settled::Ambiguous => &mut self.ambiguous,
            Settled::Refused => &mut self.refused,
            Settled::Failed => &mut self.failed,
        };
        *count += 1;
    }

    /// All keys that have their answer.
    pub(crate) fn keys(&self) -> u64 {
        let found = self.exact + self.folded + self.secondary + self.search;
        found + self.not_found + self.ambiguous + self.refused + self.failed
    }
}
