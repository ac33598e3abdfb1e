//! What reading the links of a pair back shows, and what an undo did with its link.

use std::borrow::Cow;

use crate::domain::association_type::AssociationType;
use crate::domain::pair::RecordId;

/// Whether a pair was linked before an import sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExistedBefore {
    /// It was linked.
    Yes,
    /// It was not linked: if the import confirms the link, the import made it.
    No,
    /// Its links could not be read.
    Unknown,
}

impl ExistedBefore {
    /// Its name in the report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    /// The value with this name in a report.
    #[must_use]
    pub fn of_word(word: &[u8]) -> Option<Self> {
        let mut all = [Self::Yes, Self::No, Self::Unknown].into_iter();
        all.find(|value| value.as_str().as_bytes() == word)
    }
}

/// Whether a pair is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// HubSpot lists the link.
    Present,
    /// HubSpot does not list the link, read from the side that the row names first.
    Missing,
    /// The links could not be read.
    Unknown,
}

impl LinkState {
    /// Its name in the report of `verify`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }

    /// The state with this name in a report of `verify`.
    #[must_use]
    pub fn of_word(word: &[u8]) -> Option<Self> {
        let mut all = [Self::Present, Self::Missing, Self::Unknown].into_iter();
        all.find(|state| state.as_str().as_bytes() == word)
    }
}

/// Whether a record exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordState {
    /// It exists.
    Exists,
    /// It was deleted, or never existed.
    Deleted,
    /// It was merged into this record, which answers for it.
    MergedInto(RecordId),
    /// It could not be read.
    Unknown,
}

/// The result of `verify` for a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whether it is linked.
    pub state: LinkState,
    /// The types of the link, in the direction of the row.
    pub types: Vec<AssociationType>,
    /// Whether the records of a missing link exist, in the order of the row; `None` if that was not asked.
    pub records: Option<[RecordState; 2]>,
}

/// What an undo did with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UndoOutcome {
    /// It was removed, and read back as absent.
    Removed,
    /// It stays: the import is not proved to have made it, or it has changed since.
    Kept,
    /// It was absent already.
    Gone,
    /// It could not be removed, or not be read.
    Failed,
}

impl UndoOutcome {
    /// All outcomes, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Removed, Self::Kept, Self::Gone, Self::Failed];

    /// Its name in the report of `undo`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Kept => "kept",
            Self::Gone => "gone",
            Self::Failed => "failed",
        }
    }

    /// The outcome with this name in a report of `undo`.
    #[must_use]
    pub fn of_word(word: &[u8]) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|outcome| outcome.as_str().as_bytes() == word)
    }
}

/// The result of `undo` for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// What was done.
    pub outcome: UndoOutcome,
    /// Why, in words for people; empty for a removed link.
    pub reason: Cow<'static, str>,
}

/// The result of `verify` or `undo` for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Of `verify`.
    Verified(Verified),
    /// Of `undo`.
    Undone(Undone),
}
