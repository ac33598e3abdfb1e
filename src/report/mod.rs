//! The report: the file in which every row of the input has its line.
//!
//! It is both what the user reads and the program's only memory, so a line is a fact: it is written
//! once its row has ended, and never changed.

mod line;
mod writer;

pub use line::{COLUMNS, Lines};
pub use writer::{ReportError, ReportFile, ReportPlan};
