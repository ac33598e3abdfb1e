//! Links HubSpot records in bulk: one row of a CSV in, one verdict per row out.
//!
//! A row travels through the folders of this crate in this order:
//!
//! | module | what happens to a row there |
//! |---|---|
//! | [`input`] | bytes become a checked [`pair`], or a row that is told what is wrong with it; a [`pair_set`] knows which pairs were there, [`standard_type`] which spellings name one type |
//! | [`run`] | the row gets a slot; everything that is decided about it is decided here |
//! | [`rate_limit`] | it waits for its turn |
//! | [`api`] | one request, one reply |
//! | [`verdict`] | what the reply means: settle the row, send it again, or stop the run |
//! | [`report`] | its [`outcome`] is written to the report |
//! | [`display`] | and then shown |
//! | [`summary`] | in the end everybody is told what became of the rows: people, scripts, monitoring |
//!
//! A report can be read back: [`statistics`] are what stands in it, [`page`] shows that to whoever asks.
//!
//! [`rejects`] are the rows that are not associated, ready to be fed back. [`doctor`] tells what an import would meet. [`check`] sums up what the rows ask for when nothing is sent.
//!
//! Around them: [`cli`] and [`settings`] turn flags into checked values, [`commands`] wires the parts,
//! [`exit`] and [`error`] name the ways to end, [`clock`] is the wall clock. What is written besides the report is a [`atomic_file`]; [`text`], [`number`] and
//! [`json`] say how things are shown, [`program`] which version shows them. [`sandbox`] stands alone: a look-alike of the API that shares
//! no code with the client, so that a shared mistake cannot hide.

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
