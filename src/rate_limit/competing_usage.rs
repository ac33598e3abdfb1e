//! Estimates from `X-HubSpot-RateLimit-Remaining` how much of the quota other clients use. Pure.
//!
//! A reply reports how much of the window was left when its request was counted. The used part that this run did not
//! send was used by other clients.

use std::collections::VecDeque;
use std::time::Duration;

/// How many samples must agree: requests overtake each other, and a single sample is off by one or two.
const REQUIRED_SAMPLES: usize = 5;

/// A rise is measured over this time, and extrapolated over the same time.
const TREND_WINDOW: Duration = Duration::from_secs(1);

/// Smaller values are noise: a request at the window's edge may be counted there and not here.
const NOISE: u32 = 2;

/// Samples of other clients' usage.
#[derive(Clone, Debug, Default)]
pub(super) struct CompetingUsage {
    samples: VecDeque<(Duration, u32)>,
    /// The usage over the time in which a rise is measured.
    taken: VecDeque<(Duration, u32)>,
}

impl CompetingUsage {
    /// Adds a sample: at `now`, other clients seemed to have used `taken` of the window.
    pub(super) fn record(&mut self, now: Duration, taken: u32) {
        self.samples.push_back((now, taken));
        if self.samples.len() < REQUIRED_SAMPLES {
            return;
        }
        if self.samples.len() > REQUIRED_SAMPLES {
            self.samples.pop_front();
        }
        self.taken.push_back((now, self.lowest_recent()));
        while self
            .taken
            .front()
            .is_some_and(|&(at, _)| at + TREND_WINDOW < now)
        {
            self.taken.pop_front();
        }
    }

    /// Their usage of the window, extrapolated if it is rising. Samples older than `fresh` are ignored.
    pub(super) fn expected(&self, now: Duration, fresh: Duration) -> u32 {
        if self.samples.back().is_none_or(|&(at, _)| at + fresh < now) {
            return 0;
        }
        let settled = self.lowest_recent();
        let before = self.taken.front().map_or(settled, |&(_, taken)| taken);
        let rise = settled.saturating_sub(before);
        let more_than_noise = |count: u32| if count >= NOISE { count } else { 0 };
        more_than_noise(settled) + more_than_noise(rise)
    }

    /// The lowest of the last samples: a rise must last, a fall takes effect immediately.
    fn lowest_recent(&self) -> u32 {
        if self.samples.len() < REQUIRED_SAMPLES {
            return 0;
        }
        self.samples
            .iter()
            .map(|&(_, taken)| taken)
            .min()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn expected(taken: &[u32]) -> u32 {
        let mut competing = CompetingUsage::default();
        let mut now = at(0);
        for &taken in taken {
            now += at(100);
            competing.record(now, taken);
        }
        competing.expected(now, at(10_000))
    }

    #[test]
    fn a_single_sample_is_noise_and_a_lasting_value_is_not() {
        assert_eq!(expected(&[0; 20]), 0);
        assert_eq!(expected(&[0, 0, 0, 0, 0, 0, 0, 9, 0]), 0);
        assert_eq!(expected(&[4; 40]), 4);
    }

    #[test]
    fn a_rise_is_extrapolated_and_a_fall_takes_effect_immediately() {
        let rising: Vec<u32> = (0..40).collect();
        // 35 is the lowest of the last five; a second before, it was 25.
        assert_eq!(expected(&rising), 35 + 10);
        let mut falling = rising;
        falling.push(3);
        assert_eq!(expected(&falling), 3);
    }

    #[test]
    fn old_samples_are_ignored() {
        let mut competing = CompetingUsage::default();
        for _ in 0..10 {
            competing.record(at(100), 7);
        }
        assert_eq!(competing.expected(at(5000), at(10_000)), 7);
        assert_eq!(competing.expected(at(10_101), at(10_000)), 0);
    }
}
