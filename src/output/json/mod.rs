//! Results as JSON for scripts.

pub mod format;
pub mod labels;
pub mod reads;
pub mod run;
pub mod undo;
pub mod verify;
