//! Associates HubSpot records in bulk: one row of a CSV in, one outcome per row out.
//!
//! A row passes through the folders of this crate in this order:
//!
//! | folder | what happens to a row there |
//! |---|---|
//! | [`input`] | bytes become a checked pair, or a row with the problems it has |
//! | [`lookup`] | finds the records of rows that name them by another property |
//! | [`links`] | reads which rows are linked, and removes links |
//! | [`mod@run`] | decides which row is sent when, and what follows from each reply |
//! | [`rate_limit`] | gives the permit for each request |
//! | [`api`] | one request, one reply |
//! | [`verdict`] | what the reply means: finish the row, retry it, or stop the run |
//! | [`report`] | its outcome is written to the report |
//! | [`output`] | and shown: terminal, text, JSON, HTML, metrics |
//!
//! [`domain`] holds the words that all of them share. [`cli`] and [`settings`] turn flags into checked values, [`commands`]
//! connects the parts, [`doctor`] and [`check`] look at an import before it starts, [`process`] is the program in its
//! operating system, [`files`] reads and writes files safely. [`sandbox`] shares no code with the client. `docs/architecture.md`
//! says which folder may use which.
//!
//! From outside, only [`run()`] and [`sandbox`] can be used. The other modules are internal.

use std::process::ExitCode;

mod api;
#[doc(hidden)]
pub mod bench;
mod check;
mod cli;
mod clock;
mod commands;
mod diagnostic;
mod doctor;
mod domain;
mod error;
mod exit_status;
mod files;
mod input;
mod labels;
mod links;
mod lookup;
mod number;
mod output;
#[cfg(test)]
mod page_tests;
mod process;
mod rate_limit;
mod report;
mod resolve;
mod run;
pub mod sandbox;
mod settings;
mod text;
mod undo;
mod verdict;
mod verify;

/// Runs the program: reads the command line, the environment and the standard streams of this process, and returns its
/// exit status.
///
/// To be called once, at the start of the process: it installs handlers for signals, and the log.
#[must_use]
pub fn run() -> ExitCode {
    commands::entry::run()
}
