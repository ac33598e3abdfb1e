//! The run: rows in, outcomes out. Memory does not grow with the input.
//!
//! ```text
//!  input::csv_input    rows, read on a thread of their own
//!     │ bounded channel: reading waits while all workers are busy
//!     ▼
//!  dispatcher          one task that decides everything; needs a permit of the rate limiter for each request
//!     │ one worker per request in flight          ▲
//!     ▼                                           │ Action::Retry: waits without permit and worker
//!  api::endpoint       one call → Reply ─► handler ─┘
//!     │ Action::Finish
//!     ▼
//!  1. WriteReport      the outcome is written
//!  2. RunCounts        the outcome is counted
//!  3. Observe          the outcome is shown
//! ```
//!
//! In a run with keys, every row first waits in `lookup` for the records of its keys. In a run that reads links, it then
//! waits in `links` for what is read; in `verify` and `undo` it ends there.
//!
//! Rows, batches, lookups and calls about links are kinds of requests. Each kind is a job with a `RequestState`, a worker pool, and a
//! method of the dispatcher that applies the action of the reply handler to the job. The handler decides for
//! all kinds: retries, outages, the token, the daily limit, and the end of the run.
//!
//! The run knows neither HTTP nor files nor the terminal: it calls what `context` holds.

pub mod batch;
pub mod commit_queue;
pub mod context;
pub mod delay_queue;
pub mod dispatcher;
pub mod effects;
pub mod event;
pub mod guards;
pub mod limited_calls;
pub mod links;
pub mod lookup;
pub mod queue;
pub mod rate_feedback;
pub mod reading;
pub mod reply_handler;
pub mod request;
pub mod reusable_timer;
pub mod row;
pub mod stop_reason;
#[cfg(test)]
mod tests;
pub mod token_refresh;
pub mod worker_pool;
pub mod write_report;
