//! A local server that imitates HubSpot's association API, for rehearsals.
//!
//! It implements the default-association `PUT`, the batch call, reading associations back, account details and usage,
//! and the OAuth token call, with HubSpot's limits, headers and error bodies. It produces faults on request: by seeded
//! draws ([`Faults`]) and by ids that name their own fault ([`KNOWN_FAULTS`]).
//!
//! It is written from the API's public description alone and shares no code with the rest of this crate, so that a
//! mistake in the client is not repeated in the server. Its rules are pure functions of a request, the stored state
//! and the time; the sockets are a thin shell ([`Sandbox`]).

mod account;
mod args;
mod association_types;
mod batch;
mod bodies;
mod clock;
mod connection_faults;
mod durations;
mod fault;
mod fault_table;
mod faults;
mod ids;
mod limits;
mod oauth;
mod object_types;
mod odd_responses;
mod pages;
mod pair_call;
mod raw_connection;
mod raw_response;
mod refusals;
mod reply;
mod route;
#[cfg(test)]
mod schema_tests;
mod seeded_random;
mod seen;
mod server;
mod settings;
#[cfg(test)]
mod socket_tests;
mod store;
#[cfg(test)]
mod tests;
mod tokens;
mod world;

pub use args::SandboxArgs;
pub use fault_table::{KNOWN_FAULTS, KnownFault, fault_id};
pub use faults::{Faults, FaultsError};
pub use seen::{PairSeen, Seen};
pub use server::{Sandbox, Stopper};
pub use settings::{
    BatchErrors, BodyForm, Latency, Others, RateLimit, SandboxSettings, SettingError, SettingsError,
};
