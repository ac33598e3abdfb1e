//! A report that is both the memory of what is linked and the report to be replaced: what it knows is carried over
//! before anything is replaced.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::atomic_file::is_same_file;
use crate::error::RunError;
use crate::input::{CheckedRow, Input, InputSettings, InputSource, RowContent, SkippedRow};
use crate::report::{IfExists, KnownPairs, LockedReport, ReportError, ReportPlan};
use crate::run::skipped_outcome;

/// Whether the report that is replaced is one of those that are read for what is linked.
pub(super) fn is_needed(plan: &ReportPlan, known_pairs: &[PathBuf]) -> bool {
    let is_replaced = matches!(
        plan.if_exists,
        IfExists::Overwrite | IfExists::ReplaceSameOrigin
    );
    is_replaced
        && known_pairs
            .iter()
            .any(|path| is_same_file(path, &plan.path))
}

/// Replaces the report by one in which each row of the input whose pair is known as linked has its line. Whenever the
/// run ends behind this, and however, the report knows these pairs.
pub(super) fn carry(
    locked: LockedReport,
    settings: &InputSettings,
    known_pairs: &mut KnownPairs,
) -> Result<LockedReport, RunError> {
    // The rows are read here, and once more when they are sent.
    let is_file = matches!(&settings.path, InputSource::File(path) if path.is_file());
    if !is_file {
        let path = locked.path().to_owned();
        return Err(ReportError::OnlyKnownPairs { path }.into());
    }
    // It was read before it was locked: a run that ended in between has added to it.
    known_pairs.add_locked(&locked)?;
    // A pilot sends the first rows only, but what is known of the others is kept as well.
    let mut input = Input::open(&InputSettings {
        first: None,
        ..settings.clone()
    })?;
    let mut row = CheckedRow::default();
    locked.carry(|add| {
        while input.read(&mut row)? {
            if let RowContent::Pair(pair) = &row.content
                && known_pairs.associated.contains(pair)
            {
                let skipped = SkippedRow::AlreadyAssociated(pair.clone());
                add(&skipped_outcome(row.key, skipped, Timestamp::now()))?;
            }
        }
        Ok(())
    })
}
