//! Keeps the time: one turn after the other, as [`Control`] decides.
//!
//! All waiting is tokio's, so that tests can hold the clock.

use std::time::Duration;

use tokio::time::Instant;

use super::control::{Control, Observation};
use super::rate::Pace;
use super::usage::Why;
use crate::api::Quota;

/// Permission to send one request, and when it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    at: Duration,
}

/// Lets one request through after the other.
#[derive(Debug)]
pub struct Gate {
    control: Control,
    start: Instant,
}

impl Gate {
    /// A gate whose first turn is free at once.
    #[must_use]
    pub fn new(control: Control) -> Self {
        Self {
            control,
            start: Instant::now(),
        }
    }

    /// Waits for a turn. Safe to drop while it waits: a turn is taken only by returning.
    pub async fn turn(&mut self) -> Turn {
        loop {
            match self.try_turn() {
                Ok(turn) => return turn,
                Err(next) => tokio::time::sleep_until(next).await,
            }
        }
    }

    /// Takes a turn if one is free now; says else when to ask again.
    pub fn try_turn(&mut self) -> Result<Turn, Instant> {
        let now = self.start.elapsed();
        let next = self.control.next_turn(now);
        if next > now {
            return Err(self.start + next);
        }
        self.control.take_turn(now);
        Ok(Turn { at: now })
    }

    /// Learns from the reply to the request that left with `turn`. Returns how long everybody is quiet
    /// for it: as long as the server asks, or as long as seems right.
    pub fn observe(&mut self, turn: Turn, quota: Quota, throttled: bool) -> Option<Duration> {
        self.control.observe(Observation {
            sent_at: turn.at,
            now: self.start.elapsed(),
            throttled,
            quota,
        })
    }

    /// Lets nobody through for `period`, or longer if that was said before.
    pub fn be_quiet(&mut self, period: Duration) {
        self.control.be_quiet(self.start.elapsed() + period);
    }

    /// The pace that is kept now; `None` means none.
    #[must_use]
    pub fn pace(&self) -> Option<Pace> {
        self.control.pace(self.start.elapsed())
    }

    /// What can be said of the quota now: all that the account may do, and why less of it is used.
    #[must_use]
    pub fn account(&self) -> Option<(Pace, Option<Why>)> {
        let why = self.control.why_below_limit(self.start.elapsed());
        Some((self.control.account_pace()?, why))
    }

    /// How long everybody still has to wait, if they do.
    #[must_use]
    pub fn quiet_for(&self) -> Option<Duration> {
        self.control.quiet_for(self.start.elapsed())
    }
}
