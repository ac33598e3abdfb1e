//! Fixed data: object types, association types, and the form of ids and durations.

pub mod association_types;
pub mod durations;
pub mod ids;
pub mod keys;
pub mod labels;
pub mod object_types;
pub mod properties;
