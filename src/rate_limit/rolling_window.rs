//! The run's own requests of the last window, to ensure that no window ever holds more than its limit. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use crate::rate_limit::rate::Rate;

/// The send times of requests, as times since the start, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct RollingWindow {
    times: VecDeque<Duration>,
}

impl RollingWindow {
    /// Records a request. Entries older than `keep` are removed.
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

    /// Removes the request sent at this time: the server did not count it in its window.
    pub(super) fn remove(&mut self, sent_at: Duration) {
        if let Ok(place) = self.times.binary_search(&sent_at) {
            self.times.remove(place);
        }
    }

    /// How many were sent in the window that ends at `at`, `at` included.
    pub(super) fn count(&self, at: Duration, window: Duration) -> u32 {
        let up_to_end = self.times.partition_point(|&time| time <= at);
        let before = match at.checked_sub(window) {
            Some(start) => self.times.partition_point(|&time| time <= start),
            None => 0,
        };
        u32::try_from(up_to_end - before).unwrap_or(u32::MAX)
    }

    /// The earliest time for the next request at which every window of `rate_limit` holds no more than its limit.
    pub(super) fn next(&self, rate_limit: Rate, margin: Duration) -> Duration {
        let limit = rate_limit.requests() as usize;
        match self.times.len().checked_sub(limit) {
            // The request `limit` places back must have left the window first.
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
    fn a_window_includes_its_end_and_excludes_its_start() {
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
    fn a_refused_request_is_not_counted() {
        let mut log = log(&[0, 100, 200]);
        log.remove(at(100));
        log.remove(at(150));
        assert_eq!(log.count(at(200), at(1000)), 2);
    }
}
