//! What happened, in the past tense, for whoever shows it.

use std::time::Duration;

use super::counts::RunCounts;
use super::stop_reason::StopReason;
use crate::outcome::Outcome;
use crate::pair::{Pair, RowKey};
use crate::rate_limit::Rate;

/// One event, stamped by the dispatcher: observers never read a clock and never count.
#[derive(Debug)]
pub struct Event<'e> {
    /// Since the run started.
    pub at: Duration,
    /// What was counted so far.
    pub counts: &'e RunCounts,
    /// What happened.
    pub kind: RunEvent<'e>,
}

/// What happened.
#[derive(Debug)]
pub enum RunEvent<'e> {
    /// An attempt did not settle its row; it is sent again.
    AttemptFailed {
        /// Which row.
        key: RowKey,
        /// What it asks for.
        pair: &'e Pair,
        /// The requests sent for it so far.
        attempts: u32,
        /// What the reply said.
        why: &'e str,
        /// What HubSpot's support asks for.
        correlation_id: Option<&'e str>,
        /// How long the row waits at least.
        next_in: Duration,
    },
    /// A call for many pairs did not settle them; it is sent again.
    BatchFailed {
        /// How many.
        pairs: usize,
        /// The times that it was sent.
        attempts: u32,
        /// What the reply said.
        why: &'e str,
        /// What HubSpot's support asks for.
        correlation_id: Option<&'e str>,
        /// How long it waits at least.
        next_in: Duration,
    },
    /// A row ended, and its line is handed to the system.
    RowFinished(&'e Outcome),
    /// Everybody waits.
    Paused {
        /// For this long.
        period: Duration,
        /// Because of this.
        why: &'e str,
    },
    /// Nobody is answered any more: one request at a time asks whether the API is back.
    ApiUnreachable {
        /// What the last reply was.
        why: &'e str,
        /// For how long it is waited for.
        give_up_after: Duration,
    },
    /// The API answers again.
    ApiRecovered {
        /// How long it was away.
        after: Duration,
    },
    /// The system has no descriptor for another connection: fewer requests are in flight from now on.
    FewerConnections {
        /// So many at most.
        max: usize,
        /// What the system said.
        why: &'e str,
    },
    /// The process was stopped, or the machine slept.
    StoodStill {
        /// For so long.
        lasted: Duration,
    },
    /// Requests leave faster or slower from now on.
    RateChanged(Option<Rate>),
    /// Requests leave with another token from now on.
    TokenRefreshed,
    /// No new request leaves; those in flight may still be answered.
    Stopping {
        /// Why.
        reason: &'e StopReason,
        /// Requests that wait for their reply.
        in_flight: usize,
    },
    /// Time passed.
    Tick {
        /// The pace that is kept now.
        rate: Option<Rate>,
        /// How long everybody still waits, if they do.
        pause_remaining: Option<Duration>,
        /// Requests that wait for their reply.
        in_flight: usize,
        /// Rows that wait for their next attempt.
        waiting: usize,
    },
}

/// Shows what happened. Called synchronously, so it must not wait for anything.
pub trait Observe {
    /// How often it wants to hear that time passed: every wake-up costs more than a row does.
    fn tick_every(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// Shows `event`.
    fn on(&mut self, event: &Event<'_>);
}
