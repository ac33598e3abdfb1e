//! Tests of the run with a paused clock, against endpoints in memory.

mod batch;
mod batch_api;
mod links;
mod lookups;
mod machine;
mod outages;
mod refusals;
mod reply_handler;
mod retries;
mod rows;
mod stop_during_refresh;
mod stops;
mod support;
mod token_refresh;
