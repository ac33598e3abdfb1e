//! The two limits: requests in a rolling window, and requests in a day.
//!
//! Both take the time as an argument, as a time since the start that never decreases. Refused requests do not count;
//! whether HubSpot counts them is not established.

use std::collections::VecDeque;
use std::time::Duration;

use crate::sandbox::settings::Others;
use crate::sandbox::state::clock::Clock;

/// The maximum rate of other clients; each of their requests is simulated.
const MIN_PERIOD: Duration = Duration::from_micros(10);

/// A strict log of accepted requests: no period as long as the window contains more than `limit` of them.
pub(crate) struct RollingWindow {
    limit: Option<u32>,
    window: Duration,
    accepted: VecDeque<Duration>,
    /// When other clients send their next request, and the interval between two.
    others: Option<(Duration, Duration)>,
}

impl RollingWindow {
    pub(crate) fn new(limit: Option<u32>, window: Duration, others: Option<Others>) -> Self {
        Self {
            limit,
            window,
            accepted: VecDeque::new(),
            others: others.map(|others| (others.after, (window / others.requests).max(MIN_PERIOD))),
        }
    }

    /// Adds the requests of other clients up to `now`; those that do not fit are refused.
    fn let_others_in(&mut self, now: Duration) {
        let Some((mut next, period)) = self.others else {
            return;
        };
        while next <= now {
            forget_before(&mut self.accepted, next, self.window);
            if self
                .limit
                .is_some_and(|limit| self.accepted.len() < limit as usize)
            {
                self.accepted.push_back(next);
            }
            next += period;
        }
        self.others = Some((next, period));
    }

    /// How many requests were accepted in the window before `now`.
    pub(crate) fn used(&mut self, now: Duration) -> u32 {
        self.let_others_in(now);
        forget_before(&mut self.accepted, now, self.window);
        u32::try_from(self.accepted.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn has_room(&mut self, now: Duration) -> bool {
        let used = self.used(now);
        self.limit.is_none_or(|limit| used < limit)
    }

    /// Counts a request that was accepted.
    pub(crate) fn take(&mut self, now: Duration) {
        if self.limit.is_some() {
            self.accepted.push_back(now);
        }
    }
}

impl RollingWindow {
    /// The headers that announce a limit of `max` and its remaining part.
    pub(crate) fn headers(&mut self, max: u32, now: Duration) -> [(&'static str, String); 5] {
        let left = max.saturating_sub(self.used(now));
        let interval = self.window.as_millis();
        [
            ("x-hubspot-ratelimit-max", max.to_string()),
            ("x-hubspot-ratelimit-remaining", left.to_string()),
            (
                "x-hubspot-ratelimit-interval-milliseconds",
                interval.to_string(),
            ),
            ("x-hubspot-ratelimit-secondly", (max / 10).to_string()),
            (
                "x-hubspot-ratelimit-secondly-remaining",
                (left / 10).to_string(),
            ),
        ]
    }
}

/// The most requests that arrived in any window, accepted or not.
pub(crate) struct Peak {
    window: Duration,
    arrived: VecDeque<Duration>,
    max: usize,
}

impl Peak {
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            window,
            arrived: VecDeque::new(),
            max: 0,
        }
    }

    pub(crate) fn note(&mut self, now: Duration) {
        forget_before(&mut self.arrived, now, self.window);
        self.arrived.push_back(now);
        self.max = self.max.max(self.arrived.len());
    }

    pub(crate) fn value(&self) -> usize {
        self.max
    }
}

fn forget_before(log: &mut VecDeque<Duration>, now: Duration, window: Duration) {
    while log
        .front()
        .is_some_and(|then| now.saturating_sub(*then) >= window)
    {
        log.pop_front();
    }
}

/// The requests of one day, and when it ends.
pub(crate) struct Day {
    limit: Option<u64>,
    length: Option<Duration>,
    used: u64,
    ends: Duration,
}

impl Day {
    pub(crate) fn new(limit: Option<u64>, length: Option<Duration>, clock: Clock) -> Self {
        Self {
            limit,
            length,
            used: 0,
            ends: length.unwrap_or_else(|| clock.midnight_after(Duration::ZERO)),
        }
    }

    /// Starts a new day if the current one is over.
    pub(crate) fn start_day_if_over(&mut self, now: Duration, clock: Clock) {
        while now >= self.ends {
            self.used = 0;
            self.ends = match self.length {
                Some(length) => self.ends + length,
                None => clock.midnight_after(now),
            };
        }
    }

