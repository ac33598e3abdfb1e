//! The rate limit of all requests. Every request, retries included, takes a permit from the
//! [`RateLimiter`](limiter::RateLimiter).
//!
//! [`RateController`](controller::RateController) decides (pure: observations and the time in, a permit or the time to
//! wait out); the limiter waits until then. The owner of the limiter takes a permit, sends the request, and passes the
//! reply to the limiter.
//!
//! HubSpot's limit is a *rolling* window. A token bucket with a window's capacity and an even refill would allow twice
//! the limit in one window; so requests are spaced evenly, and a log of them enforces the limit of the window itself.
//! Requests with limits of their own ([`BurstLimit`](crate::rate_limit::burst_limit::BurstLimit)) each have their own limiter.

pub mod burst_limit;
pub mod competing_usage;
pub mod controller;
#[cfg(test)]
mod exempt_tests;
pub mod jitter;
pub mod learned_limit;
pub mod limiter;
#[cfg(test)]
mod limiter_tests;
pub mod permit;
pub mod rate;
pub mod rolling_window;
#[cfg(test)]
mod simulation;
mod spacing;
#[cfg(test)]
mod tests;
