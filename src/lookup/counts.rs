//! Counts keys by their answers.

use crate::domain::lookup_counts::LookupCounts;
use crate::domain::row_keys::MatchKind;
use crate::lookup::key_table::Settled;

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
}
