//! Associates HubSpot records in bulk: one row of a CSV in, one outcome per row out.
//!
//! A row passes through the folders of this crate in this order:
//!
//! | folder | what happens to a row there |
//! |---|---|
//! | [`input`] | bytes become a checked pair, or a row with the problems it has |
//! | [`run`] | decides which row is sent when, and what follows from each reply |
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

pub mod api;
pub mod check;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod diagnostic;
pub mod doctor;
pub mod domain;
pub mod error;
pub mod exit_status;
pub mod files;
pub mod input;
pub mod number;
pub mod output;
pub mod process;
pub mod rate_limit;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod settings;
pub mod text;
pub mod verdict;
