//! Detects that the process stood still: it was stopped by a signal, or the machine slept. Pure: both
//! clocks are arguments.
//!
//! Failures of requests that were in flight meanwhile say little, because their connections may be gone.
//! Time during which the process could not act does not count towards its limits.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::api::response::headers::Reply;

/// Delays up to this long are normal on a busy machine.
const BUSY: Duration = Duration::from_secs(2);

/// Differences up to this long are attributed to an adjustment of the wall clock.
const CLOCK_SET: Duration = Duration::from_secs(10);

/// A standstill of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standstill {
    /// How long it lasted.
    pub(crate) lasted: Duration,
    /// The part of it that the monotonic clock counted, which all timers use. That clock counts while
    /// the process is stopped, but on most systems not while the machine sleeps.
    pub(crate) counted: Duration,
}

/// The standstills of a run.
#[derive(Debug)]
pub(crate) struct Standstills {
    count: u32,
    /// The part of their time that the monotonic clock counted.
    counted: Duration,
    /// The time of the last check, by the wall clock.
    checked: Timestamp,
}

impl Standstills {
    pub(crate) fn new(wall: Timestamp) -> Self {
        Self {
            count: 0,
            counted: Duration::ZERO,
            checked: wall,
        }
    }

    /// Checks whether the process stood still since the last check, after a wait of `planned` that took
    /// `passed` by the monotonic clock.
    pub(crate) fn check(
        &mut self,
        planned: Duration,
        passed: Duration,
        wall: Timestamp,
    ) -> Option<Standstill> {
        let before = std::mem::replace(&mut self.checked, wall);
        let found = standstill(planned, passed, wall.duration_since(before))?;
        self.count += 1;
        self.counted += found.counted;
        Some(found)
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The part of their time that the monotonic clock counted.
    pub(crate) fn counted(&self) -> Duration {
        self.counted
    }
}

/// Whether a request may have got no reply because the process stood still.
pub(crate) fn may_be_caused_by_standstill(reply: &Reply) -> bool {
    matches!(
        reply,
        Reply::TimedOut | Reply::Disconnected { .. } | Reply::InvalidHttp { .. }
    )
}

/// Returns the standstill, if there was one, when a wait of `planned` took `passed` by the monotonic
/// clock and `wall` by the wall clock.
fn standstill(planned: Duration, passed: Duration, wall: SignedDuration) -> Option<Standstill> {
    let counted = passed.saturating_sub(planned);
    let counted = if counted >= BUSY {
        counted
    } else {
        Duration::ZERO
    };
    let wall = Duration::try_from(wall).unwrap_or_default();
    let asleep = wall.saturating_sub(passed);
    let asleep = if asleep >= CLOCK_SET {
        asleep
    } else {
        Duration::ZERO
    };
    let lasted = counted + asleep;
    (!lasted.is_zero()).then_some(Standstill { lasted, counted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_and_a_sleep_are_distinguished_from_a_busy_machine_and_a_clock_that_is_set() {
        let still = |lasted, counted| {
            let [lasted, counted] = [lasted, counted].map(Duration::from_millis);
            Some(Standstill { lasted, counted })
        };
        for (passed, wall, expected) in [
            (500, 500, None),
            (2400, 2400, None),
            (60_500, 60_500, still(60_000, 60_000)),
            (500, 9_000, None),
            (500, 3_600_500, still(3_600_000, 0)),
            (500, -3_600_000, None),
            (60_500, -1, still(60_000, 60_000)),
            (60_500, 120_500, still(120_000, 60_000)),
        ] {
            let found = standstill(
                Duration::from_millis(500),
                Duration::from_millis(passed),
                SignedDuration::from_millis(wall),
            );
            assert_eq!(found, expected, "{passed} {wall}");
        }
    }
}
