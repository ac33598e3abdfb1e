//! Finds the records of rows whose cells hold an email address, a domain or another property instead of an id. Pure: no
//! network, no clock.
//!
//! [`key`] reads a cell. [`lookups`] collects the distinct keys of the rows that were read, makes requests of up to 100 of
//! them, and hands the rows on in their order. [`request`] writes the calls, [`reply`] reads what they return.

pub(crate) mod counts;
pub(crate) mod group;
pub(crate) mod key_table;
pub(crate) mod limits;
pub(crate) mod lookup_request;
pub(crate) mod lookups;
pub(crate) mod property;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod request_queue;
pub(crate) mod result;
