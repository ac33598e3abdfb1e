//! Determines what a reply *is*: the table in [`crate::verdict`], line by line. Pure.

use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::{Answer, Reply};
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::OutcomeKind;
use crate::verdict::confirm::{Confirmation, confirm};
use crate::verdict::describe::scopes;

/// The class of a reply, before any decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The association is confirmed, with all labels of the row.
    Associated,
    /// The API's definite rejection of this row.
    Refused,
    /// A 2xx that does not confirm the association, or one of its labels.
    Unconfirmed,
    /// Another request is changing the same object.
    Conflict,
    /// A temporary failure.
    Transient,
    /// A failure that is less likely to be temporary.
    BrieflyTransient,
    /// One of the two records is briefly locked.
    Locked,
    /// The rate limit was exceeded: all requests pause.
    Throttled,
    /// The daily limit is used up.
    DailyLimit,
    /// The credentials are not accepted.
    Unauthorized,
    /// The credentials lack a permission that the reply names.
    MissingScopes,
    /// Forbidden for another reason, perhaps by a firewall in between.
    Forbidden,
    /// The server could not prove its identity.
    Untrusted,
}

impl Class {
    /// The outcome of a row whose last reply had this class.
    #[must_use]
    pub fn outcome(self) -> OutcomeKind {
        match self {
            Self::Associated => OutcomeKind::Associated,
            Self::Refused | Self::Unconfirmed | Self::Conflict => OutcomeKind::Rejected,
            _ => OutcomeKind::Failed,
        }
    }
}

/// Classifies `reply` as the reply to a request for `row`.
#[must_use]
pub fn classify(reply: &Reply, row: &impl LinkRequest) -> Class {
    match reply {
        Reply::Answered(answer) => classify_answer(answer, row),
        other => classify_unread(other),
    }
}

fn classify_answer(answer: &Answer, row: &impl LinkRequest) -> Class {
    match answer.status {
        200..=299 => match &answer.body {
            Body::Json(envelope) => match confirm(envelope, row) {
                Confirmation::Confirmed => Class::Associated,
                Confirmation::Errors => Class::Refused,
                Confirmation::Pending => Class::Transient,
                Confirmation::Missing(_) => Class::Unconfirmed,
            },
            Body::Empty => Class::Unconfirmed,
            Body::NotJson { .. } | Body::Raw(_) | Body::Unread(_) => Class::Transient,
        },
        _ => classify_status(answer),
    }
}

/// Classifies a reply to a request without a pair, which the caller could not read or has no results for.
#[must_use]
pub fn classify_unread(reply: &Reply) -> Class {
    match reply {
        Reply::Answered(answer) => match answer.status {
            200..=299 => Class::Transient,
            _ => classify_status(answer),
        },
        Reply::TimedOut
        | Reply::Disconnected { .. }
        | Reply::NoDescriptor { .. }
        | Reply::InvalidHttp { .. } => Class::Transient,
        Reply::Untrusted { .. } => Class::Untrusted,
    }
}

/// Classifies a reply that is no success.
fn classify_status(answer: &Answer) -> Class {
    match answer.status {
        401 => Class::Unauthorized,
        403 if names_scopes(answer) => Class::MissingScopes,
        403 => Class::Forbidden,
        409 => Class::Conflict,
        423 => Class::Locked,
        429 if is_daily_limit(answer) => Class::DailyLimit,
        429 | 477 => Class::Throttled,
        408 | 425 | 502..=504 | 520..=524 | 527 | 530 => Class::Transient,
        // The status is known, but the reason was lost in transfer: a retry may return it.
        400..=499 if answer.body == Body::Unread(Unreadable::Cut) => Class::Transient,
        400..=499 => Class::Refused,
        _ => Class::BrieflyTransient,
    }
}

fn names_scopes(answer: &Answer) -> bool {
    let category = answer
        .body
        .envelope()
        .and_then(|envelope| envelope.top.category.as_deref());
    category == Some("MISSING_SCOPES") || !scopes(answer).is_empty()
}

/// Whether the reply is a 429 for the daily limit. HubSpot does not document which policy a 429 of the
/// associations API names, so the message is checked as well.
#[must_use]
pub fn is_daily_limit(answer: &Answer) -> bool {
    if answer.status != 429 {
        return false;
    }
    if answer.headers.quota.daily_remaining == Some(0) {
        return true;
    }
    let Some(envelope) = answer.body.envelope() else {
        return false;
    };
    let named = envelope
        .top
        .policy_name
        .as_ref()
        .or(envelope.top.message.as_ref());
    named.is_some_and(|text| text.to_ascii_lowercase().contains("daily"))
}
