//! The report at the start of a run: new, or one to go on with.

use tracing::{info, warn};

use super::carry;
use crate::error::RunError;
use crate::input::{
    CheckedRow, Input, InputError, InputSettings, InputSource, SkipSettings, Skips,
};
use crate::report::{
    Comparison, IfExists, KnownFailures, KnownPairs, LockedReport, Mismatch, ReportError,
    ReportFile, ReportPlan, Resume,
};
use crate::run::{RunCounts, target_of};

/// A report that a run can write to.
pub(super) struct PreparedReport {
    pub(super) report: ReportFile,
    /// Tells which rows are still to be sent, if there are earlier ones.
    pub(super) comparison: Option<Comparison>,
    /// What is in the report already.
    pub(super) previous_counts: RunCounts,
    /// The pairs that need not be sent.
    pub(super) skips: Skips,
    /// The rows that are known to end badly.
    pub(super) failures: KnownFailures,
}

/// Makes the report ready. Nothing in it is changed before the input is known to be the same.
pub(super) fn prepare(
    plan: &ReportPlan,
    input: &InputSettings,
    skip: &SkipSettings,
    mut known_pairs: KnownPairs,
) -> Result<PreparedReport, RunError> {
    let mut locked = LockedReport::open(plan, input.path.path())?;
    let failed = |source| ReportError::Io {
        path: plan.path.clone(),
        source,
    };
    if let Some(lock_file) = locked.lock_file() {
        info!(
            "the file system of the report has no locks: `{}` keeps other runs away from it",
            lock_file.display()
        );
    }
    let carried =
        locked.has_lines().map_err(failed)? && carry::is_needed(plan, &skip.associated_in);
    if carried {
        locked = carry::carry(locked, input, &mut known_pairs)?;
    }
    let resume = match plan.if_exists {
        IfExists::Resume(resume) if locked.has_lines().map_err(failed)? => resume,
        _ if carried && locked.has_lines().map_err(failed)? => Resume::default(),
        _ => {
            if let IfExists::Resume(_) = plan.if_exists {
                warn!(
                    "there is no earlier run to resume in `{}`: starting at row 1",
                    plan.path.display()
                );
            }
            return Ok(PreparedReport {
                report: locked.begin()?,
                comparison: None,
                previous_counts: RunCounts::default(),
                skips: Skips::new(known_pairs.associated, skip.duplicates),
                failures: known_pairs.failures,
            });
        }
    };
    let mut previous_counts = RunCounts::default();
    let mut found = locked.read_back(resume, |line, is_kept| {
        if is_kept {
            line.count_in(&mut previous_counts);
        } else {
            known_pairs.failures.add(line);
        }
    })?;
    if carried {
        let known = previous_counts.finished();
        info!(known, "carried over what the report knows as associated");
    } else {
        previous_counts.already_reported = previous_counts.finished();
        info!(
            kept = previous_counts.finished(),
            sent_again = found.replaced(),
            "going on with the report"
        );
    }
    if !found.damage().is_none() {
        warn!(
            "the report `{}` is damaged: {}; the rest is kept, and rows without a line are sent again",
            plan.path.display(),
            found.damage()
        );
    }
    let mut comparison =
        Comparison::new(std::mem::take(&mut found.checkpoint), input.split.is_some());
    // The rows of what comes only once are compared while they are sent.
    if let InputSource::File(_) = input.path
        && !carried
    {
        compare(&mut comparison, input, &mut locked)?;
        comparison.rewind();
    }
    Ok(PreparedReport {
        report: locked.resume(&found)?,
        comparison: Some(comparison),
        previous_counts,
        skips: Skips::new(known_pairs.associated, skip.duplicates),
        failures: known_pairs.failures,
    })
}

/// Holds the input against the report, as far as that has lines.
fn compare(
    comparison: &mut Comparison,
    settings: &InputSettings,
    locked: &mut LockedReport,
) -> Result<(), RunError> {
    // A pilot sends the first rows only, but every line has its row.
    let mut input = Input::open(&InputSettings {
        first: None,
        ..settings.clone()
    })?;
    let name = settings.path.name();
    let mut found = String::new();
    let mut row = CheckedRow::default();
    let mismatch = loop {
        if !input.read(&mut row)? {
            break comparison.end().err();
        }
        if row.key.row > comparison.last_row() {
            break comparison.check(row.key, &target_of(&row)).err();
        }
        let target = target_of(&row);
        if let Err(mismatch) = comparison.check(row.key, &target) {
            found = target.to_string();
            break Some(mismatch);
        }
    };
    match mismatch {
        None => Ok(()),
        Some(mismatch) => {
            let path = locked.path().to_owned();
            let reported = locked
                .lines_shown(mismatch.row)
                .map_err(|source| ReportError::ReadBack { path, source })?;
            Err(changed(&name, mismatch, &found, &reported).into())
        }
    }
}

/// The input is another one than before.
pub(super) fn changed(
    input: &str,
    mismatch: Mismatch,
    found: &str,
    reported: &[String],
) -> InputError {
    let Mismatch { row, key } = mismatch;
    let now = match key {
        None => "the input ends before it".to_owned(),
        Some(_) if found.is_empty() => "the input has another pair there".to_owned(),
        Some(_) => format!("the input has {found}"),
    };
    let before = if reported.is_empty() {
        String::new()
    } else {
        format!(", the report has {}", reported.join(" and "))
    };
    InputError::Changed {
        input: input.to_owned(),
        line: key.map(|key| key.line),
        row,
        how: format!("{now}{before}"),
    }
}
