//! How much of the quota a run used, and what limited it. Pure.

use std::time::Duration;

/// The minimum duration for a meaningful share: the length of HubSpot's window.
const MIN_TIME: Duration = Duration::from_secs(10);

/// Why less than the account's limit is used at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitingFactor {
    /// HubSpot, or the network to it, was unreachable.
    Outage,
    /// All requests were paused after a 429, or because the server asked for it.
    Paused,
    /// The rate was lowered after a 429.
    Throttled,
    /// Other clients use the same quota.
    CompetingUsage,
    /// `--share` leaves a part to other clients.
    Share,
    /// `--rate` is below the limit.
    Rate,
    /// `--concurrency` requests were in flight: the server is slow.
    Concurrency,
    /// There was no row to send: the input is slow, or all remaining rows waited for a retry.
    NoRow,
}

impl LimitingFactor {
    const ALL: [Self; 8] = [
        Self::Outage,
        Self::Paused,
        Self::Throttled,
        Self::CompetingUsage,
        Self::Share,
        Self::Rate,
        Self::Concurrency,
        Self::NoRow,
    ];

    /// The text in the summary.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Outage => "HubSpot was unreachable for a while",
            Self::Paused => "requests were paused after 429s",
            Self::Throttled => "the rate was lowered after 429s",
            Self::CompetingUsage => "other clients used the same quota",
            Self::Share => "`--share` left the rest",
            Self::Rate => "`--rate` is lower than the limit",
            Self::Concurrency => {
                "the server was slow: a higher `--concurrency`, or `--batch-concurrency`, may help"
            }
            Self::NoRow => "there were no rows to send",
        }
    }
}

/// The allowed and the used quota, summed over a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utilization {
    time: Duration,
    allowed: f64,
    lost: [Duration; LimitingFactor::ALL.len()],
}

impl Utilization {
    /// Adds a period in which the account allowed `per_second` requests, and less was used because of `why`, if so.
    pub fn add(&mut self, time: Duration, per_second: f64, why: Option<LimitingFactor>) {
        self.time += time;
        self.allowed += per_second * time.as_secs_f64();
        if let Some(why) = why {
            self.lost[why as usize] += time;
        }
    }

    /// `requests` as a share of the allowed number, and the longest-lasting limiting factor. `None` where no rate
    /// limit applied, or for too short a time to be meaningful.
    #[must_use]
    pub fn of(&self, requests: u64) -> Option<(f64, Option<LimitingFactor>)> {
        if self.time < MIN_TIME {
            return None;
        }
        // The first request is sent before any time has passed.
        let share = (requests.saturating_sub(1) as f64 / self.allowed).min(1.0);
        let most = LimitingFactor::ALL
            .into_iter()
            .max_by_key(|&why| self.lost[why as usize]);
        let why = most.filter(|&why| !self.lost[why as usize].is_zero());
        Some((share, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_used_over_allowed_and_the_factor_is_the_longest_lasting() {
        let mut utilization = Utilization::default();
        assert_eq!(utilization.of(0), None);
        utilization.add(Duration::from_secs(9), 10.0, None);
        assert_eq!(utilization.of(90), None, "too short to be meaningful");
        utilization.add(Duration::from_secs(51), 10.0, None);
        utilization.add(Duration::from_secs(10), 10.0, Some(LimitingFactor::Paused));
        utilization.add(
            Duration::from_secs(30),
            10.0,
            Some(LimitingFactor::CompetingUsage),
        );
        assert_eq!(
            utilization.of(751),
            Some((0.75, Some(LimitingFactor::CompetingUsage)))
        );
        assert_eq!(
            utilization.of(5000),
            Some((1.0, Some(LimitingFactor::CompetingUsage)))
        );
    }

    #[test]
    fn every_limiting_factor_is_counted_at_its_own_index() {
        for (index, why) in LimitingFactor::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, index);
        }
    }
}
