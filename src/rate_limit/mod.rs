//! How fast requests may leave. Every one of them, retries included, takes a turn at the [`RateLimiter`].
//!
//! [`RateController`] decides (pure: observations in, the time of the next turn out); [`RateLimiter`] keeps the time.
//! Whoever holds the gate asks for a turn, sends, and tells it what came back.
//!
//! The limit is HubSpot's: a *rolling* window. A bucket that holds a window's requests and is refilled
//! evenly lets through twice the limit in one window; so requests leave evenly here, and a log of them
//! guards the window itself.

mod competing_usage;
mod controller;
mod jitter;
mod learned_limit;
mod limiter;
mod rate;
mod rolling_window;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
mod utilization;

pub use controller::{Observation, RateController};
pub use limiter::{Permit, RateLimiter};
pub use rate::{Rate, RateError, RateSetting, Share, ShareError};
pub use utilization::{LimitingFactor, Utilization};
