//! Our own requests of the last window, so that no window ever holds more than its limit. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use super::rate::Rate;

/// When requests left, as times since the start, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct RollingWindow {
    times: VecDeque<Duration>,
}

impl RollingWindow {
    /// A request left. Whatever is older than `keep` is forgotten.
    pub(super) fn push(&mut self, now: Duration, keep: Duration) {
        while self
            .times
            .front()
            .is_some_and(|&oldest| oldest + keep < now)
        {
            self.times.pop_front();
        }
        self.times.push_back(now);
    }

    /// The request that left at this time took no place in the server's window after all.
    pub(super) fn remove(&mut self, sent_at: Duration) {
        if let Ok(place) = self.times.binary_search(&sent_at) {
            self.times.remove(place);
        }
    }

    /// How many left in the window that ends at `at`, `at` included.
    pub(super) fn count(&self, at: Duration, window: Duration) -> u32 {
        let up_to_end = self.times.partition_point(|&time| time <= at);
        let before = match at.checked_sub(window) {
            Some(start) => self.times.partition_point(|&time| time <= start),
            None => 0,
        };
        u32::try_from(up_to_end - before).unwrap_or(u32::MAX)
    }

    /// When the next request may leave so that every window of `rate_limit` holds no more than its limit.
    pub(super) fn next(&self, rate_limit: Rate, margin: Duration) -> Duration {
        let limit = rate_limit.requests() as usize;
        match self.times.len().checked_sub(limit) {
            // The limit's number of requests back: that one must have left the window.
            Some(oldest) => self.times[oldest] + rate_limit.window() + margin,
            None => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn log(times: &[u64]) -> RollingWindow {
        let mut log = RollingWindow::default();
        for &time in times {
            log.push(at(time), at(1000));
        }
        log
    }

    #[test]
    fn a_window_counts_its_end_and_not_its_start() {
        let log = log(&[0, 100, 500, 1000]);
        for (end, count) in [
            (0, 1),
            (99, 1),
            (999, 3),
            (1000, 3),
            (1100, 2),
            (1500, 1),
            (2000, 0),
        ] {
            assert_eq!(log.count(at(end), at(1000)), count, "{end}");
        }
    }

    #[test]
    fn the_next_request_waits_until_the_oldest_has_left_the_window() {
        let rate_limit = Rate::new(3, at(1000)).unwrap();
        assert_eq!(log(&[0, 100]).next(rate_limit, at(20)), at(0));
        assert_eq!(log(&[0, 100, 200]).next(rate_limit, at(20)), at(1020));
        assert_eq!(log(&[0, 100, 200, 1020]).next(rate_limit, at(20)), at(1120));
        let slower = Rate::new(1, at(1000)).unwrap();
        assert_eq!(log(&[0, 100, 200]).next(slower, at(0)), at(1200));
    }

    #[test]
    fn a_request_that_was_refused_takes_no_place() {
        let mut log = log(&[0, 100, 200]);
        log.remove(at(100));
        log.remove(at(150));
        assert_eq!(log.count(at(200), at(1000)), 2);
    }
}
