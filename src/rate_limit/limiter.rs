//! Keeps the time: one turn after the other, as [`RateController`] decides.
//!
//! All waiting is tokio's, so that tests can hold the clock.

use std::time::Duration;

use tokio::time::Instant;

use super::controller::{Observation, RateController};
use super::rate::Rate;
use super::utilization::LimitingFactor;
use crate::api::Quota;

/// Permission to send one request, and when it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    at: Duration,
}

/// Lets one request through after the other.
#[derive(Debug)]
pub struct RateLimiter {
    controller: RateController,
    start: Instant,
}

impl RateLimiter {
    /// A gate whose first turn is free at once.
    #[must_use]
    pub fn new(controller: RateController) -> Self {
        Self {
            controller,
            start: Instant::now(),
        }
    }

    /// Waits for a turn. Safe to drop while it waits: a turn is taken only by returning.
    pub async fn acquire(&mut self) -> Permit {
        loop {
            match self.try_acquire() {
                Ok(acquire) => return acquire,
                Err(next) => tokio::time::sleep_until(next).await,
            }
        }
    }

    /// Takes a turn if one is free now; says else when to ask again.
    pub fn try_acquire(&mut self) -> Result<Permit, Instant> {
        let now = self.start.elapsed();
        let next = self.controller.next_permit_at(now);
        if next > now {
            return Err(self.start + next);
        }
        self.controller.take_permit(now);
        Ok(Permit { at: now })
    }

    /// Learns from the reply to the request that left with `acquire`. Returns how long everybody is quiet
    /// for it: as long as the server asks, or as long as seems right.
    pub fn observe(&mut self, acquire: Permit, quota: Quota, throttled: bool) -> Option<Duration> {
        self.controller.observe(Observation {
            sent_at: acquire.at,
            now: self.start.elapsed(),
            throttled,
            quota,
        })
    }

    /// Lets nobody through for `period`, or longer if that was said before.
    pub fn pause(&mut self, period: Duration) {
        self.controller.pause(self.start.elapsed() + period);
    }

    /// The pace that is kept now; `None` means none.
    #[must_use]
    pub fn rate_limit(&self) -> Option<Rate> {
        self.controller.rate_limit(self.start.elapsed())
    }

    /// What can be said of the quota now: all that the account may do, and why less of it is used.
    #[must_use]
    pub fn account(&self) -> Option<(Rate, Option<LimitingFactor>)> {
        let why = self.controller.limiting_factor(self.start.elapsed());
        Some((self.controller.account_rate()?, why))
    }

    /// How long everybody still has to wait, if they do.
    #[must_use]
    pub fn pause_remaining(&self) -> Option<Duration> {
        self.controller.pause_remaining(self.start.elapsed())
    }
}
