//! Keeps the time: one turn after the other, at the pace that [`Control`] decides.
//!
//! All waiting is tokio's, so that tests can hold the clock. governor only ever says yes or not yet;
//! its own timers are not used, because a paused clock would not reach them.

use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota as Turns, RateLimiter};
use tokio::time::Instant;

use super::control::{Control, Observation, Pace};

/// The window is kept this much longer than announced: what leaves here evenly arrives there with
/// jitter, and the server's window is as strict as its clock.
const MARGIN: f64 = 1.01;

type Limiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Nanos>>;

/// Tokio's clock in the form that governor reads.
#[derive(Clone, Copy, Debug)]
struct TokioClock {
    start: Instant,
}

impl Clock for TokioClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.start.elapsed().into()
    }
}

/// Lets one request through after the other.
#[derive(Debug)]
pub struct Gate {
    control: Control,
    clock: TokioClock,
    /// The pace that `limiter` was made for.
    pace: Option<Pace>,
    limiter: Option<Limiter>,
    quiet_until: Option<Instant>,
}

impl Gate {
    /// A gate whose first turn is free at once.
    #[must_use]
    pub fn new(control: Control) -> Self {
        let clock = TokioClock {
            start: Instant::now(),
        };
        let pace = control.pace();
        Self {
            limiter: pace.map(|pace| limiter(pace, clock)),
            control,
            clock,
            pace,
            quiet_until: None,
        }
    }

    /// Waits for a turn. Safe to drop while it waits: a turn is taken only by returning.
    pub async fn turn(&mut self) {
        while let Err(not_before) = self.try_turn() {
            tokio::time::sleep_until(not_before).await;
        }
    }

    /// Takes a turn, or says when to ask again.
    pub fn try_turn(&mut self) -> Result<(), Instant> {
        let now = Instant::now();
        match self.quiet_until {
            Some(until) if now < until => return Err(until),
            _ => self.quiet_until = None,
        }
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        limiter.check().map_err(|not_yet| {
            let at: Duration = not_yet
                .earliest_possible()
                .duration_since(Nanos::from(0))
                .into();
            self.clock.start + at
        })
    }

    /// Learns from a reply.
    pub fn observe(&mut self, observation: Observation) {
        self.control
            .observe(self.clock.start.elapsed(), observation);
        let pace = self.control.pace();
        if pace != self.pace {
            self.pace = pace;
            self.limiter = pace.map(|pace| {
                let limiter = limiter(pace, self.clock);
                // A new limiter would let one request through at once, whenever the last one left.
                drop(limiter.check());
                limiter
            });
        }
    }

    /// Lets nobody through for `period`, or longer if that was said before.
    pub fn be_quiet(&mut self, period: Duration) {
        let until = Instant::now() + period;
        self.quiet_until = Some(self.quiet_until.map_or(until, |known| known.max(until)));
    }

    /// The pace that is kept now; `None` means none.
    #[must_use]
    pub fn pace(&self) -> Option<Pace> {
        self.pace
    }

    /// How long everybody still has to wait, if they do.
    #[must_use]
    pub fn quiet_for(&self) -> Option<Duration> {
        self.quiet_until?.checked_duration_since(Instant::now())
    }
}

fn limiter(pace: Pace, clock: TokioClock) -> Limiter {
    let period = pace.window().mul_f64(MARGIN) / pace.requests();
    // A period below governor's resolution is as good as one at it.
    let turns = Turns::with_period(period.max(Duration::from_nanos(1)));
    RateLimiter::direct_with_clock(turns.expect("the period is not zero"), clock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Quota;
    use crate::pace::RateSetting;

    /// The times, in milliseconds, at which `count` turns come.
    async fn turns(gate: &mut Gate, start: Instant, count: usize) -> Vec<u128> {
        let mut times = vec![];
        for _ in 0..count {
            gate.turn().await;
            times.push(start.elapsed().as_millis());
        }
        times
    }

    fn gate(rate: &str) -> (Gate, Instant) {
        (
            Gate::new(Control::new(rate.parse().unwrap())),
            Instant::now(),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn turns_come_evenly_and_no_window_has_more_than_its_limit() {
        let (mut gate, start) = gate("100/10s");
        let times = turns(&mut gate, start, 1000).await;
        for window in times.windows(101) {
            assert!(window[100] - window[0] >= 10_000, "{window:?}");
        }
        // 999 periods at 99 % of the limit.
        assert_eq!(times[999], 100_899);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_every_turn_is_free() {
        let (mut gate, start) = gate("unlimited");
        assert_eq!(turns(&mut gate, start, 1000).await, [0; 1000]);
    }

    #[tokio::test(start_paused = true)]
    async fn quiet_holds_everybody_until_the_last_period_that_was_asked_for() {
        let (mut gate, start) = gate("unlimited");
        gate.be_quiet(Duration::from_secs(10));
        gate.be_quiet(Duration::from_secs(3));
        assert_eq!(gate.quiet_for(), Some(Duration::from_secs(10)));
        assert_eq!(turns(&mut gate, start, 2).await, [10_000, 10_000]);
        assert_eq!(gate.quiet_for(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_nobody_waited_for_to_the_end_is_not_lost() {
        let (mut gate, start) = gate("1/s");
        gate.turn().await;
        for _ in 0..5 {
            let waited = tokio::time::timeout(Duration::from_millis(100), gate.turn()).await;
            assert!(waited.is_err());
        }
        assert_eq!(turns(&mut gate, start, 1).await, [1010]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pace_that_changes_does_not_burst() {
        let mut gate = Gate::new(Control::new(RateSetting::Auto));
        let start = Instant::now();
        let mut times = vec![];
        for max in (0..200).map(|index| 100 + index % 2) {
            gate.turn().await;
            times.push(start.elapsed());
            let quota = Quota {
                max: Some(max),
                ..Quota::default()
            };
            gate.observe(Observation::Answered(quota));
        }
        for window in times.windows(102) {
            assert!(window[0] + Duration::from_secs(10) <= window[101]);
        }
    }
}
