//! Conditions that pause or stop a run. Pure: the time is an argument.

pub mod daily_limit;
pub mod descriptors;
pub mod failure_limit;
pub mod outage;
pub mod refusals;
pub mod standstill;
pub mod suspects;
pub mod time_limit;
pub mod token;
pub mod uniform_failures;
