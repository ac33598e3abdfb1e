//! What users, scripts and monitoring see.
//! Pure text, except for `terminal` and the files themselves.

pub mod advice;
pub mod command_line;
pub mod daily_reset;
#[cfg(test)]
mod every_stop_tests;
mod existing;
pub mod exit_reason;
pub mod files;
pub mod hints;
pub mod html;
pub mod json;
pub mod lookup_notes;
mod lookup_stop;
mod lookups;
pub mod metrics;
pub mod metrics_file;
pub mod next_command;
pub mod next_undo;
pub mod next_verify;
pub mod outputs;
pub mod own_files;
mod scope_stop;
mod stop;
pub mod stop_message;
pub mod summary;
pub mod terminal;
pub mod text;
pub mod undo_summary;
pub mod verify_summary;
pub mod write_failure;
