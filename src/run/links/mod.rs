//! The rows of a run whose links are read or removed, between the lookups and the requests that link.

pub mod decide;
pub mod job;
pub mod replies;
pub mod row;
pub mod stage;
