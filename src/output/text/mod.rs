//! Results as text for people.

pub mod check;
pub mod check_lookups;
pub mod doctor;
mod lines;
pub mod report;
pub mod resolve;
pub mod run;
pub mod undo;
pub mod verify;
