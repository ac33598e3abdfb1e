//! Whether the process stood still: stopped by a signal, or with the machine asleep. Pure: both clocks are arguments.
//!
//! What was in flight meanwhile says little: its connections may be gone. And time in which nothing could be done is not
//! time that was spent.

use std::time::Duration;

use jiff::SignedDuration;

/// A busy machine may be this late.
const BUSY: Duration = Duration::from_secs(2);

/// The wall clock may be set by this much.
const CLOCK_SET: Duration = Duration::from_secs(10);

/// The process stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standstill {
    /// For how long.
    pub(super) lasted: Duration,
    /// How much of that the clock counts that everything waits by. It counts while the process is stopped, and on most
    /// systems not while the machine sleeps.
    pub(super) counted: Duration,
}

/// Whether it stood still, when a wait of `planned` took `passed` by the clock that everything waits by, and `wall` by
/// the wall clock.
pub(super) fn standstill(
    planned: Duration,
    passed: Duration,
    wall: SignedDuration,
) -> Option<Standstill> {
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
