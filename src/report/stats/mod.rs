//! Statistics of a report that is read back.

pub mod durations;
pub mod requests;
pub mod statistics;
pub mod timeline;
