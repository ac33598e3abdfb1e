//! Cells that hold a value to look up instead of an id: what the text means, or why it is no key.

pub mod domain_name;
pub mod key_cell;
pub mod key_error;
pub mod key_for_id;
pub mod key_problem;
pub mod no_value;
pub mod read_key;
pub mod unique;
