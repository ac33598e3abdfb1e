//! When the daily limit resets, as clock times. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::run::guards::daily_limit::next_day;

const MINUTE: &str = "%F %H:%M";

/// When the account's daily limit resets: in the account's time zone if it is known, in UTC, and in the time zone of
/// this machine.
#[must_use]
pub fn daily_reset(now: Timestamp, account: Option<&TimeZone>, here: &TimeZone) -> String {
    let reset = account.and_then(|zone| Some((zone, next_day(now, zone)?)));
    let (what, moment) = match reset {
        Some((zone, moment)) => {
            let there = moment.to_zoned_datetime(zone.clone());
            let name = zone.iana_name().unwrap_or("its offset");
            let there = there.strftime(MINUTE);
            (
                format!("at {there} in the account's time zone ({name}), which is "),
                moment,
            )
        }
        // In any time zone, the next midnight is at most a day away.
        None => (
            "at midnight in the account's time zone, at the latest at ".to_owned(),
            now.checked_add(SignedDuration::from_hours(24))
                .unwrap_or(now),
        ),
    };
    let in_zone = |zone| moment.to_zoned_datetime(zone).strftime(MINUTE).to_string();
    let utc = in_zone(TimeZone::UTC);
    let local = in_zone(here.clone());
    if local == utc {
        format!("{what}{utc} UTC")
    } else {
        format!("{what}{utc} UTC, {local} on this machine")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reset_is_shown_as_a_clock_time_for_any_account() {
        let now: Timestamp = "2026-05-04T09:15:00Z".parse().unwrap();
        let zone = |name| TimeZone::get(name).unwrap();
        for (account, here, expected) in [
            (
                Some("America/New_York"),
                "UTC",
                "at 2026-05-05 00:00 in the account's time zone (America/New_York), which is 2026-05-05 04:00 UTC",
            ),
            (
                Some("America/New_York"),
                "Europe/Berlin",
                "at 2026-05-05 00:00 in the account's time zone (America/New_York), which is 2026-05-05 04:00 UTC, \
                 2026-05-05 06:00 on this machine",
            ),
            (
                None,
                "UTC",
                "at midnight in the account's time zone, at the latest at 2026-05-05 09:15 UTC",
            ),
            (
                None,
                "Asia/Tokyo",
                "at midnight in the account's time zone, at the latest at 2026-05-05 09:15 UTC, 2026-05-05 18:15 on this \
                 machine",
            ),
        ] {
            let account = account.map(zone);
            assert_eq!(daily_reset(now, account.as_ref(), &zone(here)), expected);
        }
    }
}
