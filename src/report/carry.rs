//! A report that is replaced and is also the memory of what is linked: what it knows of the new input stands in the
//! new report from its beginning.

use super::line::LineBuffer;
use super::locked_report::{LockedReport, ReportError};
use crate::outcome::Outcome;

/// Lines are written once they have this many bytes.
const PIECE: usize = 64 * 1024;

impl LockedReport {
    /// Replaces the report by one that has the lines of the outcomes that `outcomes` passes on, and no other. The old
    /// report stays whole until the new one is on the disk.
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
