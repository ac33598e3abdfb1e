//! Reads the links of pairs back, and removes links. Pure: no network, no clock.
//!
//! [`read`] finds out which rows are linked, many records a call.

pub(crate) mod after_reply;
pub(crate) mod read;
