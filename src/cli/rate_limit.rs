//! The flags for how fast requests are sent, shared by all commands that send many of them.

use std::num::{NonZeroU32, NonZeroUsize};

use clap::Args;

use crate::rate_limit::rate::{RateSetting, Share};

/// How fast requests are sent.
#[derive(Args, Clone, Debug)]
pub struct RateLimitArgs {
    /// Maximum rate of requests, such as 100/10s or 15/s, or auto, or unlimited
    ///
    /// `auto` starts with 100 requests per 10 s. It then uses the account's limit, which HubSpot sends in the headers of
    /// its replies. With a number, the headers can lower the rate but not raise it. `unlimited` is for the sandbox and for
    /// tests.
    #[arg(
        long,
        value_name = "RATE",
        default_value_t,
        help_heading = "Rate limit"
    )]
    pub rate: RateSetting,
    /// Share of the account's limit to use; the rest is left to other programs
    ///
    /// Use it if several runs have the same token, or if other programs need a part of the limit.
    #[arg(long, value_name = "P%", default_value_t, help_heading = "Rate limit")]
    pub share: Share,
    /// At the daily limit, wait until it resets instead of stopping
    ///
    /// The limit resets at midnight in the account's time zone.
    #[arg(long, help_heading = "Rate limit")]
    pub wait_for_daily_reset: bool,
    /// Maximum number of requests in flight
    ///
    /// A higher number helps only if replies take longer than a second.
    #[arg(
        long,
        value_name = "N",
        default_value = "16",
        help_heading = "Rate limit"
    )]
    pub concurrency: NonZeroUsize,
    /// Maximum number of attempts per row when failures are temporary
    ///
    /// Attempts that get a 429 reply do not count.
    #[arg(
        long,
        value_name = "N",
        default_value = "6",
        help_heading = "Rate limit"
    )]
    pub max_attempts: NonZeroU32,
}
