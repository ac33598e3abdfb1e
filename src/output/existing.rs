//! Which pairs were linked before an import sent them, in words. Pure.

use crate::domain::run_counts::RunCounts;
use crate::number::{counted, grouped};

/// `yes 12 (10 skipped), no 3, unknown 0; read with 1 call`; none if the links of no pair were read.
#[must_use]
pub(crate) fn existed_before(counts: &RunCounts) -> Option<String> {
    let (existed, reads) = (counts.existed, counts.links.reads);
    if !existed.is_used() && reads == 0 {
        return None;
    }
    let skipped = match counts.skipped_as_linked {
        0 => String::new(),
        rows => format!(" ({} skipped)", grouped(rows)),
    };
    let [yes, no, unknown] = [existed.yes, existed.no, existed.unknown].map(grouped);
    let calls = match reads {
        0 => String::new(),
        calls => format!("; read with {}", counted(calls, "call", "calls")),
    };
    Some(format!(
        "yes {yes}{skipped}, no {no}, unknown {unknown}{calls}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::link_counts::ExistedCounts;

    #[test]
    fn rows_are_listed_by_whether_their_pair_was_linked() {
        let counts = |[yes, no, unknown]: [u64; 3], skipped, reads| {
            let mut counts = RunCounts::default();
            counts.existed = ExistedCounts { yes, no, unknown };
            counts.skipped_as_linked = skipped;
            counts.links.reads = reads;
            counts
        };
        for (counts, line) in [
            (counts([0, 0, 0], 0, 0), None),
            // The reads of a run that was stopped before a row ended.
            (
                counts([0, 0, 0], 0, 1),
                Some("yes 0, no 0, unknown 0; read with 1 call"),
            ),
            (
                counts([999_000, 1000, 0], 999_000, 1001),
                Some("yes 999,000 (999,000 skipped), no 1,000, unknown 0; read with 1,001 calls"),
            ),
            // The rows of earlier runs.
            (counts([2, 1, 7], 0, 0), Some("yes 2, no 1, unknown 7")),
        ] {
            assert_eq!(existed_before(&counts).as_deref(), line);
        }
    }
}
