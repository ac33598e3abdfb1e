//! Header and settings resolved to the columns that hold the ids and types.

pub mod column;
pub mod error;
pub mod find_header;
pub mod header;
pub mod header_name;
pub mod headerless;
pub mod hubspot_export;
pub mod key_flags;
pub mod key_header;
pub mod key_names;
pub mod keys_for_ids;
pub mod resolve;
pub mod settings;
