//! The run: rows in, outcomes out, nothing in between that grows with the input.
//!
//! ```text
//!  input::Input      rows, read on a thread of their own
//!     │ bounded channel: reading waits while every slot is busy
//!     ▼
//!  dispatcher        one task that decides everything; takes a turn at pace::Gate for each request
//!     │ one worker per request in flight          ▲
//!     ▼                                           │ Verdict::Again: waits, holding neither turn nor slot
//!  api::Endpoint     one PUT → Reply ─► verdict ──┘
//!     │ Verdict::Settle
//!     ▼
//!  1. WriteReport    the outcome is handed to the system
//!  2. Tally          the outcome is counted
//!  3. Observe        the outcome is shown
//! ```
//!
//! The run knows neither HTTP nor files nor the terminal: it calls whoever it was handed.

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

/// Work on the report that may take long, because a disk may be slow: it is done beside the run.
pub type ReportJob = Box<dyn FnOnce() -> io::Result<()> + Send>;

/// Where outcomes are kept. An outcome counts only once the job that hands it over has returned.
pub trait WriteReport {
    /// Takes one more line; it stays in memory until the next hand-over.
    fn add(&mut self, outcome: &Outcome);

    /// Whether so much is kept in memory that handing it over should not wait.
    fn is_full(&self) -> bool;

    /// What gives everything added so far to the system; a crash of this program cannot lose it
    /// afterwards. One such job is done before the next one is asked for.
    fn flush(&mut self) -> ReportJob;

    /// What brings everything handed over so far to the disk; `None` if nothing new was handed over.
    fn sync(&mut self) -> Option<ReportJob>;
}
