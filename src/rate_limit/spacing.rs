//! Spaces requests evenly, with the GCRA of governor. Pure: every time is an argument.
//!
//! A limiter of governor has one rate for its whole life, and starts with full credit: a new limiter for each change of the
//! rate would allow a burst each time. So there is one limiter of one request per second, and its clock runs at the current
//! rate: one second of the clock is one request earned. A change of the rate changes the speed of the clock only.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};

use crate::rate_limit::rate::Rate;

/// How far the clock advances while one request is earned, in nanoseconds.
const REQUEST: u64 = 1_000_000_000;

/// How many requests may be sent at once after a time without requests. The second makes up for a late timer.
const CREDIT: NonZeroU32 = NonZeroU32::new(2).expect("it is not zero");

/// How far the clock must advance until the credit is full, whatever was sent before.
const FULL: u64 = CREDIT.get() as u64 * REQUEST;

/// Where the clock is set back: governor counts its nanoseconds in 64 bits, enough for nine billion requests.
const END_OF_CLOCK: u64 = u64::MAX / 2;

/// A clock that advances by one second for each request earned.
#[derive(Debug, Default)]
struct EarnedClock {
    nanoseconds: Cell<u64>,
}

impl Clock for EarnedClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.nanoseconds.get().into()
    }
}

/// Grants one request after the other, at the current rate. It starts with one request earned.
#[derive(Debug)]
pub(super) struct Spacing {
    limiter: RateLimiter<NotKeyed, InMemoryState, EarnedClock, NoOpMiddleware<Nanos>>,
    /// When the clock was last advanced, and its speed from then on. Before the first request it stands still.
    advanced_at: Duration,
    speed: Option<Rate>,
    /// The part of a nanosecond that the clock does not show, in units of 1 / (nanoseconds of the speed's window).
    remainder: u128,
    /// Where the clock stops: the credit is full there.
    full_at: u64,
}

impl Default for Spacing {
    fn default() -> Self {
        Self::with_credit(1)
    }
}

impl Spacing {
    /// With this many requests earned, [`CREDIT`] at most.
    fn with_credit(credit: u32) -> Self {
        let quota = governor::Quota::per_second(NonZeroU32::MIN).allow_burst(CREDIT);
        let limiter = RateLimiter::direct_with_clock(quota, EarnedClock::default());
        for _ in credit..CREDIT.get() {
            limiter.check().expect("a new limiter has full credit");
        }
        Self {
            limiter,
            advanced_at: Duration::ZERO,
            speed: None,
            remainder: 0,
            full_at: FULL,
        }
    }

    /// Takes a request that was earned at `now`, or else returns how long to wait for it if the rate stays as it is.
    /// From `now` on, requests are earned at this rate.
    pub(super) fn try_acquire(&mut self, now: Duration, rate: Rate) -> Result<(), Duration> {
        self.advance(now);
        if self.speed != Some(rate) {
            self.speed = Some(rate);
            // Less than a billionth of a request.
            self.remainder = 0;
        }
        match self.limiter.check() {
            Ok(()) => {
                self.full_at = self.clock() + FULL;
                Ok(())
            }
            Err(until) => Err(self.time_until(until.earliest_possible().into(), rate)),
        }
    }

    fn clock(&self) -> u64 {
        self.limiter.clock().nanoseconds.get()
    }

    /// Advances the clock to `now`, at the speed so far. The clock never goes back: an earlier `now` leaves it as it is.
    fn advance(&mut self, now: Duration) {
        let elapsed = nanoseconds(now.saturating_sub(self.advanced_at));
        self.advanced_at = self.advanced_at.max(now);
        let Some(speed) = self.speed else {
            return;
        };
        let window = speed.window().as_nanos();
        let earned = u128::from(elapsed) * earned_per_window(speed) + self.remainder;
        let clock = u128::from(self.clock()) + earned / window;
        match u64::try_from(clock) {
            Ok(clock) if clock < self.full_at => {
                self.limiter.clock().nanoseconds.set(clock);
                self.remainder = earned % window;
            }
            _ => {
                self.limiter.clock().nanoseconds.set(self.full_at);
                self.remainder = 0;
            }
        }
        if self.clock() > END_OF_CLOCK {
            *self = Self {
                advanced_at: self.advanced_at,
                speed: self.speed,
                ..Self::with_credit(0)
            };
        }
    }

