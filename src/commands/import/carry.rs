//! Carries known pairs over when `--skip-associated-in` names the report that the run replaces: input and old report →
//! a new report that starts with a line for each pair that the old one shows as associated.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::domain::outcome::Outcome;
use crate::error::RunError;
use crate::files::atomic_file::place::is_same_file;
use crate::input::csv_input::Input;
use crate::input::decode::source::InputSource;
use crate::input::row::{CheckedRow, RowContent, SkippedRow};
use crate::input::settings::InputSettings;
use crate::labels::labeler::Labeler;
use crate::report::error::ReportError;
use crate::report::existing_file::IfExists;
use crate::report::known_pairs::KnownPairs;
use crate::report::locked_report::{LockedReport, ReportPlan};
use crate::run::row::{labels_of, skipped_outcome};

/// Whether the report to replace is also one of the reports of known pairs.
pub(crate) fn is_needed(plan: &ReportPlan, known_pairs: &[PathBuf]) -> bool {
    let is_replaced = matches!(
        plan.if_exists,
        IfExists::Overwrite | IfExists::ReplaceSameOrigin
    );
    is_replaced
        && known_pairs
            .iter()
            .any(|path| is_same_file(path, &plan.path))
}

/// Replaces the report by one with a line for each row of the input whose pair is known as associated. From then on the
/// report contains these pairs, no matter when or how the run ends.
pub(crate) fn carry(
    locked: LockedReport,
    settings: &InputSettings,
    mut labeler: Option<&mut Labeler>,
    known_pairs: &mut KnownPairs,
) -> Result<LockedReport, RunError> {
    // The rows are read here and again when they are sent, so a stream does not work.
    let is_file = matches!(&settings.path, InputSource::File(path) if path.is_file());
    if !is_file {
        let path = locked.path().to_owned();
        return Err(ReportError::OnlyKnownPairs { path }.into());
    }
    // The report was read before it was locked: another run may have added lines in between.
    known_pairs.add_locked(&locked)?;
    // A pilot sends only the first rows, but the known pairs of all rows are kept.
    let mut input = Input::open(&InputSettings {
        first: None,
        ..settings.clone()
    })?;
    let mut row = CheckedRow::default();
    let path = locked.path().to_owned();
    locked.replace_with_lines(|add| {
        while input.read(&mut row)? {
            if let Some(labeler) = &mut labeler {
                labeler.apply(&mut row)?;
            }
            // Its ids are known only once its keys are looked up.
            if let RowContent::Keyed(_) = &row.content {
                return Err(ReportError::KnownPairsOfKeys { path }.into());
            }
            if let RowContent::Pair(pair) = &row.content
                && known_pairs.associated.contains(pair, row.labels.as_ref())
            {
                let skipped = SkippedRow::AlreadyAssociated(pair.clone());
                add(&Outcome {
                    labels: labels_of(row.labels.take()),
                    ..skipped_outcome(row.key, skipped, Timestamp::now())
                })?;
            }
        }
        Ok(())
    })
}
