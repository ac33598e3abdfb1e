//! The undo report of an earlier undo, and the one that a run writes: which rows are settled, and whether it belongs to the report.

use std::path::Path;

use crate::commands::undo::lines::LinkLines;
use crate::commands::undo::source::Source;
use crate::domain::outcome::RowTarget;
use crate::domain::pair::Pair;
use crate::domain::proof::UndoOutcome;
use crate::domain::run_counts::RunCounts;
use crate::error::RunError;
use crate::report::checkpoint::{Checkpoint, RowStatus};
use crate::report::column::Column;
use crate::report::error::ReportError;
use crate::report::existing_file::{IfExists, Resume};
use crate::report::locked_report::{LockedReport, ReportPlan};
use crate::report::resume::PreviousReport;
use crate::report::row_identity::fingerprint_of_target;
use crate::report::writer::ReportFile;
use crate::undo::error::UndoError;
use crate::undo::totals::UndoTotals;

/// An undo report that exists, locked.
pub(crate) struct Existing {
    locked: LockedReport,
    /// Its lines; `None` if it has none, or they may be discarded.
    pub(crate) earlier: Option<Earlier>,
}

/// The lines of an undo report.
pub(crate) struct Earlier {
    found: PreviousReport,
    /// The rows that are settled.
    pub(crate) totals: UndoTotals,
    /// The same, as a run counts them.
    counts: RunCounts,
}

/// An undo report that a run can add lines to.
pub(crate) struct OpenReport {
    pub(crate) file: ReportFile,
    /// The rows that are settled.
    pub(crate) settled: Checkpoint,
    /// The same, counted.
    pub(crate) totals: UndoTotals,
    /// The same, as a run counts them.
    pub(crate) counts: RunCounts,
}

impl Existing {
    /// Opens the undo report if there is one, and compares its lines with the report. Changes nothing.
    pub(crate) fn open(plan: &ReportPlan, source: &Source) -> Result<Option<Self>, RunError> {
        // An undo report is created only once the account is known.
        if !plan.path.exists() {
            return Ok(None);
        }
        let mut locked = LockedReport::open(plan, &source.path)?;
        if plan.if_exists == IfExists::Overwrite || !has_lines(&mut locked)? {
            let earlier = None;
            return Ok(Some(Self { locked, earlier }));
        }
        let mut totals = UndoTotals::default();
        let mut counts = RunCounts::default();
        let found = locked.read_back(Resume::default(), |line, is_kept| {
            if is_kept {
                line.count_in(&mut counts);
                let outcome = line.undo_outcome().unwrap_or(UndoOutcome::Kept);
                totals.add(outcome, &line.text(Column::Reason));
            }
        })?;
        counts.already_reported = counts.finished();
        let earlier = Earlier {
            found,
            totals,
            counts,
        };
        earlier.compare(&plan.path, source)?;
        Ok(Some(Self {
            locked,
            earlier: Some(earlier),
        }))
    }
}

impl Earlier {
    /// Fails unless each of its lines is for a row of the report.
    fn compare(&self, path: &Path, source: &Source) -> Result<(), RunError> {
        let checkpoint = &self.found.checkpoint;
        let mut expected = self.totals.rows() + self.found.replaced();
        let mut differs = None;
        let mut lines = LinkLines::open(&source.path)?;
        while let Some(line) = lines.next()? {
            let Some(row) = line.row().filter(|row| row.is_associated) else {
                continue;
            };
            if status(checkpoint, row.row, row.pair).is_some() {
                expected = expected.saturating_sub(1);
            } else if differs.is_none() && checkpoint.lines_of(row.row) > 0 {
                differs = Some(row.row);
            }
        }
        if expected == 0 {
            return Ok(());
        }
        Err(UndoError::OtherReport {
            path: path.to_owned(),
            row: differs.unwrap_or_else(|| checkpoint.last_row()),
        }
        .into())
    }
}

/// Opens the undo report to add lines: continues the existing one, or begins a new one.
pub(crate) fn open_report(
    existing: Option<Existing>,
    plan: &ReportPlan,
    source: &Source,
) -> Result<OpenReport, RunError> {
    let existing = if let Some(existing) = existing {
        existing
    } else {
        let mut locked = LockedReport::open(plan, &source.path)?;
        // Another undo may have written it after the first look.
        if has_lines(&mut locked)? {
            let path = plan.path.clone();
            return Err(ReportError::Exists { path }.into());
        }
        let earlier = None;
        Existing { locked, earlier }
    };
    let Existing { locked, earlier } = existing;
    Ok(match earlier {
        Some(Earlier {
            mut found,
            totals,
            counts,
        }) => {
            let settled = std::mem::take(&mut found.checkpoint);
            OpenReport {
                file: locked.resume(&found)?,
                settled,
                totals,
                counts,
            }
        }
        None => OpenReport {
            file: locked.begin()?,
            settled: Checkpoint::default(),
            totals: UndoTotals::default(),
            counts: RunCounts::default(),
        },
    })
}

fn has_lines(locked: &mut LockedReport) -> Result<bool, ReportError> {
    locked.has_lines().map_err(|source| ReportError::Io {
        path: locked.path().to_owned(),
        source,
    })
}

/// Whether the undo report has a line of this row for this pair.
pub(crate) fn status(checkpoint: &Checkpoint, row: u64, pair: &Pair) -> Option<RowStatus> {
    checkpoint.status(row, fingerprint_of_target(&RowTarget::Pair(pair.clone())))
}
