//! Reads the links of pairs back, and removes links. Pure: no network, no clock.
//!
//! [`read`] finds out which rows are linked, many records a call. [`records`] finds out whether the records of missing links
//! exist. [`decision`] says which links an undo removes, and [`removal`] removes them.

pub(crate) mod after_reply;
pub(crate) mod decision;
pub(crate) mod presence;
pub(crate) mod read;
pub(crate) mod records;
pub(crate) mod removal;
pub(crate) mod request_queue;
pub(crate) mod slab;
