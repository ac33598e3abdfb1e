//! What the lookups of a run came to, in words. Pure.

use crate::domain::lookup_counts::LookupCounts;
use crate::number::{counted, grouped};

/// `1,204 keys with 13 calls: 1,190 exact, 3 folded, …`; none if the run looked nothing up.
#[must_use]
pub(crate) fn lookups(counts: &LookupCounts) -> Option<String> {
    if !counts.is_used() {
        return None;
    }
    let keys = counted(counts.keys(), "key", "keys");
    let calls = counted(counts.calls, "call", "calls");
    let answers = [
        (counts.exact, "exact"),
        (counts.folded, "folded"),
        (counts.secondary, "secondary"),
        (counts.search, "by search"),
        (counts.not_found, "not found"),
        (counts.ambiguous, "ambiguous"),
    ];
    let answers = answers.map(|(keys, answer)| format!("{} {answer}", grouped(keys)));
    let unusual = [(counts.refused, "refused"), (counts.failed, "failed")];
    let unusual = unusual.into_iter().filter(|&(keys, _)| keys > 0);
    let unusual = unusual.map(|(keys, answer)| format!("{} {answer}", grouped(keys)));
    let all: Vec<String> = answers.into_iter().chain(unusual).collect();
    Some(format!("{keys} with {calls}: {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_answer_is_in_the_line() {
        let usual = LookupCounts {
            calls: 13,
            exact: 1190,
            folded: 3,
            secondary: 2,
            search: 4,
            not_found: 5,
            ..LookupCounts::default()
        };
        let unusual = LookupCounts {
            calls: 1,
            ambiguous: 1,
            ..LookupCounts::default()
        };
        for (counts, line) in [
            (LookupCounts::default(), None),
            (
                usual,
                Some(
                    "1,204 keys with 13 calls: 1,190 exact, 3 folded, 2 secondary, 4 by search, 5 not found, 0 ambiguous",
                ),
            ),
            (
                unusual,
                Some(
                    "1 key with 1 call: 0 exact, 0 folded, 0 secondary, 0 by search, 0 not found, 1 ambiguous",
                ),
            ),
            (
                LookupCounts {
                    refused: 1,
                    failed: 1100,
                    ..unusual
                },
                Some(
                    "1,102 keys with 1 call: 0 exact, 0 folded, 0 secondary, 0 by search, 0 not found, 1 ambiguous, 1 refused, \
                     1,100 failed",
                ),
            ),
        ] {
            assert_eq!(lookups(&counts).as_deref(), line);
        }
    }
}
