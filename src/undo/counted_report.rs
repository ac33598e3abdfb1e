//! An undo report that counts what it is given.

use crate::domain::outcome::Outcome;
use crate::domain::proof::Proof;
use crate::run::write_report::{ReportJob, WriteReport};
use crate::undo::totals::UndoTotals;

/// The report of an undo, and the totals of its lines.
#[derive(Debug)]
pub struct CountedReport<W> {
    report: W,
    totals: UndoTotals,
}

impl<W> CountedReport<W> {
    /// A report with these totals so far.
    pub fn new(report: W, totals: UndoTotals) -> Self {
        Self { report, totals }
    }

    /// The totals. The report is closed.
    #[must_use]
    pub fn into_totals(self) -> UndoTotals {
        self.totals
    }
}

impl<W: WriteReport> WriteReport for CountedReport<W> {
    fn add(&mut self, outcome: &Outcome) {
        if let Some(Proof::Undone(undone)) = outcome.proof.as_deref() {
            self.totals.add(undone.outcome, &undone.reason);
        }
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
