//! What the sandbox remembers: associations, tokens, limits and requests seen.

pub mod associating;
pub mod buckets;
pub mod clock;
pub mod directory;
pub mod limits;
pub mod seen;
pub mod sorted_chunks;
pub mod store;
pub mod tokens;
pub mod world;
