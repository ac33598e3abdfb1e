//! Flags and environment turned into checked settings. Nothing after this asks whether a flag was given.

pub mod connection;
pub mod credentials;
pub mod error;
pub mod import;
pub mod labels;
pub mod lookup;
pub mod report_path;
pub mod resolve;
pub mod token_source;
pub mod undo;
pub mod verify;
