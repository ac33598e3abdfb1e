//! Runs whose rows name records by keys, against an API in memory.

mod answers;
mod crm;
mod limits;
mod mixes;
mod order;
mod stops;
