//! What a run is handed, and what it hands back.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::batch::BatchSettings;
use super::counts::RunCounts;
use super::daily_limit::DailyReset;
use super::error_budget::ErrorBudget;
use super::stop_reason::{StopReason, StopRequest};
use super::time_limit::TimeLimits;
use crate::input::{CheckedRow, InputError};
use crate::outcome::Outcome;
use crate::rate_limit::RateLimiter;
use crate::verdict::RetryPolicy;

/// What the run needs to know.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Requests in flight at most.
    pub concurrency: NonZeroUsize,
    /// How many pairs are sent with one call; without it each row has its own request.
    pub batch: Option<BatchSettings>,
    /// How often a row is sent.
    pub retry: RetryPolicy,
    /// How much may go wrong.
    pub error_budget: ErrorBudget,
    /// When it is to end by itself.
    pub time_limits: TimeLimits,
    /// What is waited for when the daily limit is used up; without it the run stops.
    pub daily_reset: Option<DailyReset>,
}

/// Everybody whom the run calls.
pub struct RunContext<'p, E, W, O> {
    /// Answers requests.
    pub endpoint: E,
    /// Gives turns.
    pub rate_limiter: RateLimiter,
    /// Keeps outcomes.
    pub report: &'p mut W,
    /// Shows what happens.
    pub observer: &'p mut O,
    /// Brings rows; its end is the input's end.
    pub rows: mpsc::Receiver<Result<CheckedRow, InputError>>,
    /// What earlier runs wrote into the same report; counted on from.
    pub previous_counts: RunCounts,
    /// Whether an earlier report has this row with the same bad outcome for the same cause. Such rows are sent
    /// again, and do not spend the error budget again.
    pub failed_before: Box<dyn Fn(&Outcome) -> bool + 'p>,
    /// Asks to stop.
    pub stop: mpsc::Receiver<StopRequest>,
    /// The wall clock, for stamps.
    pub now: fn() -> Timestamp,
    /// Chance: draws from 0.0..1.0.
    pub draw: Box<dyn FnMut() -> f64 + 'p>,
}

/// How a run ended.
#[derive(Debug)]
pub struct RunOutcome {
    /// What was counted.
    pub counts: RunCounts,
    /// Why it ended before all rows had theirs, if it did.
    pub stop: Option<StopReason>,
    /// How long it took.
    pub elapsed: Duration,
}
