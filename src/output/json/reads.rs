//! What a run read, as parts of its JSON summary.

use serde::Serialize;

use crate::domain::lookup_counts::LookupCounts;
use crate::domain::run_counts::RunCounts;

/// The keys that were looked up, by their answers.
#[derive(Serialize)]
pub(crate) struct Lookup {
    keys: u64,
    calls: u64,
    exact: u64,
    folded: u64,
    secondary: u64,
    search: u64,
    not_found: u64,
    ambiguous: u64,
    refused: u64,
    failed: u64,
}

impl Lookup {
    pub(crate) fn of(counts: &LookupCounts) -> Option<Self> {
        counts.is_used().then(|| Self {
            keys: counts.keys(),
            calls: counts.calls,
            exact: counts.exact,
            folded: counts.folded,
            secondary: counts.secondary,
            search: counts.search,
            not_found: counts.not_found,
            ambiguous: counts.ambiguous,
            refused: counts.refused,
            failed: counts.failed,
        })
    }
}

/// Rows by whether their pair was linked before.
#[derive(Serialize)]
pub(crate) struct Existed {
    yes: u64,
    no: u64,
    unknown: u64,
    skipped: u64,
    calls: u64,
}

impl Existed {
    pub(crate) fn of(counts: &RunCounts) -> Option<Self> {
        let (existed, calls) = (counts.existed, counts.links.reads);
        (existed.is_used() || calls > 0).then_some(Self {
            yes: existed.yes,
            no: existed.no,
            unknown: existed.unknown,
            skipped: counts.skipped_as_linked,
            calls,
        })
    }
}
