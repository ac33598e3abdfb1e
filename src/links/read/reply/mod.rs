//! Reads the replies to requests for links. Pure.
//!
//! [`read_reply`] reads a body in one pass, and [`errors`] what its errors say about records. The result is in [`asked`].

pub(crate) mod asked;
pub(crate) mod errors;
pub(crate) mod read_reply;
#[cfg(test)]
mod tests;
pub(crate) mod types;
