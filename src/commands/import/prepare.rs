//! Prepares the report before a run: plan, input and known pairs → a new report or one to resume, and the rows that it
//! already contains.

use tracing::{info, warn};

use crate::commands::import::carry;
use crate::domain::run_counts::RunCounts;
use crate::error::RunError;
use crate::input::csv_input::Input;
use crate::input::decode::source::InputSource;
use crate::input::error::InputError;
use crate::input::row::{CheckedRow, target_of};
use crate::input::settings::InputSettings;
use crate::input::skip::{SkipSettings, Skips};
use crate::report::comparison::{Comparison, Mismatch};
use crate::report::error::ReportError;
use crate::report::existing_file::{IfExists, Resume};
use crate::report::known_failures::KnownFailures;
use crate::report::known_pairs::KnownPairs;
use crate::report::locked_report::{LockedReport, ReportPlan};
use crate::report::writer::ReportFile;

/// A report that is ready for a run.
pub(crate) struct PreparedReport {
    pub(crate) report: ReportFile,
    /// Finds the rows still to be sent, if the report has lines.
    pub(crate) comparison: Option<Comparison>,
    /// The counts of the lines in the report.
    pub(crate) previous_counts: RunCounts,
    /// The pairs to skip.
    pub(crate) skips: Skips,
    /// The rows that ended with a failure before.
    pub(crate) failures: KnownFailures,
}

/// Prepares the report. Changes nothing in an existing one before the input is compared with it.
pub(crate) fn prepare(
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
            "the file system of the report has no locks: using the lock file `{}`",
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
        info!(
            known,
            "carried over the pairs that the report shows as associated"
        );
    } else {
        previous_counts.already_reported = previous_counts.finished();
        info!(
            kept = previous_counts.finished(),
            sent_again = found.replaced(),
            "resuming the report"
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
    // The rows of a stream can be read only once: they are compared while they are sent.
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

/// Compares the input with the lines of the report.
fn compare(
    comparison: &mut Comparison,
    settings: &InputSettings,
    locked: &mut LockedReport,
) -> Result<(), RunError> {
    // A pilot sends only the first rows, but the report may have lines for more.
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

/// The error for an input that differs from the report.
pub(crate) fn changed(
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
