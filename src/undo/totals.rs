//! What an undo did, counted: for the summary, the JSON and the exit status. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::domain::proof::UndoOutcome;
use crate::exit_status::ExitStatus;
use crate::undo::keep_reason::group_of;

/// Reasons that are counted on their own. A label is a part of its reason, and a portal can have many labels.
const MAX_REASONS: usize = 50;

/// The reason under which rows beyond the limit are counted.
const OTHER: &str = "other reasons";

/// The rows of the report of `undo`, by outcome. The lines of earlier runs that it resumed are counted too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoTotals {
    /// Links that were removed, and links of which only labels were.
    pub removed: u64,
    /// Those of them of which only labels were removed.
    pub labels: u64,
    /// Links that were absent already.
    pub gone: u64,
    /// Links that could not be removed or read.
    pub failed: u64,
    /// Links that are kept.
    pub kept: u64,
    kept_reasons: Reasons,
    failed_reasons: Reasons,
}

/// Rows by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reasons(BTreeMap<String, u64>);

impl Reasons {
    fn add(&mut self, reason: &str) {
        let reason = group_of(reason);
        let is_full = self.0.len() >= MAX_REASONS;
        if let Some(count) = self.0.get_mut(reason) {
            *count += 1;
            return;
        }
        let reason = if is_full { OTHER } else { reason };
        *self.0.entry(reason.to_owned()).or_default() += 1;
    }

    /// The most frequent reason first.
    fn sorted(&self) -> Vec<(&str, u64)> {
        let reasons = self.0.iter();
        let mut reasons: Vec<_> = reasons
            .map(|(text, count)| (text.as_str(), *count))
            .collect();
        reasons.sort_by_key(|&(_, count)| Reverse(count));
        reasons
    }
}

impl UndoTotals {
    /// Counts a row.
    pub fn add(&mut self, outcome: UndoOutcome, reason: &str) {
        match outcome {
            UndoOutcome::Removed => {
                self.removed += 1;
                // The reason names the labels. A removed link has none.
                self.labels += u64::from(!reason.is_empty());
            }
            UndoOutcome::Gone => self.gone += 1,
            UndoOutcome::Failed => {
                self.failed += 1;
                self.failed_reasons.add(reason);
            }
            UndoOutcome::Kept => {
                self.kept += 1;
                self.kept_reasons.add(reason);
            }
        }
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.removed + self.gone + self.failed + self.kept
    }

    /// Why links are kept, the most frequent reason first.
    #[must_use]
    pub fn kept_by_reason(&self) -> Vec<(&str, u64)> {
        self.kept_reasons.sorted()
    }

    /// Why links could not be removed or read, the most frequent reason first.
    #[must_use]
    pub fn failed_by_reason(&self) -> Vec<(&str, u64)> {
        self.failed_reasons.sorted()
    }

    /// The exit status of a run that was not stopped.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        if self.failed == 0 {
            ExitStatus::Done
        } else {
            ExitStatus::SomeRowsNot
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_outcome_and_kept_rows_by_reason() {
        let mut totals = UndoTotals::default();
        for (outcome, reason) in [
            (UndoOutcome::Removed, ""),
            (UndoOutcome::Kept, "has the label A since"),
            (UndoOutcome::Kept, "another row has the same pair (row 3)"),
            (UndoOutcome::Kept, "another row has the same pair (row 4)"),
            (UndoOutcome::Gone, ""),
        ] {
            totals.add(outcome, reason);
        }
        assert_eq!((totals.removed, totals.kept, totals.gone), (1, 3, 1));
        assert_eq!(totals.rows(), 5);
        assert_eq!(
            totals.kept_by_reason(),
            [
                ("another row has the same pair", 2),
                ("has the label A since", 1)
            ]
        );
        assert_eq!(totals.exit_status(), ExitStatus::Done);
        totals.add(UndoOutcome::Failed, "no reply");
        assert_eq!(totals.exit_status(), ExitStatus::SomeRowsNot);
        assert_eq!(totals.failed_by_reason(), [("no reply", 1)]);
    }

    #[test]
    fn reasons_beyond_the_limit_are_counted_together() {
        let mut totals = UndoTotals::default();
        for label in 0..MAX_REASONS + 7 {
            totals.add(UndoOutcome::Kept, &format!("has the label {label} since"));
        }
        assert_eq!(totals.kept_by_reason()[0], (OTHER, 7));
        assert_eq!(totals.kept_by_reason().len(), MAX_REASONS + 1);
    }
}
