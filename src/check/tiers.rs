//! Calls → hours and days at each of HubSpot's quotas.

use std::time::Duration;

use serde::Serialize;

/// The maximum number of pairs in one call of the batch form
/// (<https://developers.hubspot.com/docs/api-reference/legacy/crm/associations/associate-records/guide>).
pub const BATCH_SIZE: u64 = 2000;

/// A quota that an account may have for associations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tier {
    /// The accounts that have it.
    pub name: &'static str,
    /// Calls in any ten seconds.
    pub per_10_seconds: u64,
    /// Calls in a calendar day of the account; `None` where HubSpot states none.
    pub per_day: Option<u64>,
}

/// The quotas, the lowest first: the lower ones of those for associations
/// (<https://developers.hubspot.com/docs/api-reference/legacy/crm/associations/associate-records/guide>) and of
/// those for all calls (<https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>).
pub const TIERS: [Tier; 4] = [
    Tier {
        name: "Free, Starter",
        per_10_seconds: 100,
        per_day: Some(250_000),
    },
    Tier {
        name: "public app (OAuth)",
        per_10_seconds: 110,
        per_day: None,
    },
    Tier {
        name: "Professional, Enterprise",
        per_10_seconds: 150,
        per_day: Some(500_000),
    },
    Tier {
        name: "with API limit increase",
        per_10_seconds: 200,
        per_day: Some(1_000_000),
    },
];

/// The quotas for lookups by batch read, in the order of [`TIERS`]: those for all calls, which are higher than those for
/// associations (<https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>).
pub const LOOKUP_TIERS: [Tier; 4] = [
    TIERS[0],
    TIERS[1],
    Tier {
        per_10_seconds: 190,
        ..TIERS[2]
    },
    Tier {
        per_10_seconds: 250,
        ..TIERS[3]
    },
];

/// The time for a number of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimeNeeded {
    /// Seconds of sending, without the waits for the next day.
    pub seconds: u64,
    /// Calendar days on which calls are sent, if the first call is sent at the start of a day.
    pub days: u64,
}

impl Tier {
    /// The time for `calls` at this quota.
    #[must_use]
    pub fn time_for(self, calls: u64) -> TimeNeeded {
        const DAY: u64 = 24 * 60 * 60;
        // The calls of one window are sent immediately; the time between the first and the last call counts.
        let seconds = calls.saturating_mul(10).div_ceil(self.per_10_seconds);
        let a_day = (DAY / 10 * self.per_10_seconds).min(self.per_day.unwrap_or(u64::MAX));
        TimeNeeded {
            seconds,
            days: calls.div_ceil(a_day),
        }
    }
}

impl TimeNeeded {
    /// The time of sending.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_take_the_time_that_the_window_and_the_day_allow() {
        for (tier, calls, seconds, days) in [
            (TIERS[0], 0, 0, 0),
            (TIERS[0], 1, 1, 1),
            (TIERS[0], 250_000, 25_000, 1),
            (TIERS[0], 250_001, 25_001, 2),
            (TIERS[1], 950_400, 86_400, 1),
            (TIERS[1], 950_401, 86_401, 2),
            (TIERS[2], 500_000, 33_334, 1),
            (TIERS[2], 2_000_000, 133_334, 4),
            (TIERS[3], 2_000_000, 100_000, 2),
        ] {
            assert_eq!(tier.time_for(calls), TimeNeeded { seconds, days });
        }
    }
}
