//! When a used-up daily limit is full again. Pure: the time is an argument.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::Instant;

/// The first request of a new day leaves this long after midnight: clocks differ.
const MIDNIGHT_MARGIN: Duration = Duration::from_secs(30);

/// Where midnight is not known, the API is asked again this often.
const RETRY_INTERVAL: Duration = Duration::from_hours(1);

/// A refusal this soon after a reset that was waited for means that the reset is late, or a clock fast: not that another day
/// is used up.
const SOON: Duration = Duration::from_hours(1);

/// Then the API is asked again after this.
const ASK_LATE_RESET: Duration = Duration::from_mins(5);

/// How long to wait for the next day. The limit resets at midnight in the account's time zone
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
pub(super) struct DailyWait {
    /// When the reset is expected that was waited for last.
    reset_at: Option<Instant>,
    /// Until when nothing is sent.
    until: Option<Instant>,
}

impl DailyWait {
    /// How long to wait after a refusal. `wall` is the time of day by the best clock that is known.
    pub(super) fn next(&mut self, reset: &DailyReset, wall: Timestamp, now: Instant) -> Duration {
        if let Some(left) = self
            .until
            .and_then(|until| until.checked_duration_since(now))
            && !left.is_zero()
        {
            // It was on its way when the wait began.
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

/// When the next day begins in this time zone.
#[must_use]
pub fn next_day(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let tomorrow = now.to_zoned_datetime(zone.clone()).tomorrow().ok()?;
    Some(tomorrow.start_of_day().ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_ends_after_midnight_in_the_accounts_zone_whatever_its_clocks_do() {
        for (zone, now, hours) in [
            ("UTC", "2026-05-04T09:00:00Z", 15.0),
            ("America/New_York", "2026-05-04T09:00:00Z", 19.0),
            // Clocks go back in the night before, and forward.
            ("Europe/Berlin", "2026-10-24T23:00:00Z", 24.0),
            ("Europe/Berlin", "2026-10-25T00:00:00Z", 23.0),
            ("Europe/Berlin", "2026-03-28T23:30:00Z", 22.5),
            // A day that begins at one o'clock, because its midnight does not exist.
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
    fn a_refusal_soon_after_a_reset_that_was_waited_for_is_asked_again_in_minutes() {
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
        // An hour to midnight, and half a minute more. Those that were on their way wait for the same moment.
        assert_eq!((next(0), next(2)), (3630, 3628));
        assert_eq!((next(3630), next(3631), next(3930)), (300, 299, 300));
        // Late by more than an hour: the next midnight.
        assert_eq!(next(3630 + 3600), 24 * 3600 - 3600);
    }

    #[test]
    fn without_a_zone_the_api_is_asked_again_every_hour() {
        let wait = DailyReset { zone: None }.wait(Timestamp::UNIX_EPOCH);
        assert_eq!(wait, Duration::from_hours(1));
    }
}
