//! The HTTP client: the only access to HubSpot. One request out, one reply back.
//!
//! `endpoint` is the interface that a run uses; `client` implements it over HTTP, tests answer from memory. What a
//! reply means for a row is decided in [`crate::verdict`], not here.

pub mod account;
pub mod auth;
pub mod client;
pub mod endpoint;
pub mod error_chain;
pub mod inspect;
pub mod labels_call;
pub mod link_body;
pub mod link_call;
pub mod lookup_call;
pub mod portal_check;
pub mod portal_error;
pub mod properties;
pub mod proxy;
pub mod request;
pub mod response;
pub mod run_portal;
pub mod running_time;
pub mod tls;
pub mod transport;
pub mod transport_error;
#[cfg(test)]
mod wire_tests;
