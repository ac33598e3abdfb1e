//! Replaces a report while it is locked: never in place, so that a crash leaves either the old report or the new one,
//! whole.

use std::io::{self, BufWriter, Write};

use crate::domain::outcome::Outcome;
use crate::files::atomic_file::beside::Beside;
use crate::files::lock::lock;
use crate::report::error::ReportError;
use crate::report::line::LineBuffer;
use crate::report::locked_report::LockedReport;

/// Lines are written once the buffer has this many bytes.
const PIECE: usize = 64 * 1024;

impl LockedReport {
    /// Replaces the report with what `content` writes, once that is synced to disk. On an error the report is
    /// unchanged.
    pub(crate) fn replace<E: From<ReportError>>(
        self,
        content: impl FnOnce(&Self, &mut dyn FnMut(&[u8]) -> Result<(), ReportError>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let path = self.plan.path.clone();
        let io_error = |source| ReportError::Io {
            path: path.clone(),
            source,
        };
        let new = self.beside().map_err(io_error)?;
        let mut writer = BufWriter::with_capacity(256 * 1024, new.file());
        content(&self, &mut |bytes| {
            writer.write_all(bytes).map_err(io_error)
        })?;
        writer.flush().map_err(io_error)?;
        drop(writer);
        let file = new.take_place().map_err(io_error)?;
        Ok(Self { file, ..self })
    }

    /// Replaces the report by one with only the lines of the outcomes that `outcomes` passes on. The old report stays
    /// whole until the new one is synced to disk.
    pub fn replace_with_lines<E: From<ReportError>>(
        self,
        outcomes: impl FnOnce(&mut dyn FnMut(&Outcome) -> Result<(), ReportError>) -> Result<(), E>,
    ) -> Result<Self, E> {
        self.replace(|locked, write| {
            let mut lines = LineBuffer::of(
                locked.plan.origin,
                locked.plan.kind.layout(),
                locked.plan.portal,
            );
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

    /// An empty file with the owner and mode of the report, locked before it takes the report's name.
    fn beside(&self) -> io::Result<Beside> {
        let new = Beside::create(&self.plan.path, None)?;
        if lock(new.file())? {
            Ok(new)
        } else {
            Err(io::Error::other(
                "another run has locked its unfinished copy",
            ))
        }
    }
}
