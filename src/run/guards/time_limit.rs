//! Limits on the time that a run takes. Pure: the time is an argument.

use std::time::Duration;

use jiff::Timestamp;

/// When a run ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeLimits {
    /// This long after its start.
    pub max_duration: Option<Duration>,
    /// At this time. If the clock is put forward, or the machine sleeps, it comes sooner.
    pub until: Option<Timestamp>,
}

/// A time limit that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLimit {
    /// The run took this long.
    MaxDuration(Duration),
    /// This time has come.
    Until(Timestamp),
}

impl TimeLimits {
    pub(crate) fn passed(&self, elapsed: Duration, now: Timestamp) -> Option<TimeLimit> {
        let duration = self.max_duration.filter(|&max| elapsed >= max);
        let until = self.until.filter(|&until| now >= until);
        duration
            .map(TimeLimit::MaxDuration)
            .or(until.map(TimeLimit::Until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_passes_when_its_time_has_come() {
        let second = Timestamp::from_second;
        let hour = Duration::from_hours(1);
        let limits = TimeLimits {
            max_duration: Some(hour),
            until: second(5000).ok(),
        };
        for (elapsed, now, passed) in [
            (0, 0, None),
            (3599, 4999, None),
            (3600, 4999, Some(TimeLimit::MaxDuration(hour))),
            (10, 5000, Some(TimeLimit::Until(second(5000).unwrap()))),
        ] {
            let elapsed = Duration::from_secs(elapsed);
            assert_eq!(limits.passed(elapsed, second(now).unwrap()), passed);
        }
        assert_eq!(
            TimeLimits::default().passed(hour, second(5000).unwrap()),
            None
        );
    }
}
