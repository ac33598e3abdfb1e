//! What a 429 taught: a limit below the one believed in, searched upward from there. Pure.

use std::time::Duration;

/// What one step upward adds, as a share of the full limit.
const STEP: f64 = 0.05;

/// Each step that holds doubles the next, at most so often.
const MAX_STEP_DOUBLINGS: u32 = 2;

/// Each step that fails doubles the wait for the next, at most so often.
const MAX_WAIT_DOUBLINGS: u32 = 3;

/// A limit that was learned the hard way.
#[derive(Clone, Copy, Debug)]
pub(super) struct LearnedLimit {
    /// Requests per window.
    pub(super) limit: u32,
    /// When it last changed; what left before says nothing about it.
    pub(super) since: Duration,
    /// How often a step upward has failed, as doublings of the wait for the next.
    doublings: u32,
    /// How often it was raised since it was taught.
    raised: u32,
}

impl LearnedLimit {
    /// At `now` a request was refused though no more than `fits` had been accepted in its window.
    pub(super) fn after_throttle(now: Duration, fits: u32, before: Option<Self>) -> Self {
        let doublings = before.map_or(0, |learned| (learned.doublings + 1).min(MAX_WAIT_DOUBLINGS));
        Self {
            limit: fits.max(1),
            since: now,
            doublings,
            raised: 0,
        }
    }

    /// One step upward, once the last change has held for `hold_time`; nothing is left of a lesson that
    /// has reached the `full` limit.
    pub(super) fn raise(mut self, now: Duration, hold_time: Duration, full: u32) -> Option<Self> {
        if now < self.since + hold_time * (1 << self.doublings) {
            return Some(self);
        }
        if self.raised > 0 {
            // The step before this one has held.
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
    fn a_step_that_failed_is_tried_the_later_the_more_often_it_failed() {
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
