//! What an undo will do, and what it did: what the text and the JSON are made from. Pure.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::diagnostic::Problem;
use crate::domain::run_counts::RunCounts;
use crate::exit_status::ExitStatus;
use crate::output::summary::NextStep;
use crate::undo::plan::Plan;
use crate::undo::totals::UndoTotals;

/// The plan of an undo.
#[derive(Clone, Debug)]
pub struct PlanSummary<'s> {
    /// The plan.
    pub plan: &'s Plan,
    /// The report that it is made from.
    pub report: &'s Path,
    /// Whether the import that wrote the report has finished.
    pub is_finished: bool,
    /// What an earlier undo of the same report left.
    pub earlier: Option<EarlierUndo<'s>>,
    /// The command to run next.
    pub next: Option<&'s NextStep>,
}

impl PlanSummary<'_> {
    /// Whether each associated row has a final line.
    pub(crate) fn is_undone(&self) -> bool {
        let rows = self.plan.associated;
        rows > 0 && self.earlier.is_some_and(|earlier| earlier.settled == rows)
    }
}

/// The undo report of an earlier undo.
#[derive(Clone, Copy, Debug)]
pub struct EarlierUndo<'s> {
    /// Where it is.
    pub path: &'s Path,
    /// Its final lines: those of rows that are removed, kept or gone.
    pub settled: u64,
}

/// The result of an undo.
#[derive(Clone, Debug)]
pub struct UndoSummary<'s> {
    /// The rows of the undo report.
    pub totals: &'s UndoTotals,
    /// The plan.
    pub plan: &'s Plan,
    /// The rows of `totals` that earlier runs settled.
    pub earlier: u64,
    /// The counts of the run: why rows failed, and its requests.
    pub counts: &'s RunCounts,
    /// The report of the import.
    pub report: &'s Path,
    /// The undo report.
    pub output: &'s Path,
    /// When the run started.
    pub started_at: Timestamp,
    /// How long it took.
    pub elapsed: Duration,
    /// The exit status.
    pub status: ExitStatus,
    /// The reason word, one of those in [`exit_reason`](crate::output::exit_reason).
    pub reason: &'static str,
    /// Whether the same command with `--resume` continues the run.
    pub resumable: bool,
    /// Why the run ended before every row had its line.
    pub problem: Option<&'s Problem>,
    /// The command to run next.
    pub next: Option<&'s NextStep>,
}
