//! The endpoints, one file each, and the bodies they return.

pub mod account;
pub mod archive;
pub mod batch;
pub mod bodies;
pub mod dispatch;
pub mod introspection;
pub mod labels;
pub mod links;
pub mod oauth;
pub mod pair;
pub mod properties;
pub mod reads;
pub mod records;
pub mod refusals;
pub mod search;
