//! Counts the outcomes of an undo. Pure.

use crate::domain::outcome::Outcome;
use crate::domain::proof::Proof;
use crate::undo::totals::UndoTotals;

/// Counts an outcome as its line shows it.
pub fn count(outcome: &Outcome, totals: &mut UndoTotals) {
    if let Some(Proof::Undone(undone)) = outcome.proof.as_deref() {
        totals.add(undone.outcome, &undone.reason);
    }
}
