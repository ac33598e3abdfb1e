//! Links HubSpot records in bulk: reads the rows of a CSV, and writes one outcome for each.
//!
//! A row passes through the modules of this crate in this order:
//!
//! | module | what it does with the row |
//! |---|---|
//! | [`input`] | parses and checks it: the result is a [`pair`], or the row's problems; a [`pair_set`] has the known pairs, [`standard_type`] the spellings of a type |
//! | [`run`] | dispatches it, and makes all decisions about it |
//! | [`rate_limit`] | gives it a permit to be sent |
//! | [`api`] | sends one request, and reads one reply |
//! | [`verdict`] | classifies the reply: the row has its outcome, is retried, or stops the run |
//! | [`report`] | writes its [`outcome`] to the report |
//! | [`display`] | shows the outcome |
//! | [`summary`] | summarizes the outcomes of all rows at the end, for people, scripts and monitoring |
//!
//! A report can be read back: [`statistics`] are computed from it, and [`page`] renders them as HTML.
//!
//! [`rejects`] writes the rows that are not associated in a form that can be imported again. [`doctor`] checks the prerequisites of an import. [`check`] analyzes the rows of an input without sending anything.
//!
//! Supporting modules: [`cli`] and [`settings`] turn flags into checked values, [`commands`] combines the modules,
//! [`exit`] and [`error`] define the exit statuses and errors, [`clock`] is the wall clock. Files other than the report are written as an [`atomic_file`]; [`text`], [`number`] and
//! [`json`] format values, [`program`] has the version. [`sandbox`] is independent: it simulates the API and shares
//! no code with the client, so that a bug in shared code cannot hide.

pub mod api;
pub mod atomic_file;
pub mod check;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod display;
pub mod doctor;
pub mod error;
pub mod exit;
pub mod input;
pub mod json;
pub mod number;
pub mod outcome;
pub mod page;
pub mod pair;
pub mod pair_set;
pub mod program;
pub mod rate_limit;
pub mod rejects;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod settings;
pub mod standard_type;
pub mod statistics;
pub mod summary;
pub mod text;
pub mod verdict;
