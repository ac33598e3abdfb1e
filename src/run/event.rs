//! The events that a run emits to its observer.

use std::time::Duration;

use crate::domain::outcome::Outcome;
use crate::domain::pair::{Pair, RowKey};
use crate::domain::run_counts::RunCounts;
use crate::rate_limit::rate::Rate;
use crate::run::stop_reason::StopReason;

/// One event, with its timestamp and the counts: observers never read a clock and never count.
#[derive(Debug)]
pub struct Event<'e> {
    /// Time since the run started.
    pub at: Duration,
    /// The counts so far.
    pub counts: &'e RunCounts,
    /// The event.
    pub kind: RunEvent<'e>,
}

/// The kinds of events.
#[derive(Debug)]
pub enum RunEvent<'e> {
    /// An attempt did not finish its row; the row will be sent again.
    AttemptFailed {
        /// Row and line number.
        key: RowKey,
        /// The pair of the row.
        pair: &'e Pair,
        /// The attempts so far.
        attempts: u32,
        /// What the reply said.
        why: &'e str,
        /// The correlation id, which HubSpot's support needs.
        correlation_id: Option<&'e str>,
        /// Minimum time until the next attempt.
        next_in: Duration,
    },
    /// A batch request did not finish its rows; it will be sent again.
    BatchFailed {
        /// The number of its pairs.
        pairs: usize,
        /// The attempts so far.
        attempts: u32,
        /// What the reply said.
        why: &'e str,
        /// The correlation id, which HubSpot's support needs.
        correlation_id: Option<&'e str>,
        /// Minimum time until the next attempt.
        next_in: Duration,
    },
    /// A lookup did not get its results; it will be sent again.
    LookupFailed {
        /// The number of its keys.
        keys: usize,
        /// The attempts so far.
        attempts: u32,
        /// What the reply said.
        why: &'e str,
        /// The correlation id, which HubSpot's support needs.
        correlation_id: Option<&'e str>,
        /// Minimum time until the next attempt.
        next_in: Duration,
    },
    /// A call that reads or removes links, or reads records, has no result; it will be sent again.
    LinkCallFailed {
        /// The number of its records, or of the pairs of a removal.
        items: usize,
        /// Whether it removes links.
        removes: bool,
        /// The attempts so far.
        attempts: u32,
        /// What the reply said.
        why: &'e str,
        /// The correlation id, which HubSpot's support needs.
        correlation_id: Option<&'e str>,
        /// Minimum time until the next attempt.
        next_in: Duration,
    },
    /// A row finished, and its report line was flushed.
    RowFinished(&'e Outcome),
    /// All requests pause.
    Paused {
        /// How long.
        period: Duration,
        /// The reason.
        why: &'e str,
    },
    /// The lookups by one call pause; other requests do not.
    LookupsPaused {
        /// How long.
        period: Duration,
        /// The reason.
        why: &'e str,
    },
    /// The calls that read or remove links pause; other requests do not.
    LinkCallsPaused {
        /// How long.
        period: Duration,
        /// The reason.
        why: &'e str,
    },
    /// The calls that read whether records exist pause; other requests do not.
    RecordReadsPaused {
        /// How long.
        period: Duration,
        /// The reason.
        why: &'e str,
    },
    /// The API is unreachable: single requests probe whether it is back.
    ApiUnreachable {
        /// What the last reply was.
        why: &'e str,
        /// How long the run keeps probing before it gives up.
        give_up_after: Duration,
    },
    /// The API is reachable again.
    ApiRecovered {
        /// How long it was unreachable.
        after: Duration,
    },
    /// The system has no file descriptor for another connection: fewer requests are in flight from now
    /// on.
    FewerConnections {
        /// Maximum number of requests in flight.
        max: usize,
        /// The error of the system.
        why: &'e str,
    },
    /// The process was stopped, or the machine slept.
    StoodStill {
        /// How long.
        lasted: Duration,
    },
    /// The rate limit was raised or lowered.
    RateChanged(Option<Rate>),
    /// The access token was refreshed.
    TokenRefreshed,
    /// No new request is sent; requests in flight may still get replies.
    Stopping {
        /// The reason.
        reason: &'e StopReason,
        /// Requests without a reply yet.
        in_flight: usize,
    },
    /// Emitted at regular intervals.
    Tick {
        /// The current rate.
        rate: Option<Rate>,
        /// How long all requests are still paused, if they are.
        pause_remaining: Option<Duration>,
        /// Rows that wait for their next attempt.
        waiting: usize,
    },
}

/// Receives events. Called synchronously, so it must not block.
pub trait Observe {
    /// The interval of [`RunEvent::Tick`]. Every wake-up costs more than a row.
    fn tick_every(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// Handles `event`.
    fn on(&mut self, event: &Event<'_>);
}
