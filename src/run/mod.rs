//! The run: sends the rows of the input and writes an outcome for each. Memory use does not grow with
//! the input.
//!
//! ```text
//!  input::Input      rows, read on a separate thread
//!     │ bounded channel: reading waits while all slots are busy
//!     ▼
//!  dispatcher        one task that decides everything; takes a permit from rate_limit::RateLimiter per request
//!     │ one worker per request in flight          ▲
//!     ▼                                           │ Verdict::Retry: waits without a permit or a slot
//!  api::Endpoint     one PUT → Reply ─► verdict ──┘
//!     │ Verdict::Finish
//!     ▼
//!  1. WriteReport    the outcome is flushed
//!  2. RunCounts      the outcome is counted
//!  3. Observe        the outcome is shown
//! ```
//!
//! The run does not depend on HTTP, files or the terminal: it calls the components in [`RunContext`].

mod batch;
mod commit_queue;
mod context;
mod counts;
mod daily_limit;
mod descriptors;
mod dispatcher;
mod error_budget;
mod event;
mod outage;
mod queue;
mod reusable_timer;
mod row;
mod standstill;
mod stop_reason;
mod suspects;
#[cfg(test)]
mod tests;
mod time_limit;
mod worker_pool;

use std::io;

pub use batch::BatchSettings;
pub use context::{RunContext, RunOutcome, RunSettings};
pub use counts::{CategoryCount, Daily, Example, RunCounts};
pub use daily_limit::{DailyReset, next_day};
pub use dispatcher::run;
pub use error_budget::{BudgetExceeded, BudgetLimit, ErrorBudget};
pub use event::{Event, Observe, RunEvent};
pub use row::{skipped_outcome, target_of};
pub use stop_reason::{Signal, StopReason, StopRequest, UniformFailure};
pub use time_limit::{TimeLimit, TimeLimits};

use crate::outcome::Outcome;

/// A flush or sync of the report. It may take long on a slow disk, so it runs on a blocking thread.
pub type ReportJob = Box<dyn FnOnce() -> io::Result<()> + Send>;

/// Where outcomes are stored. An outcome counts only once the job that flushes it has returned.
pub trait WriteReport {
    /// Adds a line; it stays in memory until the next flush.
    fn add(&mut self, outcome: &Outcome);

    /// Whether the buffer is so full that it should be flushed now.
    fn is_full(&self) -> bool;

    /// Returns the job that writes everything added so far to the operating system; afterwards a crash
    /// of this program cannot lose it. Each job completes before the next one is requested.
    fn flush(&mut self) -> ReportJob;

    /// Returns the job that syncs everything flushed so far to disk; `None` if nothing new was flushed.
    fn sync(&mut self) -> Option<ReportJob>;
}
