//! What a line says about how its row ended, in the reports of each command. Pure.

use crate::domain::outcome::OutcomeKind;
use crate::domain::proof::{LinkState, UndoOutcome};
use crate::report::column::Column;
use crate::report::damage::shown;
use crate::report::layout::ReportKind;

/// The outcome of a line with these fields; fails with what is wrong with it.
///
/// A resumed `verify` or `undo` keeps and drops lines by the same rule as an import, see
/// [`Resume`](crate::report::existing_file::Resume). A missing link counts as rejected, as if links were expected.
pub(crate) fn outcome_of<'f>(
    kind: ReportKind,
    field: impl Fn(Column) -> &'f [u8],
) -> Result<OutcomeKind, String> {
    let (column, name) = match kind {
        ReportKind::Import | ReportKind::Undo => (Column::Outcome, "an outcome"),
        ReportKind::Verify => (Column::State, "a state"),
    };
    let word = field(column);
    let outcome = match kind {
        ReportKind::Import => OutcomeKind::of_word(word),
        ReportKind::Verify => of_state(word),
        ReportKind::Undo => of_undo(word),
    };
    outcome.ok_or_else(|| format!("`{}` is not {name}", shown(word)))
}

fn of_state(word: &[u8]) -> Option<OutcomeKind> {
    match LinkState::of_word(word) {
        Some(LinkState::Present) => Some(OutcomeKind::Skipped),
        Some(LinkState::Missing) => Some(OutcomeKind::Rejected),
        Some(LinkState::Unknown) => Some(OutcomeKind::Failed),
        None => of_invalid(word),
    }
}

fn of_undo(word: &[u8]) -> Option<OutcomeKind> {
    match UndoOutcome::of_word(word) {
        Some(UndoOutcome::Removed | UndoOutcome::Kept | UndoOutcome::Gone) => {
            Some(OutcomeKind::Skipped)
        }
        Some(UndoOutcome::Failed) => Some(OutcomeKind::Failed),
        None => of_invalid(word),
    }
}

/// A row that is no pair has neither a state nor an outcome of `undo`.
fn of_invalid(word: &[u8]) -> Option<OutcomeKind> {
    OutcomeKind::of_word(word).filter(|&kind| kind == OutcomeKind::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::existing_file::Resume;

    #[test]
    fn a_resumed_verify_or_undo_asks_only_for_rows_that_could_not_be_read_or_removed() {
        for (kind, word, is_kept) in [
            (ReportKind::Verify, "present", true),
            (ReportKind::Verify, "missing", true),
            (ReportKind::Verify, "invalid", true),
            (ReportKind::Verify, "unknown", false),
            (ReportKind::Undo, "removed", true),
            (ReportKind::Undo, "kept", true),
            (ReportKind::Undo, "gone", true),
            (ReportKind::Undo, "invalid", true),
            (ReportKind::Undo, "failed", false),
        ] {
            let outcome = outcome_of(kind, |_| word.as_bytes()).unwrap();
            assert_eq!(Resume::default().keeps(outcome), is_kept, "{kind}: {word}");
        }
    }

    #[test]
    fn the_words_of_another_report_are_damage() {
        for (kind, word, message) in [
            (ReportKind::Import, "present", "`present` is not an outcome"),
            (
                ReportKind::Verify,
                "associated",
                "`associated` is not a state",
            ),
            (ReportKind::Undo, "skipped", "`skipped` is not an outcome"),
        ] {
            let error = outcome_of(kind, |_| word.as_bytes()).unwrap_err();
            assert_eq!(error, message);
        }
    }
}
