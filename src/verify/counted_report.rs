//! A report that counts what it is given.

use crate::domain::outcome::{Outcome, OutcomeKind, RowTarget};
use crate::domain::proof::Proof;
use crate::run::write_report::{ReportJob, WriteReport};
use crate::verify::totals::{PairState, VerifyTotals};

/// The report of `verify`, and the totals of its lines.
#[derive(Debug)]
pub struct CountedReport<W> {
    report: W,
    totals: VerifyTotals,
}

impl<W> CountedReport<W> {
    /// A report with these totals so far.
    pub fn new(report: W, totals: VerifyTotals) -> Self {
        Self { report, totals }
    }

    /// The totals. The report is closed.
    #[must_use]
    pub fn into_totals(self) -> VerifyTotals {
        self.totals
    }
}

impl<W: WriteReport> WriteReport for CountedReport<W> {
    fn add(&mut self, outcome: &Outcome) {
        count(outcome, &mut self.totals);
        self.report.add(outcome);
    }

    fn is_full(&self) -> bool {
        self.report.is_full()
    }

    fn flush(&mut self) -> ReportJob {
        self.report.flush()
    }

    fn sync(&mut self) -> Option<ReportJob> {
        self.report.sync()
    }
}

/// Counts an outcome as its line shows it: a row without a result is unknown if it failed, and otherwise names no pair.
fn count(outcome: &Outcome, totals: &mut VerifyTotals) {
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

    /// A report that keeps nothing.
    struct Nothing;

    impl WriteReport for Nothing {
        fn add(&mut self, _: &Outcome) {}

        fn is_full(&self) -> bool {
            false
        }

        fn flush(&mut self) -> ReportJob {
            Box::new(|| Ok(()))
        }

        fn sync(&mut self) -> Option<ReportJob> {
            None
        }
    }

    #[test]
    fn every_row_is_counted_as_its_line_shows_it() {
        let verified = |state| {
            Some(Box::new(Proof::Verified(Verified {
                state,
                types: Vec::new(),
                records: None,
            })))
        };
        let mut report = CountedReport::new(Nothing, VerifyTotals::default());
        for (kind, proof) in [
            (OutcomeKind::Skipped, verified(LinkState::Present)),
            (OutcomeKind::Failed, verified(LinkState::Unknown)),
            (OutcomeKind::Failed, None),
            (OutcomeKind::Invalid, None),
            (OutcomeKind::Rejected, None),
        ] {
            report.add(&Outcome {
                proof,
                ..outcome(1, kind)
            });
        }
        let totals = report.into_totals();
        let states = StateCounts {
            present: 1,
            unknown: 2,
            ..StateCounts::default()
        };
        assert_eq!((totals.states, totals.invalid), (states, 2));
        assert_eq!(totals.by_types[0].types, ["contacts", "companies"]);
    }
}
