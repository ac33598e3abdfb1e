//! A local server that behaves like HubSpot's association API, for trial runs and tests.
//!
//! It shares no code with the client, so that a mistake in one is not hidden by the same mistake in the other.

pub(crate) mod api;
pub(crate) mod args;
pub(crate) mod data;
pub mod faults;
pub(crate) mod http;
pub mod rate_setting;
pub mod read_args;
pub mod read_settings;
pub mod server;
pub mod settings;
pub mod state;
#[cfg(test)]
mod tests;
