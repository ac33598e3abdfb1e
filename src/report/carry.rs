//! Carries lines over when a report is replaced while it is also read as a source of known pairs: the new report
//! begins with the known pairs of the new input.

use crate::domain::outcome::Outcome;
use crate::report::error::ReportError;
use crate::report::line::LineBuffer;
use crate::report::locked_report::LockedReport;

/// Lines are written once the buffer has this many bytes.
const PIECE: usize = 64 * 1024;

impl LockedReport {
    /// Replaces the report by one with only the lines of the outcomes that `outcomes` passes on. The old report stays
    /// whole until the new one is synced to disk.
    pub fn carry<E: From<ReportError>>(
        self,
        outcomes: impl FnOnce(&mut dyn FnMut(&Outcome) -> Result<(), ReportError>) -> Result<(), E>,
    ) -> Result<Self, E> {
        self.replace(|locked, write| {
            let mut lines = LineBuffer::of(locked.origin);
            lines.add_header();
            outcomes(&mut |outcome| {
                lines.add(outcome);
                if lines.bytes() < PIECE {
                    return Ok(());
                }
                write(&lines.take())
            })?;
            Ok(write(&lines.take())?)
        })
    }
}
