//! Prepares the output of a verification: a new report, or one to resume, with the rows that it already contains.

use std::path::Path;

use tracing::{info, warn};

use crate::commands::import::prepare::{compare, has_lines};
use crate::commands::verify::report_rows::LinkedRows;
use crate::commands::verify::source::refused;
use crate::commands::verify::source::{ReadyReport, Source};
use crate::domain::outcome::OutcomeKind;
use crate::domain::proof::LinkState;
use crate::domain::run_counts::RunCounts;
use crate::error::RunError;
use crate::input::row::CheckedRow;
use crate::report::checkpoint::Checkpoint;
use crate::report::column::Column;
use crate::report::comparison::Comparison;
use crate::report::existing_file::{IfExists, Resume};
use crate::report::locked_report::{LockedReport, ReportPlan};
use crate::report::record_column::records_of;
use crate::report::report_line::ReportLine;
use crate::report::resume::PreviousReport;
use crate::report::row_identity::RowIdentity;
use crate::report::writer::ReportFile;
use crate::verify::error::VerifyError;
use crate::verify::totals::{MissingRecords, PairState, VerifyTotals};

/// An output that is ready for a run.
pub(crate) struct PreparedOutput {
    pub(crate) report: ReportFile,
    /// The rows whose lines are kept.
    pub(crate) settled: Settled,
    /// The totals of the lines that are kept.
    pub(crate) totals: VerifyTotals,
    /// Their counts, for the progress.
    pub(crate) previous_counts: RunCounts,
}

/// The rows that have a line.
pub(crate) enum Settled {
    /// The output is new.
    None,
    /// Rows of a CSV, compared in its order.
    InOrder(Box<Comparison>),
    /// Rows of a report, whose lines may be in any order.
    InAnyOrder(Box<Checkpoint>),
}

/// Opens and locks the output, and checks that it may be used. Changes nothing in an existing one.
pub(crate) fn open(plan: &ReportPlan, source: &Source) -> Result<LockedReport, RunError> {
    let locked = LockedReport::open(plan, source.path())?;
    if let Some(lock_file) = locked.lock_file() {
        info!(
            "the file system of the output has no locks: using the lock file `{}`",
            lock_file.display()
        );
    }
    Ok(locked)
}

/// Prepares the output. Changes nothing in an existing one before it is compared with what is verified.
pub(crate) fn prepare(
    mut locked: LockedReport,
    source: &mut Source,
    expects_absent: bool,
) -> Result<PreparedOutput, RunError> {
    let totals = VerifyTotals {
        expects_absent,
        ..VerifyTotals::default()
    };
    let if_exists = locked.plan.if_exists;
    match if_exists {
        IfExists::Resume(resume) if has_lines(&mut locked)? => {
            return continue_output(locked, resume, source, totals);
        }
        IfExists::Resume(_) => warn!(
            "there is no earlier run to resume in `{}`: starting at the first pair",
            locked.path().display()
        ),
        _ => {}
    }
    Ok(PreparedOutput {
        report: locked.begin()?,
        settled: Settled::None,
        totals,
        previous_counts: RunCounts::default(),
    })
}

/// Continues an output that has lines.
fn continue_output(
    mut locked: LockedReport,
    resume: Resume,
    source: &mut Source,
    mut totals: VerifyTotals,
) -> Result<PreparedOutput, RunError> {
    let mut previous_counts = RunCounts::default();
    let mut without_records = None;
    let mut lines = 0;
    let mut found = locked.read_back(resume, |line, is_kept| {
        lines += 1;
        if is_kept {
            let state = count(line, &mut totals, &mut previous_counts);
            // A link without the labels of its row shows that its records exist, which only a run that expects it notes.
            let lacks_records = state == Some(PairState::Missing(MissingRecords::Linked))
                && line.field(Column::Record).is_empty();
            if lacks_records || state == Some(PairState::Missing(MissingRecords::NotAsked)) {
                without_records = without_records.or(Some(line.number));
            }
        }
    })?;
    previous_counts.already_reported = previous_counts.finished();
    totals.from_earlier_runs = totals.states.pairs();
    if let Some(line) = without_records.filter(|_| !totals.expects_absent) {
        let path = locked.path().to_owned();
        return Err(VerifyError::ExpectedAbsent { path, line }.into());
    }
    info!(
        kept = previous_counts.finished(),
        read_again = found.replaced(),
        "resuming the output"
    );
    if !found.damage().is_none() {
        warn!(
            "the output `{}` is damaged: {}; the rest is kept, and pairs without a line are read again",
            locked.path().display(),
            found.damage()
        );
    }
    let settled = compare_with(source, &mut locked, resume, &mut found, lines)?;
    Ok(PreparedOutput {
        report: locked.resume(&found)?,
        settled,
        totals,
        previous_counts,
    })
}

