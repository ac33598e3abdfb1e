//! The words of the program: pairs, their outcomes, and what is counted of them.
//!
//! It depends on nothing but how text is shown.

pub mod association_type;
pub mod category;
pub mod cause;
pub mod file_names;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod key_kind;
pub mod keyed_pair;
pub mod known_links;
pub mod label_id;
pub mod label_names;
pub mod label_set;
pub mod label_set_of_link;
pub mod labels;
pub mod link_counts;
pub mod link_request;
pub mod lookup_counts;
pub mod outcome;
pub mod pair;
pub mod pair_set;
pub mod proof;
pub mod property_name;
pub mod quota;
pub mod row_keys;
pub mod run_counts;
pub mod standard_type;
pub mod utilization;
