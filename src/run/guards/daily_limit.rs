//! Computes how long to wait until the daily limit resets. Pure: the time is an argument.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::Instant;

/// The first request of a new day is sent this long after midnight, because clocks differ.
const MIDNIGHT_MARGIN: Duration = Duration::from_secs(30);

/// Retry interval where the time of midnight is not known.
const RETRY_INTERVAL: Duration = Duration::from_hours(1);

/// If the API refuses a request this soon after a reset that the run waited for, the reset is late or a
/// clock is fast; it does not mean that another day's limit is used up.
const SOON: Duration = Duration::from_hours(1);

/// Retry interval in that case.
const ASK_LATE_RESET: Duration = Duration::from_mins(5);

/// When the daily limit resets: at midnight in the account's time zone
/// (<https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyReset {
    /// The account's time zone, if it is known.
    pub zone: Option<TimeZone>,
}

impl DailyReset {
    /// How long to wait from `now` on.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> Duration {
        self.until_midnight(now)
            .map_or(RETRY_INTERVAL, |wait| wait + MIDNIGHT_MARGIN)
    }

    fn until_midnight(&self, now: Timestamp) -> Option<Duration> {
        let midnight = next_day(now, self.zone.as_ref()?)?;
        Duration::try_from(midnight.duration_since(now)).ok()
    }
}

/// The waits for a reset in this run.
#[derive(Debug, Default)]
pub(crate) struct DailyWait {
    /// When the last reset that the run waited for was expected.
    reset_at: Option<Instant>,
    /// No request is sent before this time.
    until: Option<Instant>,
}

impl DailyWait {
    /// Returns how long to wait after a refusal. `wall` is the current time according to the most
    /// reliable clock known.
    pub(crate) fn next(&mut self, reset: &DailyReset, wall: Timestamp, now: Instant) -> Duration {
        if let Some(left) = self
            .until
            .and_then(|until| until.checked_duration_since(now))
            && !left.is_zero()
        {
            // This request was in flight when the wait began.
            return left;
        }
        let is_late = reset.zone.is_some()
            && self
                .reset_at
                .is_some_and(|at| now.saturating_duration_since(at) < SOON);
        let wait = if is_late {
            ASK_LATE_RESET
        } else {
            let wait = reset.wait(wall);
            self.reset_at = Some(now + wait);
            wait
        };
        self.until = Some(now + wait);
        wait
    }
}

/// The start of the next day in this time zone.
#[must_use]
pub fn next_day(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let tomorrow = now.to_zoned_datetime(zone.clone()).tomorrow().ok()?;
    Some(tomorrow.start_of_day().ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_ends_after_midnight_in_the_accounts_zone_even_when_clocks_change() {
        for (zone, now, hours) in [
            ("UTC", "2026-05-04T09:00:00Z", 15.0),
            ("America/New_York", "2026-05-04T09:00:00Z", 19.0),
            // The clocks go back, or forward, in the night before.
            ("Europe/Berlin", "2026-10-24T23:00:00Z", 24.0),
            ("Europe/Berlin", "2026-10-25T00:00:00Z", 23.0),
            ("Europe/Berlin", "2026-03-28T23:30:00Z", 22.5),
            // A day that starts at one o'clock, because its midnight does not exist.
            ("Africa/Cairo", "2026-04-23T12:00:00Z", 10.0),
        ] {
            let reset = DailyReset {
                zone: Some(TimeZone::get(zone).unwrap()),
            };
            let wait = reset.wait(now.parse().unwrap());
            assert_eq!(
                wait,
                Duration::from_secs_f64(hours * 3600.0) + MIDNIGHT_MARGIN,
                "{zone} {now}"
            );
        }
    }

    #[test]
    fn a_refusal_soon_after_an_expected_reset_is_retried_after_minutes() {
        let reset = DailyReset {
            zone: Some(TimeZone::UTC),
        };
        let start = Instant::now();
        let evening: Timestamp = "2026-05-04T23:00:00Z".parse().unwrap();
        let mut wait = DailyWait::default();
        let mut next = |seconds: u64| {
            let passed = Duration::from_secs(seconds);
            let wall = evening + jiff::SignedDuration::from_secs(i64::try_from(seconds).unwrap());
            wait.next(&reset, wall, start + passed).as_secs()
        };
        // One hour to midnight, plus the margin of 30 s. Requests that were in flight wait for the same
        // time.
        assert_eq!((next(0), next(2)), (3630, 3628));
        assert_eq!((next(3630), next(3631), next(3930)), (300, 299, 300));
        // More than an hour late: wait for the next midnight.
        assert_eq!(next(3630 + 3600), 24 * 3600 - 3600);
    }

    #[test]
    fn without_a_time_zone_the_run_retries_every_hour() {
        let wait = DailyReset { zone: None }.wait(Timestamp::UNIX_EPOCH);
        assert_eq!(wait, Duration::from_hours(1));
    }
}
