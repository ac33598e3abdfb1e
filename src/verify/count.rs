//! Counts the outcomes of `verify`. Pure.

use crate::domain::outcome::{Outcome, OutcomeKind, RowTarget};
use crate::domain::proof::Proof;
use crate::verify::totals::{PairState, VerifyTotals};

/// Counts an outcome as its line shows it: a row without a result is unknown if it failed, and otherwise names no pair.
pub fn count(outcome: &Outcome, totals: &mut VerifyTotals) {
    let state = match (outcome.proof.as_deref(), outcome.kind) {
        (Some(Proof::Verified(verified)), _) => PairState::of(verified),
        (_, OutcomeKind::Failed) => PairState::Unknown,
        _ => {
            totals.invalid += 1;
            return;
        }
    };
    let types = match &outcome.target {
        RowTarget::Pair(pair) => pair.types(),
        RowTarget::Raw([from_type, _, to_type, _]) => [from_type.as_str(), to_type],
    };
    totals.count(types, state);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::outcome;
    use crate::domain::proof::{LinkState, Verified};
    use crate::verify::totals::StateCounts;

    #[test]
    fn every_row_is_counted_as_its_line_shows_it() {
        let verified = |state| {
            Some(Box::new(Proof::Verified(Verified {
                state,
                types: Vec::new(),
                records: None,
            })))
        };
        let mut totals = VerifyTotals::default();
        for (kind, proof) in [
            (OutcomeKind::Skipped, verified(LinkState::Present)),
            (OutcomeKind::Failed, verified(LinkState::Unknown)),
            (OutcomeKind::Failed, None),
            (OutcomeKind::Invalid, None),
            (OutcomeKind::Rejected, None),
        ] {
            let outcome = Outcome {
                proof,
                ..outcome(1, kind)
            };
            count(&outcome, &mut totals);
        }
        let states = StateCounts {
            present: 1,
            unknown: 2,
            ..StateCounts::default()
        };
        assert_eq!((totals.states, totals.invalid), (states, 2));
        assert_eq!(totals.by_types[0].types, ["contacts", "companies"]);
    }
}
