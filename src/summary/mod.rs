//! How a run ended, told to everybody who asks: people, scripts, monitoring. Pure text.
//!
//! | file | for |
//! |---|---|
//! | `text` | whoever sits at the terminal |
//! | `stop_message` | the same, as an error with the command that goes on |
//! | `json` | scripts: `--summary`; its schema is docs/summary.schema.json |
//! | `metrics` | Prometheus, by node_exporter's textfile collector: `--metrics` |
//! | `advice`, `reason` | what to do about a category, and the word for how a run ended |
//! | `report` | the same of a report that is read back |

mod advice;
mod daily_reset;
mod json;
mod metrics;
mod reason;
mod report;
mod stop_message;
mod text;
mod write_failure;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::error::Problem;
use crate::exit::ExitStatus;
use crate::number::grouped;
use crate::run::RunCounts;
use crate::text::excerpt;

pub use advice::advice;
pub use daily_reset::daily_reset;
pub use json::is_summary;
pub use metrics::{LastEnds, Metrics, is_metrics};
pub use reason::{FINISHED, OUTPUT, REASONS, reason_of_error, reason_of_stop};
pub use report::ReportSummary;
pub use stop_message::{FollowUpCommand, StopMessage};
pub use text::ONLY_EMPTY_LISTS;

/// What is known when a run has ended.
#[derive(Clone, Debug)]
pub struct Summary<'c> {
    /// What was read, as it was named.
    pub input: &'c str,
    /// Where the lines are; nothing if the run ended before that was clear.
    pub report: Option<&'c Path>,
    /// Whether it ran against the sandbox in the process.
    pub rehearsed: bool,
    /// When it started.
    pub started_at: Timestamp,
    /// How long the run took.
    pub elapsed: Duration,
    /// What was counted.
    pub counts: &'c RunCounts,
    /// How the program ends.
    pub status: ExitStatus,
    /// The word for it, one of [`REASONS`].
    pub reason: &'static str,
    /// Whether the same command with `--resume` goes on.
    pub resumable: bool,
    /// Why it ended before every row had its line, or could not begin.
    pub problem: Option<&'c Problem>,
    /// The file of the rows that are not associated, if one was made.
    pub rejects: Option<RejectsFile<'c>>,
    /// The page, if one was made.
    pub html: Option<&'c Path>,
    /// What to do next, if something helps.
    pub next: Option<&'c NextStep>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextStep {
    /// What for, as a fragment.
    pub what: String,
    /// The command.
    pub command: String,
}

impl fmt::Display for NextStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.command)
    }
}

/// Where less of the quota is used than this, it is told why.
pub const WORTH_A_REASON: f64 = 0.95;

/// A file of rows that are not associated.
#[derive(Clone, Copy, Debug)]
pub struct RejectsFile<'s> {
    /// Its path.
    pub path: &'s Path,
    /// How many lines it has.
    pub rows: u64,
}

impl fmt::Display for RejectsFile<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = if self.rows == 1 { "row" } else { "rows" };
        write!(
            formatter,
            "{}, {} {rows}",
            shown(self.path),
            grouped(self.rows)
        )
    }
}

/// A path on a terminal.
fn shown(path: &Path) -> String {
    excerpt(&path.to_string_lossy(), usize::MAX)
}
