//! Results as text for people.

pub mod check;
pub mod doctor;
pub mod report;
pub mod run;
