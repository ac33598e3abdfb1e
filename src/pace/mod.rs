//! How fast requests may leave. Every one of them, retries included, takes a turn at the [`Gate`].
//!
//! [`Control`] decides (pure: observations in, the time of the next turn out); [`Gate`] keeps the time.
//! Whoever holds the gate asks for a turn, sends, and tells it what came back.
//!
//! The limit is HubSpot's: a *rolling* window. A bucket that holds a window's requests and is refilled
//! evenly lets through twice the limit in one window; so requests leave evenly here, and a log of them
//! guards the window itself.

mod control;
mod foreign;
mod gate;
mod lesson;
mod log;
mod rate;
#[cfg(test)]
mod simulation;
mod spread;
#[cfg(test)]
mod tests;
mod usage;

pub use control::{Control, Observation};
pub use gate::{Gate, Turn};
pub use rate::{Pace, PaceError, RateSetting, Share, ShareError};
pub use usage::{Usage, Why};
