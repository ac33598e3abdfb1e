//! Converts the time since the start to wall time, so that all other code uses a single kind of time.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// The UTC offset of the account's time zone. Bogota has no daylight saving time, so name and offset agree all year.
pub(crate) const UTC_OFFSET: Duration = Duration::from_hours(5);
/// The account's time zone, [`UTC_OFFSET`] behind UTC.
pub(crate) const TIME_ZONE: &str = "America/Bogota";

const DAY: Duration = Duration::from_hours(24);

/// The wall time at the start.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// Since the Unix epoch.
    started: Duration,
}

impl Clock {
    pub(crate) fn new(started: SystemTime) -> Self {
        Self {
            started: started
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default(),
        }
    }

    /// The wall time at `now`, a time since the start.
    pub(crate) fn wall(self, now: Duration) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.started + now
    }

    /// The wall time at `now` in HubSpot's format: `2026-05-04T09:15:22.031Z`.
    pub(crate) fn stamp(self, now: Duration) -> String {
        match Timestamp::try_from(self.wall(now)) {
            Ok(timestamp) => format!("{timestamp:.3}"),
            // Reached only with a clock set thousands of years ahead.
            Err(_) => String::new(),
        }
    }

    /// The end of the account's day that contains `now`, as a time since the start.
    pub(crate) fn midnight_after(self, now: Duration) -> Duration {
        let local = (self.started + now).saturating_sub(UTC_OFFSET);
        let days_over = local.as_secs() / DAY.as_secs();
        let midnight = DAY * u32::try_from(days_over + 1).unwrap_or(u32::MAX);
        now + midnight.saturating_sub(local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_carry_milliseconds_and_are_utc() {
        let clock = Clock::new(SystemTime::UNIX_EPOCH + Duration::from_millis(1_777_886_122_031));
        assert_eq!(clock.stamp(Duration::ZERO), "2026-05-04T09:15:22.031Z");
        assert_eq!(
            clock.stamp(Duration::from_millis(969)),
            "2026-05-04T09:15:23.000Z"
        );
    }

    #[test]
    fn the_day_ends_at_midnight_in_the_accounts_time_zone() {
        let clock = Clock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_886_122));
        let midnight = clock.midnight_after(Duration::ZERO);
        assert_eq!(clock.stamp(midnight), "2026-05-05T05:00:00.000Z");
        assert_eq!(clock.midnight_after(midnight), midnight + DAY);
    }
}
