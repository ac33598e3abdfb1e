//! The outcome of a row: the content of its line in the report.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::domain::labels::LinkLabels;
use crate::domain::pair::{Pair, RowKey};
use crate::domain::proof::{ExistedBefore, Proof};
use crate::domain::row_keys::RowKeys;
use crate::text::excerpt;

/// The kinds of outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutcomeKind {
    /// The API confirmed the link.
    Associated,
    /// The API definitely refused the link.
    Rejected,
    /// A transient error remained after the last attempt.
    Failed,
    /// Never sent: the row itself is invalid.
    Invalid,
    /// Never sent: there was nothing to do.
    Skipped,
}

impl OutcomeKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Associated,
        Self::Rejected,
        Self::Failed,
        Self::Invalid,
        Self::Skipped,
    ];

    /// Its name in the report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Associated => "associated",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Skipped => "skipped",
        }
    }

    /// The kind with this name in a report.
    #[must_use]
    pub fn of_word(word: &[u8]) -> Option<Self> {
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| kind.as_str().as_bytes() == word)
    }

    /// Whether the row needs no attention.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Associated | Self::Skipped)
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// The details from the last reply, or from the check of the row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The status code, if there was a reply.
    pub http_status: Option<u16>,
    /// The `status` of a 2xx body.
    pub batch_status: Option<SmolStr>,
    /// The API's own count, else the number of errors; never 0 for a row that is rejected, failed or invalid.
    pub num_errors: u64,
    /// The distinct categories, in order.
    pub categories: Vec<String>,
    /// The distinct sub-categories, in order.
    pub subcategories: Vec<String>,
    /// The error message for people; empty if there was no error.
    pub message: String,
    /// The association types of the confirmed link: the requested direction, then the inverse.
    pub association_type_ids: Vec<SmolStr>,
    /// The id that HubSpot's support needs to find the request.
    pub correlation_id: Option<String>,
}

/// The values in the four columns of a row's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowTarget {
    /// A checked pair.
    Pair(Pair),
    /// The four values as in the input, trimmed and shortened; the row could not be sent.
    Raw([String; 4]),
}

impl RowTarget {
    /// The four values, as in the columns of the pair.
    #[must_use]
    pub fn values(&self) -> [String; 4] {
        match self {
            Self::Pair(Pair { from, to }) => [
                from.object_type.as_str(),
                from.id.as_str(),
                to.object_type.as_str(),
                to.id.as_str(),
            ]
            .map(str::to_owned),
            Self::Raw(values) => values.clone(),
        }
    }
}

impl fmt::Display for RowTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair(pair) => pair.fmt(formatter),
            Self::Raw([from_type, from_id, to_type, to_id]) => {
                let shown = format!("{from_type} {from_id} -> {to_type} {to_id}");
                formatter.write_str(&excerpt(&shown, 200))
            }
        }
    }
}

/// The outcome of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The row.
    pub key: RowKey,
    /// The pair or the values of the row.
    pub target: RowTarget,
    /// The keys that stood in its id cells, if any did.
    pub keys: Option<Box<RowKeys>>,
    /// The kind of outcome.
    pub kind: OutcomeKind,
    /// The reason.
    pub details: Details,
    /// The requests sent for it, including throttled ones.
    pub attempts: u32,
    /// From the first request to the last reply, including waits; zero if it was never sent.
    pub duration: Duration,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Whether the pair was linked before; `None` if that was not asked.
    pub existed_before: Option<ExistedBefore>,
    /// The labels of the row, if it asks for any.
    pub labels: Option<Box<LinkLabels>>,
    /// The result of `verify` or `undo`; an import has none.
    pub proof: Option<Box<Proof>>,
}
