//! The interface of the API client that a run uses.

use std::fmt;
use std::future::Future;

use tokio::time::Instant;

use crate::api::link_call::LinkCall;
use crate::api::lookup_call::LookupCall;
use crate::api::response::headers::Reply;
use crate::domain::link_request::LinkRequest;

/// Sends requests that associate pairs, and those that find records or read and remove links.
pub trait Endpoint: Clone + Send + Sync + 'static {
    /// Sends one request and waits for its reply, at most for the timeout of one attempt.
    ///
    /// Never fails: every error is a variant of [`Reply`].
    fn associate<R: LinkRequest + Sync>(&self, row: &R) -> impl Future<Output = Reply> + Send;

    /// The same for several pairs of the same two types in one request. Either all or none of them have labels.
    fn associate_all<R: LinkRequest + Sync>(
        &self,
        rows: &[R],
    ) -> impl Future<Output = Reply> + Send;

    /// Sends one call that finds records. Its body is [`Body::Raw`](crate::api::response::body::Body::Raw) where it was
    /// received whole.
    fn lookup(&self, call: &LookupCall) -> impl Future<Output = Reply> + Send;

    /// Sends one call that reads or removes links. Its body is [`Body::Raw`](crate::api::response::body::Body::Raw)
    /// where it was received whole, and
    /// [`Unreadable::TooLong`](crate::api::response::body::Unreadable::TooLong) where it passes
    /// [`MAX_LINK_REPLY_BYTES`](crate::api::link_call::MAX_LINK_REPLY_BYTES).
    fn links(&self, call: &LinkCall) -> impl Future<Output = Reply> + Send;

    /// When the token should be refreshed or first obtained; `None` while the current token is valid as far as is
    /// known.
    fn refresh_due(&self) -> Option<Instant> {
        None
    }

    /// Whether the token can be replaced by another one.
    fn can_refresh(&self) -> bool {
        false
    }

    /// Tries to get another token. Must not run twice at the same time.
    fn refresh(&self) -> impl Future<Output = RefreshOutcome> + Send {
        async { RefreshOutcome::Same }
    }

    /// Whether [`refresh`](Self::refresh) must not be dropped now: the server may already have replaced the refresh
    /// token that the next exchange needs.
    fn is_exchanging(&self) -> bool {
        false
    }
}

/// The result of a token refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// Requests use a new token from now on.
    New,
    /// The source still returns the same token.
    Same,
    /// There will be no new token: the source refused it, for this reason.
    Refused(String),
    /// There is no new token now, for this reason; a later try may succeed.
    Failed(String),
    /// The new token belongs to another account than the run's: nothing is sent with it.
    OtherPortal {
        /// The new token's account.
        found: u64,
        /// The run's account.
        expected: u64,
    },
}

impl fmt::Display for RefreshOutcome {
    /// Why there is no new token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => formatter.write_str("the token was replaced"),
            Self::Same => formatter.write_str("the source returned the same token"),
            Self::Refused(why) | Self::Failed(why) => formatter.write_str(why),
            Self::OtherPortal { found, expected } => write!(
                formatter,
                "the new token belongs to portal {found}, not to {expected}"
            ),
        }
    }
}
