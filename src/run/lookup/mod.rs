//! Finds the records of rows that name them by keys, ahead of the requests that link them.
//!
//! Every row of the input passes through the stage in its order, a row without keys as well. Lookups have rate limits and
//! workers of their own; the reply handler decides for them as for all requests.

pub mod job;
pub mod reading;
pub mod resolve;
pub mod stage;
