//! Rows and requests of lookups, step by step.

mod fixture;
mod replies;
mod rows;
mod search;
