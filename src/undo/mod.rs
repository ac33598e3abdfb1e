//! Decides which links of a report an undo removes, from the report alone. Pure.
//!
//! A link is removed only if the report proves that the import made it: the row is associated, its pair was not linked
//! before, and its portal is the expected one. Every other associated row is kept, with its reason.

pub mod count;
pub mod error;
pub mod keep_reason;
pub mod label_counts;
pub mod labelled_link;
pub mod link_row;
pub mod pair_uses;
pub mod plan;
pub mod portals;
pub mod shared_pairs;
pub mod totals;
pub mod types_counts;
