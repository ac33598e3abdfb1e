//! A limit learned from a 429, below the assumed one, and raised in steps from there. Pure.

use std::time::Duration;

/// The size of the first step upward, as a share of the full limit.
const STEP: f64 = 0.05;

/// Each step that holds doubles the next, at most this often.
const MAX_STEP_DOUBLINGS: u32 = 2;

/// Each step that fails doubles the wait before the next, at most this often.
const MAX_WAIT_DOUBLINGS: u32 = 3;

/// A limit learned from 429s.
#[derive(Clone, Copy, Debug)]
pub(super) struct LearnedLimit {
    /// Requests per window.
    pub(super) limit: u32,
    /// When it last changed; requests sent earlier give no information about it.
    pub(super) since: Duration,
    /// How often a step upward failed, as doublings of the wait before the next.
    doublings: u32,
    /// How many steps were taken since the last 429.
    raised: u32,
}

impl LearnedLimit {
    /// Lowers the limit: at `now` a request was refused although no more than `fits` were accepted in its window.
    pub(super) fn after_throttle(now: Duration, fits: u32, before: Option<Self>) -> Self {
        let doublings = before.map_or(0, |learned| (learned.doublings + 1).min(MAX_WAIT_DOUBLINGS));
        Self {
            limit: fits.max(1),
            since: now,
            doublings,
            raised: 0,
        }
    }

    /// Takes one step upward once the last change has held for `hold_time`; returns `None` once it reaches the `full`
    /// limit.
    pub(super) fn raise(mut self, now: Duration, hold_time: Duration, full: u32) -> Option<Self> {
        if now < self.since + hold_time * (1 << self.doublings) {
            return Some(self);
        }
        if self.raised > 0 {
            // The previous step has held.
            self.doublings = self.doublings.saturating_sub(1);
        }
        self.limit = self.limit.saturating_add(self.step(full));
        self.raised += 1;
        self.since = now;
        (self.limit < full).then_some(self)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a u32 is one"
    )]
    fn step(self, full: u32) -> u32 {
        let step = f64::from(full) * STEP * f64::from(1 << self.raised.min(MAX_STEP_DOUBLINGS));
        (step.min(f64::from(full)) as u32).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn steps_come_after_a_wait_and_grow_while_they_hold() {
        let mut learned = Some(LearnedLimit::after_throttle(seconds(0), 40, None));
        let mut seen = vec![];
        for second in 1..=60 {
            learned = learned.and_then(|learned| learned.raise(seconds(second), seconds(10), 100));
            seen.push(learned.map(|learned| learned.limit));
        }
        seen.dedup();
        let expected = [Some(40), Some(45), Some(55), Some(75), Some(95), None];
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_wait_before_a_step_grows_with_each_failed_step() {
        let mut learned = LearnedLimit::after_throttle(seconds(0), 60, None);
        let mut now = 0;
        let mut waits = vec![];
        for _ in 0..6 {
            let taught_at = now;
            while learned.limit == 60 {
                now += 1;
                learned = learned.raise(seconds(now), seconds(10), 100).unwrap();
            }
            waits.push(now - taught_at);
            learned = LearnedLimit::after_throttle(seconds(now), 60, Some(learned));
        }
        assert_eq!(waits, [10, 20, 40, 80, 80, 80]);
    }

    #[test]
    fn a_learned_limit_is_never_zero() {
        assert_eq!(LearnedLimit::after_throttle(seconds(0), 0, None).limit, 1);
    }
}
