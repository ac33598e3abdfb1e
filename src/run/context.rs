//! The inputs of a run, and its result.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::domain::outcome::Outcome;
use crate::domain::property_name::PropertyName;
use crate::domain::run_counts::RunCounts;
use crate::input::error::InputError;
use crate::input::row::CheckedRow;
use crate::input::skip::Skips;
use crate::rate_limit::limiter::RateLimiter;
use crate::rate_limit::rate::Share;
use crate::run::batch::groups::BatchSettings;
use crate::run::event::Observe;
use crate::run::guards::daily_limit::DailyReset;
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::guards::time_limit::TimeLimits;
use crate::run::stop_reason::{StopReason, StopRequest};
use crate::run::write_report::WriteReport;
use crate::verdict::retry::RetryPolicy;

/// Settings of a run.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Maximum number of requests in flight.
    pub concurrency: NonZeroUsize,
    /// Settings of batch mode; without them each row has its own request.
    pub batch: Option<BatchSettings>,
    /// How often a row is attempted.
    pub retry: RetryPolicy,
    /// How many rows may end badly before the run stops.
    pub failure_limit: FailureLimit,
    /// When the run ends by itself.
    pub time_limits: TimeLimits,
    /// When the daily limit resets, if the run waits for that; without it the run stops at the daily
    /// limit.
    pub daily_reset: Option<DailyReset>,
    /// What is looked up, if the rows have keys.
    pub lookup: Option<LookupSettings>,
    /// Whether rows end once their records are found, and nothing is linked.
    pub lookup_only: bool,
    /// Which links are read or removed, if any are.
    pub links: Option<LinkSettings>,
}

/// How links are read and removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkSettings {
    /// What they are read for.
    pub purpose: LinkPurpose,
    /// Whether these calls have no rate limit.
    pub is_unlimited: bool,
    /// The share of the account's limits to use.
    pub share: Share,
}

/// What the links of pairs are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To note in the report of an import whether the pair was linked before.
    Import {
        /// Whether a pair that is linked is skipped.
        skip_existing: bool,
        /// What the labels of a link have to do with the rows.
        labels: LinkLabelUse,
    },
    /// To end each row with what was found. Nothing is linked.
    Verify {
        /// Whether the links are expected to be absent.
        expect_absent: bool,
    },
    /// To remove the link, unless it has changed, and to read back that it is gone. Nothing is linked.
    Undo,
}

/// What an import does about the labels that a link has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkLabelUse {
    /// Nothing: its rows ask for no labels.
    Ignored,
    /// They are sent with those that the row asks for, because a labelled write may replace them. A row whose links cannot be
    /// read fails.
    Kept,
    /// Only those that the row asks for are sent.
    Replaced,
}

/// How the records of rows with keys are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupSettings {
    /// The property whose values stand in the id cells of the records named first.
    pub from: Option<PropertyName>,
    /// The property whose values stand in the id cells of the records named second.
    pub to: Option<PropertyName>,
    /// Whether the search may look up values of a property that is not unique.
    pub allow_search: bool,
    /// Whether the batch reads have no rate limit. The search always has one.
    pub is_unlimited: bool,
    /// The share of the account's limits to use.
    pub share: Share,
}

/// The components that a run uses, besides the endpoint.
pub struct RunContext<'p> {
    /// Grants permits.
    pub rate_limiter: RateLimiter,
    /// Stores outcomes.
    pub report: &'p mut dyn WriteReport,
    /// Receives events.
    pub observer: &'p mut dyn Observe,
    /// The rows of the input; the channel closes at the end of the input.
    pub rows: mpsc::Receiver<Result<CheckedRow, InputError>>,
    /// Skips pairs of rows with keys, whose ids are known only after the lookup. Other rows are skipped before.
    pub skips: Skips,
    /// Counts of earlier runs with the same report; this run adds to them.
    pub previous_counts: RunCounts,
    /// Whether an earlier report has this row with the same bad outcome for the same cause. Such rows
    /// are sent again, and do not count towards the failure limit again.
    pub failed_before: Box<dyn Fn(&Outcome) -> bool + 'p>,
    /// Requests to stop.
    pub stop: mpsc::Receiver<StopRequest>,
    /// The wall clock, for timestamps.
    pub now: fn() -> Timestamp,
    /// A random number in 0.0..1.0.
    pub draw: Box<dyn FnMut() -> f64 + 'p>,
}

/// The result of a run.
#[derive(Debug)]
pub struct RunOutcome {
    /// The counts.
    pub counts: RunCounts,
    /// Why it ended before every row had an outcome, if it did.
    pub stop: Option<StopReason>,
    /// How long it took.
    pub elapsed: Duration,
}
