//! The categories that this program assigns; all others come from the API.

use std::fmt;

use crate::domain::outcome::OutcomeKind;

/// A cause for which the API has no category, because it never sent one or sent nothing usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// The row itself is invalid.
    InvalidRow,
    /// The list of ids is empty.
    NothingToLink,
    /// The pair occurred earlier in the input.
    Duplicate,
    /// An earlier report shows the pair as associated.
    AlreadyAssociated,
    /// HubSpot showed the pair as associated before it was sent.
    Exists,
    /// No complete reply arrived within the timeout of an attempt.
    Timeout,
    /// The connection broke, or could not be established.
    Connection,
    /// A reply arrived and could not be read.
    UnreadableReply,
    /// A 2xx without a result.
    NoResult,
    /// A 2xx whose results are about other records.
    ResultMismatch,
    /// A 2xx that is not `COMPLETE`.
    NotComplete,
    /// A 2xx that does not list every label of the row.
    LabelNotConfirmed,
    /// No record has the key of the row.
    KeyNotFound,
    /// Several records have the key of the row.
    KeyAmbiguous,
}

/// Whether a report line, or an outcome, with this category shows that the pair is associated. A row
/// that was skipped because its pair was associated counts as well, so that the next run needs only the
/// latest report.
#[must_use]
pub fn shows_link(kind: OutcomeKind, category: &str) -> bool {
    match kind {
        OutcomeKind::Associated => true,
        OutcomeKind::Skipped => [Category::AlreadyAssociated, Category::Exists]
            .iter()
            .any(|known| known.as_str() == category),
        OutcomeKind::Rejected | OutcomeKind::Failed | OutcomeKind::Invalid => false,
    }
}

impl Category {
    /// All categories.
    #[cfg(test)]
    pub const ALL: [Self; 14] = [
        Self::InvalidRow,
        Self::NothingToLink,
        Self::Duplicate,
        Self::AlreadyAssociated,
        Self::Exists,
        Self::Timeout,
        Self::Connection,
        Self::UnreadableReply,
        Self::NoResult,
        Self::ResultMismatch,
        Self::NotComplete,
        Self::LabelNotConfirmed,
        Self::KeyNotFound,
        Self::KeyAmbiguous,
    ];

    /// The name of the category in the report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRow => "CLIENT_INVALID_ROW",
            Self::NothingToLink => "CLIENT_NOTHING_TO_LINK",
            Self::Duplicate => "CLIENT_DUPLICATE",
            Self::AlreadyAssociated => "CLIENT_ALREADY_ASSOCIATED",
            Self::Exists => "CLIENT_EXISTS",
            Self::Timeout => "CLIENT_TIMEOUT",
            Self::Connection => "CLIENT_CONNECTION",
            Self::UnreadableReply => "CLIENT_UNREADABLE_REPLY",
            Self::NoResult => "CLIENT_NO_RESULT",
            Self::ResultMismatch => "CLIENT_RESULT_MISMATCH",
            Self::NotComplete => "CLIENT_NOT_COMPLETE",
            Self::LabelNotConfirmed => "CLIENT_LABEL_NOT_CONFIRMED",
            Self::KeyNotFound => "CLIENT_KEY_NOT_FOUND",
            Self::KeyAmbiguous => "CLIENT_KEY_AMBIGUOUS",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
