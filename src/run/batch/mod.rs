//! Rows grouped into batch requests, and batches taken apart again.

pub mod bisect;
pub mod group;
pub mod group_builder;
pub mod groups;
pub mod request;
pub mod sizer;
