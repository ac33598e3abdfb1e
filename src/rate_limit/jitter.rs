//! Estimates from the variation of reply times how unevenly requests sent at even intervals arrive. Pure.

use std::time::Duration;

/// How many replies make a new estimate. An estimate that changes with every reply would cost quota: of two margins in
/// one window, the larger counts.
const SAMPLE_SIZE: usize = 64;

/// The margin before the first estimate, as a share of the window.
const DEFAULT_SHARE: f64 = 0.01;

/// The upper bound, as a share of the window: a server that is slow now and then must not cost quota.
const MAX_SHARE: f64 = 0.02;

/// The lower bound: clocks and timers are no more precise.
const MIN_MARGIN: Duration = Duration::from_millis(10);

/// The durations of the last replies, and the estimate from them.
#[derive(Clone, Debug, Default)]
pub(super) struct JitterMargin {
    took: Vec<Duration>,
    inbound: Option<Duration>,
}

impl JitterMargin {
    /// Adds the duration of a reply.
    pub(super) fn record(&mut self, took: Duration) {
        self.took.push(took);
        if self.took.len() == SAMPLE_SIZE {
            self.took.sort_unstable();
            // All variation of a round trip may have occurred on the way to the server; but one outlier in thirty-two
            // is ignored.
            let nearly_longest = self.took[SAMPLE_SIZE - 1 - SAMPLE_SIZE / 32];
            self.inbound = Some(nearly_longest.saturating_sub(self.took[0]));
            self.took.clear();
        }
    }

    /// How much longer than announced the window is assumed to be.
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
    fn the_margin_follows_the_variation_within_bounds() {
        let window = Duration::from_secs(10);
        let milliseconds = Duration::from_millis;
        let mut jitter = JitterMargin::default();
        assert_eq!(
            jitter.margin(window),
            milliseconds(100),
            "there is no estimate yet"
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