/// Compares the lines of the output with what is verified.
fn compare_with(
    source: &mut Source,
    locked: &mut LockedReport,
    resume: Resume,
    found: &mut PreviousReport,
    lines: u64,
) -> Result<Settled, RunError> {
    match source {
        Source::Report(report) => {
            compare_with_report(locked, resume, found, lines, report)?;
            let checkpoint = std::mem::take(&mut found.checkpoint);
            Ok(Settled::InAnyOrder(Box::new(checkpoint)))
        }
        // The flags allow it for files only: a stream cannot be read twice.
        Source::Input(input) => {
            let settings = &input.settings;
            let checkpoint = std::mem::take(&mut found.checkpoint);
            let mut comparison =
                Comparison::new(checkpoint, settings.split.is_some(), found.layout());
            compare(locked, settings, input.labeler.as_mut(), &mut comparison)?;
            comparison.rewind();
            Ok(Settled::InOrder(Box::new(comparison)))
        }
    }
}

/// Counts a line that is kept, and returns the state of its pair; `None` if the row is no pair.
fn count(
    line: &ReportLine<'_>,
    totals: &mut VerifyTotals,
    counts: &mut RunCounts,
) -> Option<PairState> {
    let no_example = || unreachable!("an example is made for a category only");
    let Some(state) = line.link_state() else {
        totals.invalid += 1;
        counts.count_row(OutcomeKind::Invalid, None, no_example);
        return None;
    };
    let records = records_of(&line.text(Column::Record));
    let has_types = !line.field(Column::AssociationTypes).is_empty();
    let pair_state = PairState::new(state, has_types, records.as_ref());
    let [from_type, _, to_type, _] = line.target();
    let types = [from_type, to_type].map(String::from_utf8_lossy);
    totals.count([&types[0], &types[1]], pair_state);
    let is_expected = (state == LinkState::Missing) == totals.expects_absent;
    let kind = if is_expected {
        OutcomeKind::Skipped
    } else {
        OutcomeKind::Rejected
    };
    counts.count_row(kind, None, no_example);
    Some(pair_state)
}

/// Fails if a line of the output is of no row that the report shows as linked.
fn compare_with_report(
    locked: &mut LockedReport,
    resume: Resume,
    found: &PreviousReport,
    lines: u64,
    report: &ReadyReport,
) -> Result<(), RunError> {
    let mut matched = 0;
    for_each_row(report, |row, fingerprint| {
        matched += u64::from(found.checkpoint.status(row, fingerprint).is_some());
    })?;
    if matched == lines {
        return Ok(());
    }
    // Only now is it worth the memory to remember the rows of the report.
    let mut reported = Checkpoint::default();
    for_each_row(report, |row, fingerprint| {
        reported.insert(row, fingerprint, true);
    })?;
    // Rows that have two lines for the same pair are no reason to fail here.
    let _twice = reported.finish();
    let mut first: Option<(u64, u64, String)> = None;
    locked.read_back(resume, |line, _| {
        let is_known = reported.status(line.row, line.fingerprint()).is_some();
        if !is_known && first.as_ref().is_none_or(|(row, ..)| line.row < *row) {
            first = Some((line.row, line.number, line.shown()));
        }
    })?;
    let Some((row, line, pair)) = first else {
        return Ok(());
    };
    let instead = if reported.lines_of(row) > 0 {
        "shows another pair of this row as linked"
    } else {
        "does not show this row as linked"
    };
    let path = report.path.clone();
    let how = format!("the output has {pair}, and the report {instead}");
    Err(VerifyError::Changed {
        path,
        row,
        line,
        how,
    }
    .into())
}

/// Calls `each` with every row that is verified, and its fingerprint.
fn for_each_row(report: &ReadyReport, mut each: impl FnMut(u64, u64)) -> Result<(), RunError> {
    let path: &Path = &report.path;
    let mut rows = LinkedRows::open(path)?;
    while let Some(row) = rows.next().map_err(|error| refused(path, error))? {
        let row = CheckedRow::from(row);
        each(row.key.row, RowIdentity::of(&row).fingerprint());
    }
    Ok(())
}
