//! The report: the file in which every row of the input has its line.
//!
//! It is both what the user reads and the program's only memory, so a line is a fact: it is written
//! once its row has ended, and never changed.
//!
//! | file | what it does |
//! |---|---|
//! | `column`, `line` | an outcome as a line |
//! | `origin` | lines of a rehearsal are marked |
//! | `locked_report`, `existing_file`, `lock`, `lock_file`, `lock_owner` | the file is ours alone |
//! | `writer`, `lost` | lines reach the system, then the disk |
//! | `compressed`, `reader`, `counted` | lines read back, and counted |
//! | `damage` | lines that are not whole, as crashes and disks leave them |
//! | `failed_rows` | why rows are not associated, found again |
//! | `known_pairs`, `known_failures` | which pairs earlier reports show as linked, and which rows ended badly |
//! | `replace`, `carry` | another report takes its place, with what is known of the new input |
//! | `resume`, `checkpoint`, `marks`, `comparison` | a run goes on where another one ended |

mod carry;
mod checkpoint;
mod column;
mod comparison;
mod compressed;
mod counted;
mod damage;
mod existing_file;
mod failed_rows;
mod known_failures;
mod known_pairs;
mod line;
mod lock;
mod lock_file;
mod lock_owner;
mod locked_report;
mod lost;
mod marks;
mod origin;
mod reader;
#[cfg(test)]
mod repair_tests;
mod replace;
mod resume;
mod writer;

pub use checkpoint::{Checkpoint, RowStatus};
pub use column::{COLUMNS, Column};
pub use comparison::{Comparison, Mismatch};
pub use compressed::{ReportSource, open_to_read};
pub use damage::{Damage, OnDamage};
pub use failed_rows::{FailedRows, FailureReason};
pub use known_failures::KnownFailures;
pub use known_pairs::KnownPairs;
pub use line::LineBuffer;
pub(crate) use lock::lock;
pub use lock_owner::LockOwner;
pub use locked_report::{IfExists, LockedReport, ReportError, ReportPlan};
pub use lost::LostReport;
pub use origin::Origin;
pub use reader::{ReadBackError, ReportLine, ReportReader};
pub use resume::{PreviousReport, Resume};
pub use writer::ReportFile;
