//! The reply to a batch, attributed to its rows.

pub mod attribute;
pub mod error_matching;
pub mod input_limit;
pub mod links;
pub mod mention;
pub mod named_types;
pub mod own;
pub mod sides;
pub mod unit;
