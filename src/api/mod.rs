//! The only seam to HubSpot: one request out, one [`Reply`] back.
//!
//! [`Endpoint`] is what the run knows; [`HttpEndpoint`] speaks HTTP, tests answer from memory. What a
//! reply *means* for a row is decided in [`crate::verdict`], not here.

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

/// Something that can be asked to associate pairs.
pub trait Endpoint: Clone + Send + Sync + 'static {
    /// Sends one request and waits for its reply, at most for the time one attempt may take.
    ///
    /// Never fails: whatever went wrong is a [`Reply`] of its own.
    fn associate(&self, pair: &Pair) -> impl Future<Output = Reply> + Send;

    /// The same for many pairs of the same two types at once.
    fn associate_all<P: AsRef<Pair> + Sync>(
        &self,
        pairs: &[P],
    ) -> impl Future<Output = Reply> + Send;

    /// When it wants another token, or its first one; `None` while the one that it has is good for all that is
    /// known.
    fn refresh_due(&self) -> Option<Instant> {
        None
    }

    /// Whether another token may be had than the one that it has.
    fn can_refresh(&self) -> bool {
        false
    }

    /// Tries to have another token. Never twice at a time.
    fn refresh(&self) -> impl Future<Output = RefreshOutcome> + Send {
        async { RefreshOutcome::Same }
    }

    /// Whether [`refresh`](Self::refresh) must not be dropped now, because the server may have replaced already what it needs
    /// for the next time.
    fn is_exchanging(&self) -> bool {
        false
    }
}

/// What came of the try to have another token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// Requests use another one from now on.
    New,
    /// There is only the one that was there before.
    Same,
    /// There will be none: whoever gives them says why.
    Refused(String),
    /// There is none now, for this reason; it may be tried again.
    Failed(String),
    /// There is one, of another account than the run's: nothing is sent with it.
    OtherPortal {
        /// Its account.
        found: u64,
        /// The run's account.
        expected: u64,
    },
}

impl fmt::Display for RefreshOutcome {
    /// Why there is no other token.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => formatter.write_str("there is another token"),
            Self::Same => formatter.write_str("the token is the same as before"),
            Self::Refused(why) | Self::Failed(why) => formatter.write_str(why),
            Self::OtherPortal { found, expected } => write!(
                formatter,
                "the new token belongs to portal {found}, not to {expected}"
            ),
        }
    }
}
