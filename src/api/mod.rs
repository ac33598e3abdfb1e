//! The only interface to HubSpot: one request out, one [`Reply`] back.
//!
//! The run depends on [`Endpoint`] only; [`HttpEndpoint`] implements it over HTTP, tests implement it in memory.
//! [`crate::verdict`] decides what a reply *means* for a row.

mod account;
mod bare_value;
mod body;
mod bounded_file;
mod client;
mod coding;
mod connect;
mod credentials;
mod fast_path;
mod inspect;
mod mask;
mod oauth;
mod oauth_file;
mod proxy;
mod refresh;
mod reply;
mod request;
mod run_portal;
mod running_time;
mod session;
mod source;
mod tls;
mod token_command;

use std::fmt;
use std::future::Future;

pub use account::{Account, DailyUsage, Pool};
pub use bare_value::{Surplus, bare_value};
pub use body::{Body, Entry, Envelope, Linked, Unreadable};
pub use client::{
    ClientError, ClientSettings, HttpEndpoint, MAX_REPLY_BYTES, is_out_of_descriptors,
};
pub use credentials::{ACCESS_TOKEN_VARIABLE, CredentialsError, Token};
pub use inspect::QueryResult;
pub use oauth::{OAUTH_VARIABLES, OAuthApp};
pub use proxy::ProxyError;
pub use reply::{Answer, Quota, Reply, ReplyHeaders};
pub use request::{ApiVersion, BaseUrl, BaseUrlError};
pub use source::{SYSTEMD_CREDENTIAL, TokenSource};
pub use tls::{RootCertificates, RootCertificatesError};
pub use token_command::TokenCommand;

use tokio::time::Instant;

use crate::pair::Pair;

/// Sends requests that associate pairs.
pub trait Endpoint: Clone + Send + Sync + 'static {
    /// Sends one request and waits for its reply, at most for the timeout of one attempt.
    ///
    /// Never fails: every error is a variant of [`Reply`].
    fn associate(&self, pair: &Pair) -> impl Future<Output = Reply> + Send;

    /// The same for several pairs of the same two types in one request.
    fn associate_all<P: AsRef<Pair> + Sync>(
        &self,
        pairs: &[P],
    ) -> impl Future<Output = Reply> + Send;

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
