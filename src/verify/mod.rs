//! `verify`, without its input and output: which pairs are read, and what was found for them. Pure.

pub mod count;
pub mod error;
pub mod sample;
pub mod survey;
pub mod totals;
