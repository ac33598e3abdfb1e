//! The state of a row, from the validated row to its outcome. Pure.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::domain::category::Category;
use crate::domain::labels::{AskedLabels, LinkLabels};
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::{Details, Outcome, OutcomeKind, RowTarget};
use crate::domain::pair::{Pair, RowKey};
use crate::domain::proof::{ExistedBefore, Proof, UndoOutcome, Undone};
use crate::domain::row_keys::RowKeys;
use crate::input::row::{InvalidRow, SkippedRow, raw};
use crate::run::request::RequestState;
use crate::text::one_line;
use crate::verdict::sanitize::MAX_MESSAGE_CHARS;

/// A row that can be sent, with the state of its attempts.
#[derive(Debug)]
pub(crate) struct SendableRow {
    pub(crate) key: RowKey,
    pub(crate) pair: Pair,
    /// The keys that its pair was looked up by.
    pub(crate) keys: Option<Box<RowKeys>>,
    pub(crate) request: RequestState,
    /// Number of batches that it was sent in.
    pub(crate) batch_attempts: u32,
    pub(crate) first_sent: Option<Instant>,
    /// Whether its pair was linked before; `None` if that was not asked.
    pub(crate) existed_before: Option<ExistedBefore>,
    /// The labels that are written, if the row asks for any.
    pub(crate) labels: Option<Box<LinkLabels>>,
}

impl LinkRequest for SendableRow {
    fn pair(&self) -> &Pair {
        &self.pair
    }

    fn labels(&self) -> Option<&LinkLabels> {
        self.labels.as_deref()
    }
}

impl SendableRow {
    pub(crate) fn new(key: RowKey, pair: Pair) -> Self {
        Self {
            key,
            pair,
            keys: None,
            request: RequestState::default(),
            batch_attempts: 0,
            first_sent: None,
            existed_before: None,
            labels: None,
        }
    }

    /// Makes its outcome at this time.
    pub(crate) fn outcome(
        self,
        kind: OutcomeKind,
        details: Details,
        now: Instant,
        wall: Timestamp,
    ) -> Outcome {
        Outcome {
            key: self.key,
            target: RowTarget::Pair(self.pair),
            keys: self.keys,
            kind,
            details,
            attempts: self.batch_attempts + self.request.attempt_counts.sent,
            duration: self
                .first_sent
                .map_or(Duration::ZERO, |sent| now.saturating_duration_since(sent)),
            finished_at: wall,
            existed_before: self.existed_before,
            labels: self.labels,
            proof: None,
        }
    }
}

/// The labels of a row that is not sent, or not yet.
///
/// # Panics
/// If they are not resolved: labels are resolved before a row enters the run.
pub(crate) fn labels_of(asked: Option<AskedLabels>) -> Option<Box<LinkLabels>> {
    asked.map(|asked| match asked {
        AskedLabels::Known(labels) => Box::new(LinkLabels::only(labels)),
        AskedLabels::Named(_) => unreachable!("the labels of a row were not resolved"),
    })
}

/// The outcome of a row that cannot be sent.
pub(crate) fn invalid_outcome(key: RowKey, invalid: &InvalidRow, now: Timestamp) -> Outcome {
    Outcome {
        key,
        target: raw(invalid.values.clone()),
        keys: invalid.values.keys.clone(),
        kind: OutcomeKind::Invalid,
        details: Details {
            num_errors: invalid.problems.len().max(1) as u64,
            categories: vec![Category::InvalidRow.as_str().to_owned()],
            message: one_line(&invalid.to_string(), MAX_MESSAGE_CHARS),
            ..Details::default()
        },
        attempts: 0,
        duration: Duration::ZERO,
        finished_at: now,
        existed_before: None,
        labels: None,
        proof: None,
    }
}

/// The outcome of a row that does not have to be sent.
#[must_use]
pub fn skipped_outcome(key: RowKey, skipped: SkippedRow, now: Timestamp) -> Outcome {
    let existed_before = match &skipped {
        SkippedRow::Exists(_) => Some(ExistedBefore::Yes),
        _ => None,
    };
    let keys = match &skipped {
        SkippedRow::NothingToLink(values) => values.keys.clone(),
        _ => None,
    };
    let (target, category, message) = match skipped {
        SkippedRow::NothingToLink(values) => (
            raw(values),
            Category::NothingToLink,
            "the list of ids is empty",
        ),
        SkippedRow::Duplicate(pair) => (
            RowTarget::Pair(pair),
            Category::Duplicate,
            "an earlier row has the same pair",
        ),
        SkippedRow::AlreadyAssociated(pair) | SkippedRow::AlreadyReported(pair) => (
            RowTarget::Pair(pair),
            Category::AlreadyAssociated,
            "an earlier report shows the pair as associated",
        ),
        SkippedRow::Exists(pair) => (
            RowTarget::Pair(pair),
            Category::Exists,
            "HubSpot shows the pair as associated",
        ),
        SkippedRow::Kept(pair, reason) => return kept_outcome(key, pair, reason, now),
    };
    Outcome {
        key,
        target,
        keys,
        kind: OutcomeKind::Skipped,
        details: Details {
            categories: vec![category.as_str().to_owned()],
            message: message.to_owned(),
            ..Details::default()
        },
        attempts: 0,
        duration: Duration::ZERO,
        finished_at: now,
        existed_before,
        labels: None,
        proof: None,
    }
}

/// The outcome of a row whose link an undo keeps.
fn kept_outcome(key: RowKey, pair: Pair, reason: Cow<'static, str>, now: Timestamp) -> Outcome {
    Outcome {
        key,
        target: RowTarget::Pair(pair),
        keys: None,
        kind: OutcomeKind::Skipped,
        details: Details::default(),
        attempts: 0,
        duration: Duration::ZERO,
        finished_at: now,
        existed_before: None,
        labels: None,
        proof: Some(Box::new(Proof::Undone(Undone {
            outcome: UndoOutcome::Kept,
            reason,
        }))),
    }
}
