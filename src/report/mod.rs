//! The report: the file in which every row of the input has its line.
//!
//! It is both what the user reads and the program's only memory, so a line is a fact: it is written
//! once its row has ended, and never changed.
//!
//! | file | what it does |
//! |---|---|
//! | `column`, `line` | an outcome as a line |
//! | `origin` | lines of a rehearsal are marked |
//! | `held`, `found`, `lock`, `lock_file`, `holder` | the file is ours alone |
//! | `writer`, `lost` | lines reach the system, then the disk |
//! | `packed`, `reader`, `counted` | lines read back, and counted |
//! | `damage` | lines that are not whole, as crashes and disks leave them |
//! | `bad_lines` | why rows are not associated, found again |
//! | `memory`, `known_failures` | which pairs earlier reports show as linked, and which rows ended badly |
//! | `replace`, `carry` | another report takes its place, with what is known of the new input |
//! | `resume`, `settled`, `marks`, `comparison` | a run goes on where another one ended |

mod bad_lines;
mod carry;
mod column;
mod comparison;
mod counted;
mod damage;
mod found;
mod held;
mod holder;
mod known_failures;
mod line;
mod lock;
mod lock_file;
mod lost;
mod marks;
mod memory;
mod origin;
mod packed;
mod reader;
#[cfg(test)]
mod repair_tests;
mod replace;
mod resume;
mod settled;
mod writer;

pub use bad_lines::{BadLines, Why};
pub use column::{COLUMNS, Column};
pub use comparison::{Comparison, Difference};
pub use damage::{Damage, OnDamage};
pub use held::{Existing, HeldReport, ReportError, ReportPlan};
pub use holder::Holder;
pub use known_failures::KnownFailures;
pub use line::Lines;
pub(crate) use lock::lock;
pub use lost::LostReport;
pub use memory::Memory;
pub use origin::Origin;
pub use packed::{ReportSource, open_to_read};
pub use reader::{ReadBackError, ReportLine, ReportReader};
pub use resume::{Earlier, Resume};
pub use settled::{Known, Settled};
pub use writer::ReportFile;
