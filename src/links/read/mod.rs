//! Reads the links of rows: collects the distinct records of many rows, makes requests of up to 1,000 of them, and passes the
//! rows on with what was found. Pure.
//!
//! [`link_reads`] has the rows and says what is read when, [`cost`] from which side. [`link_read`] is a request, [`reply`]
//! reads what it returns, and [`found`] is what a row gets.

pub(crate) mod cost;
pub(crate) mod found;
pub(crate) mod limits;
pub(crate) mod link_read;
pub(crate) mod link_reads;
pub(crate) mod number;
pub(crate) mod reply;
pub(crate) mod row_table;
#[cfg(test)]
mod simulation_tests;
#[cfg(test)]
mod tests;
pub(crate) mod translation;
pub(crate) mod type_pair;
pub(crate) mod type_pairs;
