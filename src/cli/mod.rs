//! The flags exactly as typed, and their help text. Nothing is decided here.

pub mod check;
pub mod command_line;
pub mod connection;
pub mod credentials;
pub mod doctor;
pub mod duration;
pub mod environment;
pub mod help;
pub mod help_statuses;
pub mod import;
pub mod input;
pub mod labels;
pub mod labels_command;
pub mod packaging;
pub mod rate_limit;
pub mod report;
pub mod resolve;
pub mod typed_token;
pub mod undo;
pub mod verify;
