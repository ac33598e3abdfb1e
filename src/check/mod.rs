//! What an import would do, found by reading all of the input and sending nothing. Pure.

pub mod duplicates;
pub mod findings;
pub mod keys;
pub mod labels;
pub mod tiers;
