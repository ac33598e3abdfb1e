//! A mention of a record in an error, and how certain it makes the fault of that record. Pure.

use crate::verdict::batch::sides::{Clues, Side};

/// How certain it is that a record itself is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FaultCertainty {
    /// Not stated.
    Unstated,
    /// The error states it of a record, and may mean either of the two that it names.
    Likely,
    /// The error states it of this record.
    Certain,
}

impl FaultCertainty {
    /// For a record on `side`. `in_sentence` says whether a sentence calls it not valid there.
    pub(crate) fn of(in_sentence: bool, side: Side, clues: Clues) -> Self {
        if in_sentence || clues.fault_side == Some(side) {
            Self::Certain
        } else if clues.is_missing && clues.fault_side.is_none() {
            Self::Likely
        } else {
            Self::Unstated
        }
    }
}

/// A mention of a record in an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mention {
    /// The number of the error.
    pub(crate) unit: usize,
    pub(crate) fault: FaultCertainty,
}

/// Whether this error is among these mentions, which are in the order of the errors.
pub(crate) fn names(mentions: &[Mention], unit: usize) -> bool {
    mentions
        .binary_search_by_key(&unit, |mention| mention.unit)
        .is_ok()
}
