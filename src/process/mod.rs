//! The process itself: its async runtime, its signals and its limits.

pub mod engine;
pub mod file_size;
pub mod program;
pub mod signals;
pub mod stdout;
