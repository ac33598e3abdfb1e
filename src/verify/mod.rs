//! `verify`, without its input and output: which rows are read, and what was found for them. Pure.

pub mod totals;
