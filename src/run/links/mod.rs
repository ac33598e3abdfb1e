//! The rows of a run whose links are read or removed, between the lookups and the requests that link.

pub mod decide;
pub mod held_rows;
pub mod import;
pub mod job;
pub mod open_links;
pub mod replies;
pub mod row;
pub mod stage;