    /// The shortest time after which the clock shows at least `target`, which it does not show yet.
    fn time_until(&self, target: u64, rate: Rate) -> Duration {
        let missing = u128::from(target.saturating_sub(self.clock()));
        let missing = (missing * rate.window().as_nanos()).saturating_sub(self.remainder);
        let wait = missing.div_ceil(earned_per_window(rate));
        Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX))
    }
}

/// How far the clock advances in a window of this rate, in nanoseconds.
fn earned_per_window(rate: Rate) -> u128 {
    u128::from(rate.requests()) * u128::from(REQUEST)
}

/// Whole nanoseconds, five centuries at most.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: Duration = Duration::from_hours(24);

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn millis(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// The time at which the next request is granted, and how often it was refused before.
    fn next(spacing: &mut Spacing, mut now: Duration, rate: Rate) -> (Duration, usize) {
        let mut refusals = 0;
        while let Err(wait) = spacing.try_acquire(now, rate) {
            now += wait;
            refusals += 1;
        }
        (now, refusals)
    }

    #[test]
    fn the_first_request_is_sent_at_once_and_the_others_at_even_intervals() {
        let mut spacing = Spacing::default();
        let mut now = Duration::ZERO;
        for expected in [0, 100, 200, 300] {
            now = next(&mut spacing, now, rate("10/s")).0;
            assert_eq!(now, millis(expected));
        }
    }

    #[test]
    fn no_rate_saves_up_more_than_two_requests() {
        for text in ["1/24h", "1/10s", "100/10s", "20000/s", "4294967295/1ns"] {
            let rate = rate(text);
            let mut spacing = Spacing::default();
            assert_eq!(spacing.try_acquire(Duration::ZERO, rate), Ok(()), "{text}");
            for day in [3, 1000] {
                let now = DAY * day;
                assert_eq!(spacing.try_acquire(now, rate), Ok(()), "{text}");
                assert_eq!(spacing.try_acquire(now, rate), Ok(()), "{text}");
                let wait = spacing.try_acquire(now, rate).unwrap_err();
                assert!(wait.abs_diff(rate.period()) <= Duration::from_nanos(1));
            }
        }
    }

    #[test]
    fn a_change_of_the_rate_keeps_what_was_earned() {
        let mut spacing = Spacing::default();
        assert_eq!(spacing.try_acquire(millis(0), rate("1/10s")), Ok(()));
        // Half a request is earned after half of the time, whatever the rate is from then on.
        for (now, text, wait) in [
            (5000, "1/10s", 5000),
            (5000, "10/10s", 500),
            (5000, "1/100s", 50_000),
            (5000, "100/10s", 50),
        ] {
            let refused = spacing.try_acquire(millis(now), rate(text));
            assert_eq!(refused, Err(millis(wait)), "{text}");
        }
        assert_eq!(spacing.try_acquire(millis(5050), rate("1/10s")), Ok(()));
    }

    #[test]
    fn the_times_of_a_long_run_do_not_drift() {
        let mut spacing = Spacing::default();
        let mut now = Duration::ZERO;
        for _ in 0..30_001 {
            now = next(&mut spacing, now, rate("3/s")).0;
        }
        assert_eq!(now, millis(10_000_000));
    }

    #[test]
    fn asking_often_loses_nothing_at_a_low_rate() {
        let (mut spacing, rate) = (Spacing::default(), rate("1/24h"));
        assert_eq!(spacing.try_acquire(Duration::ZERO, rate), Ok(()));
        let step = Duration::from_micros(7);
        for index in 1..=100_000 {
            let wait = spacing.try_acquire(step * index, rate).unwrap_err();
            assert_eq!(step * index + wait, DAY);
        }
    }

    #[test]
    fn an_earlier_time_does_not_turn_the_clock_back() {
        let mut spacing = Spacing::default();
        assert_eq!(spacing.try_acquire(millis(5000), rate("1/s")), Ok(()));
        assert_eq!(
            spacing.try_acquire(millis(5400), rate("1/s")),
            Err(millis(600))
        );
        assert_eq!(
            spacing.try_acquire(millis(4000), rate("1/s")),
            Err(millis(600))
        );
        assert_eq!(spacing.try_acquire(millis(6000), rate("1/s")), Ok(()));
    }

    #[test]
    fn the_clock_is_set_back_after_billions_of_requests_without_a_burst() {
        let (mut spacing, rate) = (Spacing::default(), rate("10/s"));
        assert_eq!(spacing.try_acquire(millis(0), rate), Ok(()));
        spacing.limiter.clock().nanoseconds.set(END_OF_CLOCK);
        spacing.full_at = END_OF_CLOCK + FULL;
        assert_eq!(spacing.try_acquire(millis(1), rate), Err(millis(100)));
        assert!(spacing.clock() < FULL);
        assert_eq!(spacing.try_acquire(millis(101), rate), Ok(()));
        assert_eq!(spacing.try_acquire(millis(101), rate), Err(millis(100)));
    }

    fn any_rate() -> impl Strategy<Value = Rate> {
        let window = prop_oneof![1_u64..1_000_000, 1_000_000..86_400_000_000_000_u64];
        let requests = prop_oneof![1_u32..300, 1..=u32::MAX];
        (requests, window).prop_map(|(requests, nanoseconds)| {
            Rate::new(requests, Duration::from_nanos(nanoseconds)).unwrap()
        })
    }

    proptest! {
        #[test]
        fn a_wait_is_neither_too_short_nor_too_long(
            rates in proptest::collection::vec((any_rate(), 0_u64..20_000_000_000), 1..20),
        ) {
            let mut spacing = Spacing::default();
            let mut now = Duration::ZERO;
            for (rate, elapsed) in rates {
                now += Duration::from_nanos(elapsed);
                // The first two may have been saved up.
                for _ in 0..4 {
                    if let Err(wait) = spacing.try_acquire(now, rate) {
                        prop_assert!(!wait.is_zero());
                        let last = Duration::from_nanos(1);
                        now += wait.saturating_sub(last);
                        prop_assert_eq!(spacing.try_acquire(now, rate), Err(last));
                        now += last;
                        prop_assert_eq!(spacing.try_acquire(now, rate), Ok(()));
                    }
                }
            }
        }

        #[test]
        fn however_the_rate_changes_no_more_is_sent_than_was_earned_and_two(
            steps in proptest::collection::vec((1_u32..500, 1_u64..20_000, 0_u64..3000), 1..300),
        ) {
            let mut spacing = Spacing::default();
            let (mut now, mut earned, mut speed) = (Duration::ZERO, 0.0, 0.0);
            // For each request, how much had been earned when it was sent.
            let mut sent: Vec<f64> = Vec::new();
            for (requests, window, elapsed) in steps {
                now += millis(elapsed);
                earned += speed * millis(elapsed).as_secs_f64();
                let rate = Rate::new(requests, millis(window)).unwrap();
                speed = rate.per_second();
                while spacing.try_acquire(now, rate).is_ok() {
                    sent.push(earned);
                    for (index, before) in sent.iter().rev().enumerate() {
                        let since = index as f64 + 1.0;
                        prop_assert!(since <= 2.0 + earned - before + 1e-6, "{} since {}", since, before);
                    }
                }
            }
        }
    }
}
