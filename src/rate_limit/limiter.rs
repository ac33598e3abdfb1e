//! Grants permits one after the other, at the times that [`RateController`] computes.
//!
//! All waiting uses tokio's clock, so that tests can pause it.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::quota::Quota;
use crate::domain::utilization::LimitingFactor;
use crate::rate_limit::controller::{Observation, RateController};
use crate::rate_limit::permit::Permit;
use crate::rate_limit::rate::Rate;

/// Grants one permit after the other.
#[derive(Debug)]
pub struct RateLimiter {
    controller: RateController,
    start: Instant,
}

impl RateLimiter {
    /// A limiter whose first permit is available immediately.
    #[must_use]
    pub fn new(controller: RateController) -> Self {
        Self {
            controller,
            start: Instant::now(),
        }
    }

    /// Waits for a permit. Cancel-safe: a permit is taken only when this returns.
    pub async fn acquire(&mut self) -> Permit {
        loop {
            match self.try_acquire() {
                Ok(permit) => return permit,
                Err(next) => tokio::time::sleep_until(next).await,
            }
        }
    }

    /// Takes a permit if one is available now; otherwise returns when to try again.
    pub fn try_acquire(&mut self) -> Result<Permit, Instant> {
        let now = self.start.elapsed();
        self.controller
            .try_acquire(now)
            .map_err(|wait| self.start + now + wait)
    }

    /// Learns from the reply to the request that was sent with `permit`; it arrived at `now`. Returns how long the limiter pauses because
    /// of it: as long as the server asks, or else as long as the controller computes.
    pub fn observe(
        &mut self,
        permit: Permit,
        now: Instant,
        quota: Quota,
        throttled: bool,
    ) -> Option<Duration> {
        self.controller.observe(Observation {
            sent_at: permit.at,
            now: now - self.start,
            throttled,
            quota,
        })
    }

    /// Grants no permit for `period`, or until the end of a longer pause that is already set.
    pub fn pause(&mut self, period: Duration) {
        self.controller.pause(self.start.elapsed() + period);
    }

    /// The rate at `now`; `None` means unlimited.
    #[must_use]
    pub fn rate_limit(&self, now: Instant) -> Option<Rate> {
        self.controller.rate_limit(now - self.start)
    }

    /// The current quota: the account's full rate, and why less of it is used.
    #[must_use]
    pub fn account(&self) -> Option<(Rate, Option<LimitingFactor>)> {
        let why = self.controller.limiting_factor(self.start.elapsed());
        Some((self.controller.account_rate()?, why))
    }

    /// The rest of the pause at `now`, if there is one.
    #[must_use]
    pub fn pause_remaining(&self, now: Instant) -> Option<Duration> {
        self.controller.pause_remaining(now - self.start)
    }
}
