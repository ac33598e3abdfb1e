//! The exit statuses.

use std::process::ExitCode;

/// The exit status of the program, for scripts and schedulers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitStatus {
    /// Every row is associated or skipped.
    Done = 0,
    /// The run finished; some rows are rejected, failed or invalid.
    SomeRowsNot = 1,
    /// Usage, settings or input are wrong; nothing (more) was sent.
    Usage = 2,
    /// Stopped by credentials or permissions.
    Credentials = 3,
    /// Stopped early on purpose, resumable.
    StoppedEarly = 4,
    /// Another run has locked the report.
    ReportBusy = 5,
    /// The report (or another output) cannot be written.
    CannotWrite = 6,
    /// A bug in this program; the status of a Rust panic.
    Bug = 101,
    /// Stopped by SIGINT, resumable.
    Interrupted = 130,
    /// Stopped by SIGTERM or SIGHUP, resumable.
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
