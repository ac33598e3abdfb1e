//! The findings of an import's input, made by reading all of it without sending anything.
//!
//! | file | what it does |
//! |---|---|
//! | `findings` | a fold over the rows: counts, and the first problems |
//! | `duplicates` | pairs that occur in the input again, counted in bounded memory |
//! | `tiers` | pairs → calls, hours and days at each of HubSpot's quotas |
//!
//! Pure. [`crate::display`] shows the result.

mod duplicates;
mod findings;
mod tiers;

pub use duplicates::{DuplicateCount, Duplicates};
pub use findings::{Example, Findings, SelfLinks, TypesCount};
pub use tiers::{BATCH_SIZE, TIERS, Tier, TimeNeeded};
