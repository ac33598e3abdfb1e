//! Association labels: which labels two types have, and which of them a row asks for. Pure.
//!
//! They are documented in
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>.

pub mod error;
pub mod labeler;
pub mod name;
pub mod type_labels;
