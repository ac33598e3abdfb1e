//! Where a run keeps its outcomes.

use std::io;

use crate::domain::outcome::Outcome;

/// A flush or sync of the report. It may take long on a slow disk, so it runs on a blocking thread.
pub type ReportJob = Box<dyn FnOnce() -> io::Result<()> + Send>;

/// Where outcomes are stored. An outcome counts only once the job that flushes it has returned.
pub trait WriteReport {
    /// Adds a line; it stays in memory until the next flush.
    fn add(&mut self, outcome: &Outcome);

    /// Whether the buffer is so full that it should be flushed now.
    fn is_full(&self) -> bool;

    /// Returns the job that writes everything added so far to the operating system; afterwards a crash
    /// of this program cannot lose it. Each job completes before the next one is requested.
    fn flush(&mut self) -> ReportJob;

    /// Returns the job that syncs everything flushed so far to disk; `None` if nothing new was flushed.
    fn sync(&mut self) -> Option<ReportJob>;
}
