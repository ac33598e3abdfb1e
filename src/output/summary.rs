//! The summary of a run: what every output of its end is made from. Pure.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::diagnostic::Problem;
use crate::domain::run_counts::RunCounts;
use crate::exit_status::ExitStatus;
use crate::number::rows;
use crate::text::excerpt;

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Summary<'c> {
    /// The name of the input, as the user gave it.
    pub input: &'c str,
    /// The report; none if the run ended before its path was known.
    pub report: Option<&'c Path>,
    /// Whether the run used the sandbox inside the process.
    pub rehearsed: bool,
    /// When the run started.
    pub started_at: Timestamp,
    /// How long the run took.
    pub elapsed: Duration,
    /// The counters of the run.
    pub counts: &'c RunCounts,
    /// The exit status.
    pub status: ExitStatus,
    /// The reason word, one of those in [`exit_reason`](crate::output::exit_reason).
    pub reason: &'static str,
    /// Whether the same command with `--resume` continues the run.
    pub resumable: bool,
    /// Why the run ended before every row had its line, or could not start.
    pub problem: Option<&'c Problem>,
    /// The rejects file, if one was written.
    pub rejects: Option<RejectsFile<'c>>,
    /// The HTML page, if one was written.
    pub html: Option<&'c Path>,
    /// The suggested next step, if there is one.
    pub next: Option<&'c NextStep>,
}

/// A suggested next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextStep {
    /// The purpose, as a sentence fragment.
    pub what: String,
    /// The command.
    pub command: String,
}

impl fmt::Display for NextStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.command)
    }
}

/// Below this share of the quota, the summary shows the limiting factor.
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
        write!(formatter, "{}, {}", shown(self.path), rows(self.rows))
    }
}

/// A path, escaped for a terminal.
pub(crate) fn shown(path: &Path) -> String {
    excerpt(&path.to_string_lossy(), usize::MAX)
}
