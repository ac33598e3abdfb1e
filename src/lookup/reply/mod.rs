//! The replies to lookups, read key by key.
//!
//! Results have no fixed order and do not repeat the value that was asked for: a result belongs to the key that its
//! property has, never to the key at its place.

pub(crate) mod batch_read;
pub(crate) mod lookup_reply;
pub(crate) mod matching;
pub(crate) mod refusal;
pub(crate) mod search;
#[cfg(test)]
mod tests;
pub(crate) mod wire;
