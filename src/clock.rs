//! The wall clock: the current time as a [`Timestamp`], limited to the years that it can represent.

use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};

/// The time now. A clock beyond the year 9999 counts as the last moment of that year.
#[must_use]
pub fn now() -> Timestamp {
    timestamp(SystemTime::now())
}

fn timestamp(time: SystemTime) -> Timestamp {
    let since_epoch = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX),
        Err(before) => SignedDuration::try_from(before.duration())
            .map_or(SignedDuration::MIN, |before| -before),
    };
    Timestamp::from_duration(since_epoch).unwrap_or(if since_epoch.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_time_out_of_range_becomes_the_nearest_valid_one() {
        let after = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let before = |seconds| SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(seconds));
        for (time, expected) in [
            (after(0), Timestamp::UNIX_EPOCH),
            (
                after(1_777_886_122),
                "2026-05-04T09:15:22Z".parse().unwrap(),
            ),
            (after(400_000_000_000), Timestamp::MAX),
            (after(i64::MAX as u64), Timestamp::MAX),
            (before(1), "1969-12-31T23:59:59Z".parse().unwrap()),
            (before(i64::MAX as u64), Timestamp::MIN),
        ] {
            assert_eq!(timestamp(time.unwrap()), expected);
        }
    }
}
