//! Flags and environment turned into checked settings. Nothing after this asks whether a flag was given.

pub mod import;
pub mod token_source;
