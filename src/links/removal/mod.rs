//! Removes links: many pairs of the same two types a call. Pure.

pub(crate) mod body;
pub(crate) mod removal_request;
pub(crate) mod removals;
#[cfg(test)]
mod tests;
