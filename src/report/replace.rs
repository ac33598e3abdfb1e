//! A report that is replaced while it is held: never in place, so that a crash leaves the old report or the new
//! one, both whole.

use std::io::{self, BufWriter, Write};

use super::lock::lock;
use super::locked_report::{LockedReport, ReportError};
use crate::atomic_file::Beside;

impl LockedReport {
    /// Replaces the report by what `content` writes, once that is on the disk. An error leaves it as it was.
    pub(super) fn replace<E: From<ReportError>>(
        self,
        content: impl FnOnce(&Self, &mut dyn FnMut(&[u8]) -> Result<(), ReportError>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let path = self.path.clone();
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

    /// An empty file like the report, locked before it takes the report's name.
    fn beside(&self) -> io::Result<Beside> {
        let new = Beside::create(&self.path, None)?;
        if lock(new.file())? {
            Ok(new)
        } else {
            Err(io::Error::other("another run holds its unfinished copy"))
        }
    }
}
