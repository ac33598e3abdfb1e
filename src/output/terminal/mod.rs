//! The terminal: the progress bar and the log, which take turns on standard error.

pub mod capabilities;
pub mod duplicate_filter;
pub mod log;
pub mod observer;
pub mod progress;
pub mod screen;
pub mod stderr;
