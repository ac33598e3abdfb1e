//! Results as text for people.

pub mod check;
pub mod check_labels;
pub mod check_lookups;
pub mod doctor;
pub mod labels;
mod lines;
pub mod report;
pub mod resolve;
pub mod run;
pub mod undo;
pub mod verify;
