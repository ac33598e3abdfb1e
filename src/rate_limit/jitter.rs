//! How unevenly requests arrive that left evenly, guessed from how replies vary. Pure.

use std::time::Duration;

/// So many replies make a new guess. A guess that changes with every reply would cost quota: of two
/// margins in one window, the larger counts.
const SAMPLE_SIZE: usize = 64;

/// Kept where nothing is known yet, as a share of the window.
const DEFAULT_SHARE: f64 = 0.01;

/// Never more than this, as a share of the window: a server that is slow now and then must not cost
/// quota.
const MAX_SHARE: f64 = 0.02;

/// Never less than this: clocks and timers are no better.
const MIN_MARGIN: Duration = Duration::from_millis(10);

/// The times that the last replies took, and what they say.
#[derive(Clone, Debug, Default)]
pub(super) struct JitterMargin {
    took: Vec<Duration>,
    inbound: Option<Duration>,
}

impl JitterMargin {
    /// A reply took so long.
    pub(super) fn record(&mut self, took: Duration) {
        self.took.push(took);
        if self.took.len() == SAMPLE_SIZE {
            self.took.sort_unstable();
            // All that a round trip varies may have happened on the way there; but one straggler in
            // thirty-two says nothing of the others.
            let nearly_longest = self.took[SAMPLE_SIZE - 1 - SAMPLE_SIZE / 32];
            self.inbound = Some(nearly_longest.saturating_sub(self.took[0]));
            self.took.clear();
        }
    }

    /// How much longer than announced a window is kept.
    pub(super) fn margin(&self, window: Duration) -> Duration {
        match self.inbound {
            Some(inbound) => inbound.max(MIN_MARGIN).min(window.mul_f64(MAX_SHARE)),
            None => window.mul_f64(DEFAULT_SHARE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_follows_the_spread_within_bounds() {
        let window = Duration::from_secs(10);
        let milliseconds = Duration::from_millis;
        let mut jitter = JitterMargin::default();
        assert_eq!(
            jitter.margin(window),
            milliseconds(100),
            "nothing is known yet"
        );
        let mut margin_after = |took: &mut dyn FnMut(u64) -> u64| {
            for index in 0..64 {
                jitter.record(milliseconds(took(index)));
            }
            jitter.margin(window)
        };
        assert_eq!(
            margin_after(&mut |index| 100 + index % 2 * 60),
            milliseconds(60)
        );
        assert_eq!(
            margin_after(&mut |index| if index == 7 {
                9000
            } else {
                100 + index % 2 * 60
            }),
            milliseconds(60)
        );
        assert_eq!(
            margin_after(&mut |index| index * 100),
            milliseconds(200),
            "never more than 2 %"
        );
        assert_eq!(margin_after(&mut |_| 100), milliseconds(10));
    }
}
