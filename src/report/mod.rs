//! The report: the file in which every row of the input has its line.
//!
//! Users read it, and a later run resumes from it; the program has no other state. So a line is final: it is written
//! once its row has ended, and never changed.
//!
//! | file | what it does |
//! |---|---|
//! | `column`, `line` | writes an outcome as a line |
//! | `origin` | marks the lines of a rehearsal |
//! | `locked_report`, `existing_file`, `lock`, `lock_file`, `lock_owner` | open the file and lock it for one run |
//! | `writer`, `lost` | write lines, sync them to disk, and detect a file that was deleted or changed |
//! | `compressed`, `reader`, `counted` | read lines and count them |
//! | `damage` | detects lines damaged by crashes and bad disks |
//! | `failed_rows` | finds the reason why a row is not associated |
//! | `known_pairs`, `known_failures` | read from earlier reports which pairs are associated and which rows failed |
//! | `replace`, `carry` | replace a report, and carry over the known pairs of the new input |
//! | `resume`, `checkpoint`, `marks`, `comparison` | resume a report |

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
