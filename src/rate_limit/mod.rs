//! The rate limit of all requests. Every request, retries included, takes a permit from the [`RateLimiter`].
//!
//! [`RateController`] decides (pure: observations in, the time of the next permit out); [`RateLimiter`] waits until
//! then. The owner of the limiter takes a permit, sends the request, and passes the reply to the limiter.
//!
//! HubSpot's limit is a *rolling* window. A token bucket with a window's capacity and an even refill would allow twice
//! the limit in one window; so requests are spaced evenly, and a log of them enforces the limit of the window itself.

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
