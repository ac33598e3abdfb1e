//! The run: rows in, outcomes out, nothing in between that grows with the input.
//!
//! ```text
//!  input::Input      rows, read on a thread of their own
//!     │ bounded channel: reading waits while every slot is busy
//!     ▼
//!  dispatcher        one task that decides everything; takes a turn at pace::Gate for each request
//!     │ one task per request in flight            ▲
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

mod daily;
mod dispatcher;
mod event;
mod outbox;
mod parts;
mod queue;
mod row;
mod stop;
mod tally;
#[cfg(test)]
mod tests;

use std::io;

pub use daily::DailyReset;
pub use dispatcher::run;
pub use event::{Event, Observe, RunEvent};
pub use parts::{Ending, Parts, RunSettings};
pub use stop::{Alike, Signal, Stop, StopReason};
pub use tally::{CategoryCount, Tally};

use crate::outcome::Outcome;

/// Where outcomes are kept. An outcome counts only once [`WriteReport::hand_over`] has returned.
pub trait WriteReport {
    /// Takes one more line; it may stay in memory until the next hand-over.
    fn add(&mut self, outcome: &Outcome);

    /// Whether so much is kept in memory that handing it over should not wait.
    fn is_full(&self) -> bool;

    /// Gives everything added so far to the system; a crash of this program cannot lose it afterwards.
    fn hand_over(&mut self) -> io::Result<()>;

    /// What brings everything handed over so far to the disk. It may take long, so it is run beside
    /// the run; `None` if nothing new was handed over.
    fn sync(&mut self) -> Option<Box<dyn FnOnce() -> io::Result<()> + Send>>;
}
