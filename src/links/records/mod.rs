//! Finds out whether the records of missing links exist, were deleted, or were merged into others. Pure.
//!
//! [`record_reads`] collects the distinct records and makes requests of up to 100 of them, [`reply`] reads what a reply says
//! about each of them, and [`states`] keeps it.

pub(crate) mod record_read;
pub(crate) mod record_reads;
pub(crate) mod reply;
pub(crate) mod states;
#[cfg(test)]
mod tests;
