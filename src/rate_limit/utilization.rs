//! How much of the quota a run used, and what kept it from using more. Pure.

use std::time::Duration;

use super::rate::Rate;

/// A share of less than this says nothing: HubSpot's window is as long.
const MIN_TIME: Duration = Duration::from_secs(10);

/// Why less than the account's limit is used at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitingFactor {
    /// The API, or the network to it, was away.
    Outage,
    /// Everybody waited after a 429, or because the server asked.
    Paused,
    /// The pace is kept low after a 429.
    Throttled,
    /// Others use the same quota.
    CompetingUsage,
    /// `--share` leaves a part to others.
    Share,
    /// `--rate` is below the limit.
    Rate,
    /// As many requests were in flight as `--concurrency` allows: the server is slow.
    Concurrency,
    /// There was no row to send: the input is slow, or all that was left waited for another attempt.
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

    /// As the summary says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Outage => "HubSpot answered nobody for a while",
            Self::Paused => "waiting after 429s",
            Self::Throttled => "kept lower after 429s",
            Self::CompetingUsage => "others used the same quota",
            Self::Share => "`--share` left the rest",
            Self::Rate => "`--rate` is lower than the limit",
            Self::Concurrency => {
                "the server was slow: a higher `--concurrency`, or `--batch-concurrency`, may help"
            }
            Self::NoRow => "there were no rows to send",
        }
    }
}

/// What was allowed and what was used, added up over a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Utilization {
    time: Duration,
    allowed: f64,
    lost: [Duration; LimitingFactor::ALL.len()],
}

impl Utilization {
    /// For `time`, the account allowed this pace, and less was used because of `why`, if it was.
    pub fn add(&mut self, time: Duration, account: Rate, why: Option<LimitingFactor>) {
        self.time += time;
        self.allowed += account.per_second() * time.as_secs_f64();
        if let Some(why) = why {
            self.lost[why as usize] += time;
        }
    }

    /// The share of what was allowed that `requests` are, and what kept it from being more for the
    /// longest time. `None` where nothing was paced, or not for long enough to tell.
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
    fn the_share_is_what_was_used_of_what_was_allowed_and_why_the_longest_cause() {
        let rate_limit: Rate = "100/10s".parse().unwrap();
        let mut utilization = Utilization::default();
        assert_eq!(utilization.of(0), None);
        utilization.add(Duration::from_secs(9), rate_limit, None);
        assert_eq!(utilization.of(90), None, "too short to tell");
        utilization.add(Duration::from_secs(51), rate_limit, None);
        utilization.add(
            Duration::from_secs(10),
            rate_limit,
            Some(LimitingFactor::Paused),
        );
        utilization.add(
            Duration::from_secs(30),
            rate_limit,
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
    fn every_cause_is_counted_where_it_is_listed() {
        for (index, why) in LimitingFactor::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, index);
        }
    }
}
