//! Links HubSpot records in bulk: one row of a CSV in, one verdict per row out.

pub mod api;
pub mod exit;
pub mod input;
pub mod outcome;
pub mod pace;
pub mod pair;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod text;
pub mod verdict;
