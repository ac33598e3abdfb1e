//! Tests of the table in the module documentation, line by line.

mod classify;
mod describe;
mod labels;
mod retry;
pub(in crate::verdict) mod support;
