//! The only seam to HubSpot: one request out, one [`Reply`] back.
//!
//! [`Endpoint`] is what the run knows; [`HttpEndpoint`] speaks HTTP, tests answer from memory. What a
//! reply *means* for a row is decided in [`crate::verdict`], not here.

mod account;
mod body;
mod client;
mod confirmed;
mod connect;
mod credentials;
mod reply;
mod request;

use std::future::Future;

pub use body::{Body, Entry, Envelope, Linked, Unreadable};
pub use client::{ClientError, ClientSettings, HttpEndpoint, MAX_REPLY_BYTES};
pub use credentials::{ACCESS_TOKEN_VARIABLE, CredentialsError, Token};
pub use reply::{Answer, Quota, Reply, ReplyHeaders};
pub use request::{ApiVersion, BaseUrl, BaseUrlError};

use crate::pair::Pair;

/// Something that can be asked to associate one pair.
pub trait Endpoint: Clone + Send + Sync + 'static {
    /// Sends one request and waits for its reply, at most for the time one attempt may take.
    ///
    /// Never fails: whatever went wrong is a [`Reply`] of its own.
    fn associate(&self, pair: &Pair) -> impl Future<Output = Reply> + Send;
}
