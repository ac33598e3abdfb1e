//! The faults the sandbox can produce on request or at random.

pub mod connection;
pub mod effect;
pub mod fault;
pub mod odd_responses;
pub mod random;
pub mod spec;
pub mod table;
pub mod traits;