    pub(crate) fn limit(&self) -> Option<u64> {
        self.limit
    }

    pub(crate) fn used(&self) -> u64 {
        self.used
    }

    pub(crate) fn ends(&self) -> Duration {
        self.ends
    }

    /// The headers that announce the limit and its remaining part; none without a limit.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let Some(max) = self.limit else {
            return Vec::new();
        };
        let left = max.saturating_sub(self.used);
        vec![
            ("x-hubspot-ratelimit-daily", max.to_string()),
            ("x-hubspot-ratelimit-daily-remaining", left.to_string()),
        ]
    }

    pub(crate) fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.used < limit)
    }

    pub(crate) fn take(&mut self) {
        self.used += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn others_use_part_of_the_window_and_are_refused_the_same_way() {
        let seconds = Duration::from_secs;
        let others = Others {
            requests: 5,
            after: seconds(30),
        };
        let mut window = RollingWindow::new(Some(8), seconds(10), Some(others));
        assert_eq!(window.used(seconds(29)), 0);
        assert_eq!(window.used(seconds(39)), 5);
        assert_eq!(window.used(seconds(100)), 5);
        for _ in 0..3 {
            assert!(window.has_room(seconds(100)));
            window.take(seconds(100));
        }
        assert!(!window.has_room(seconds(101)));
        assert_eq!(window.used(seconds(109)), 8);
    }

    const WINDOW: Duration = Duration::from_secs(10);

    fn ask(window: &mut RollingWindow, now: Duration) -> bool {
        let room = window.has_room(now);
        if room {
            window.take(now);
        }
        room
    }

    #[test]
    fn the_window_refuses_the_101st_request_within_ten_seconds() {
        let mut window = RollingWindow::new(Some(100), WINDOW, None);
        for number in 0..100 {
            assert!(ask(&mut window, Duration::from_millis(number * 50)));
        }
        assert!(!ask(&mut window, Duration::from_millis(9_999)));
        assert!(
            ask(&mut window, WINDOW),
            "the first has left the window by now"
        );
        assert!(!ask(&mut window, WINDOW), "but only the first");
    }

    #[test]
    fn without_a_limit_every_request_fits_and_none_is_stored() {
        let mut window = RollingWindow::new(None, WINDOW, None);
        for _ in 0..1000 {
            assert!(ask(&mut window, Duration::ZERO));
        }
        assert!(window.accepted.is_empty());
    }

    #[test]
    fn the_peak_counts_arrivals_of_one_window_only() {
        let mut peak = Peak::new(WINDOW);
        for second in [0, 1, 2, 11, 12, 13, 14, 15, 60] {
            peak.note(Duration::from_secs(second));
        }
        assert_eq!(peak.value(), 5);
    }

    #[test]
    fn a_used_up_daily_limit_resets_when_the_next_day_begins() {
        let clock = Clock::new(SystemTime::UNIX_EPOCH);
        let mut day = Day::new(Some(2), Some(Duration::from_secs(30)), clock);
        day.take();
        day.take();
        day.start_day_if_over(Duration::from_secs(29), clock);
        assert!(!day.has_room());
        day.start_day_if_over(Duration::from_secs(95), clock);
        assert!(day.has_room());
        assert_eq!(day.ends(), Duration::from_mins(2));
    }

    #[test]
    fn a_day_without_a_length_ends_at_midnight() {
        let clock = Clock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_886_122));
        let mut day = Day::new(Some(2), None, clock);
        let midnight = day.ends();
        day.take();
        day.start_day_if_over(midnight, clock);
        assert_eq!(day.used(), 0);
        assert_eq!(day.ends(), midnight + Duration::from_hours(24));
    }

    proptest! {
        #[test]
        fn no_stretch_as_long_as_the_window_holds_more_than_the_limit(
            limit in 0u32..20,
            gaps in prop::collection::vec(0u64..3_000, 0..300),
        ) {
            let mut window = RollingWindow::new(Some(limit), WINDOW, None);
            let mut now = Duration::ZERO;
            let mut accepted = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                if ask(&mut window, now) {
                    accepted.push(now);
                }
            }
            for (index, start) in accepted.iter().enumerate() {
                let held = accepted[index..].iter().filter(|time| time.saturating_sub(*start) < WINDOW).count();
                prop_assert!(held <= limit as usize, "{held} from {start:?}");
            }
        }
    }
}
