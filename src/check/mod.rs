//! What an import of an input would do, found by reading all of it and sending nothing.
//!
//! | file | what it does |
//! |---|---|
//! | `findings` | a fold over the rows: how many there are of what, and the first problems |
//! | `duplicates` | pairs that stand in the input again, counted in bounded memory |
//! | `tiers` | pairs → calls, hours and days at each of HubSpot's quotas |
//!
//! Pure. Whoever shows it is in [`crate::display`].

mod duplicates;
mod findings;
mod tiers;

pub use duplicates::{DuplicateCount, Duplicates};
pub use findings::{Example, Findings, SelfLinks, TypesCount};
pub use tiers::{BATCH_SIZE, TIERS, Tier, TimeNeeded};
