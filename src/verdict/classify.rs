//! What a reply *is*: the table in [`crate::verdict`], line by line. Pure.

use crate::api::{Answer, Body, Reply, Unreadable};
use crate::outcome::OutcomeKind;
use crate::pair::Pair;

use super::confirm::{Confirmation, confirm};
use super::describe::scopes;

/// What a reply is, before anything is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The link is confirmed.
    Associated,
    /// The API's definite no to this row.
    Refused,
    /// A 2xx that confirms nothing.
    Unconfirmed,
    /// Somebody else is changing the same thing.
    Conflict,
    /// May pass.
    Transient,
    /// May pass, though less likely.
    BrieflyTransient,
    /// One of the two records is locked for a moment.
    Locked,
    /// Too many requests of ours: everybody waits.
    Throttled,
    /// The day's requests are used up.
    DailyLimit,
    /// The credentials are not accepted.
    Unauthorized,
    /// The credentials lack a permission that is named.
    MissingScopes,
    /// Forbidden for another reason, perhaps by a firewall in between.
    Forbidden,
    /// The server could not prove who it is.
    Untrusted,
}

impl Class {
    /// How a row ends whose last reply this was.
    #[must_use]
    pub fn outcome(self) -> OutcomeKind {
        match self {
            Self::Associated => OutcomeKind::Associated,
            Self::Refused | Self::Unconfirmed | Self::Conflict => OutcomeKind::Rejected,
            _ => OutcomeKind::Failed,
        }
    }
}

/// Says what `reply` is, as the answer to a request for `pair`.
#[must_use]
pub fn classify(reply: &Reply, pair: &Pair) -> Class {
    match reply {
        Reply::Answered(answer) => classify_answer(answer, pair),
        Reply::TimedOut
        | Reply::Disconnected { .. }
        | Reply::NoDescriptor { .. }
        | Reply::InvalidHttp { .. } => Class::Transient,
        Reply::Untrusted { .. } => Class::Untrusted,
    }
}

fn classify_answer(answer: &Answer, pair: &Pair) -> Class {
    match answer.status {
        200..=299 => match &answer.body {
            Body::Json(envelope) => match confirm(envelope, pair) {
                Confirmation::Confirmed => Class::Associated,
                Confirmation::Errors => Class::Refused,
                Confirmation::Pending => Class::Transient,
                Confirmation::Missing(_) => Class::Unconfirmed,
            },
            Body::Empty => Class::Unconfirmed,
            Body::NotJson { .. } | Body::Unread(_) => Class::Transient,
        },
        401 => Class::Unauthorized,
        403 if names_scopes(answer) => Class::MissingScopes,
        403 => Class::Forbidden,
        409 => Class::Conflict,
        423 => Class::Locked,
        429 if is_daily_limit(answer) => Class::DailyLimit,
        429 | 477 => Class::Throttled,
        408 | 425 | 502..=504 | 520..=524 | 527 | 530 => Class::Transient,
        // The status is known, the reason got lost on the way: asking again may bring it.
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

/// Whether it is a 429 because the day's requests are used up. Which policy an association's 429 names is not
/// documented, so the message is read as well.
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
