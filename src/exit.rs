//! The name and number of every way to end.

use std::process::ExitCode;

/// How the program ends; scripts and schedulers read the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitStatus {
    /// Every row is associated or skipped.
    Done = 0,
    /// The run finished; some rows are rejected, failed or invalid.
    SomeRowsNot = 1,
    /// Usage, settings or input are wrong; nothing (more) was sent.
    Utilization = 2,
    /// Stopped by credentials or permissions.
    Credentials = 3,
    /// Stopped early on purpose, resumable.
    StoppedEarly = 4,
    /// Another run holds the report.
    ReportBusy = 5,
    /// The report (or another output) cannot be written.
    CannotWrite = 6,
    /// A bug in this program ended it; the number that Rust gives a panic.
    Bug = 101,
    /// Interrupted from the keyboard, resumable.
    Interrupted = 130,
    /// Asked to end by the system, resumable.
    Terminated = 143,
}

impl ExitStatus {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}
