//! The categories that are made here; every other one is the API's own.

use std::fmt;

use crate::outcome::OutcomeKind;

/// A cause that the API could not name because it never said it, or said nothing usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// The row itself is wrong.
    InvalidRow,
    /// The list of ids is empty.
    NothingToLink,
    /// The pair stood in the input before.
    Duplicate,
    /// An earlier report shows the pair as linked.
    AlreadyAssociated,
    /// No whole reply came within the time of one attempt.
    Timeout,
    /// The connection broke, or could not be made.
    Connection,
    /// A reply came and could not be read.
    UnreadableReply,
    /// A 2xx without a result.
    NoResult,
    /// A 2xx whose results are about other records.
    ResultMismatch,
    /// A 2xx that is not `COMPLETE`.
    NotComplete,
}

/// Whether a line of a report, or an outcome, with this category shows that the pair is linked. What was skipped
/// because it was linked is as good as linked: so one report is all that the next night needs.
#[must_use]
pub fn shows_link(kind: OutcomeKind, category: &str) -> bool {
    match kind {
        OutcomeKind::Associated => true,
        OutcomeKind::Skipped => category == Category::AlreadyAssociated.as_str(),
        OutcomeKind::Rejected | OutcomeKind::Failed | OutcomeKind::Invalid => false,
    }
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::InvalidRow,
        Self::NothingToLink,
        Self::Duplicate,
        Self::AlreadyAssociated,
        Self::Timeout,
        Self::Connection,
        Self::UnreadableReply,
        Self::NoResult,
        Self::ResultMismatch,
        Self::NotComplete,
    ];

    /// The word for it in the report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRow => "CLIENT_INVALID_ROW",
            Self::NothingToLink => "CLIENT_NOTHING_TO_LINK",
            Self::Duplicate => "CLIENT_DUPLICATE",
            Self::AlreadyAssociated => "CLIENT_ALREADY_ASSOCIATED",
            Self::Timeout => "CLIENT_TIMEOUT",
            Self::Connection => "CLIENT_CONNECTION",
            Self::UnreadableReply => "CLIENT_UNREADABLE_REPLY",
            Self::NoResult => "CLIENT_NO_RESULT",
            Self::ResultMismatch => "CLIENT_RESULT_MISMATCH",
            Self::NotComplete => "CLIENT_NOT_COMPLETE",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
