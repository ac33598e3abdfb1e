//! What the sandbox remembers: associations, tokens, limits and requests seen.

pub mod clock;
pub mod limits;
pub mod seen;
pub mod store;
pub mod tokens;
pub mod world;
