//! The report: the file that has a line for every row of the input.
//!
//! Users read it, and it is what the program knows about earlier runs. A line is written once its row has an outcome,
//! and never changed, except that the last one is marked when the run has finished. `verify` and `undo` write reports
//! of their own in the same way.

pub mod checkpoint;
pub mod checkpoint_chunk;
pub mod column;
pub mod comparison;
pub mod damage;
pub mod end_of_run;
#[cfg(test)]
mod end_of_run_tests;
pub mod error;
pub mod existing_file;
pub mod failed_rows;
pub mod header;
pub mod hint;
pub mod known_failures;
pub mod known_pairs;
pub mod layout;
pub mod line;
pub mod line_counts;
pub mod line_fields;
pub mod line_labels;
pub mod line_outcome;
pub mod line_pair;
pub mod line_source;
pub mod locked_report;
pub mod lost_report;
pub mod origin;
pub mod proof_line;
pub mod read_error;
pub mod reader;
pub mod record_column;
pub mod rejects;
pub mod rejects_error;
#[cfg(test)]
mod repair_tests;
pub mod replace;
pub mod report_line;
pub mod report_rows;
pub mod report_source;
pub mod resume;
pub mod row_identity;
pub mod stats;
pub mod verified_rows;
pub mod writer;
