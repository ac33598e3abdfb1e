//! Replies parsed: status, headers, and the body as a closed type. Pure.

pub mod body;
pub mod coding;
pub mod envelope;
pub mod fast_path;
pub mod headers;
pub mod read;
