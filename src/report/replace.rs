//! A report that is replaced while it is held: never in place, so that a crash leaves the old report or the new
//! one, both whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::held::{HeldReport, ReportError, lock};
use super::same_file::sync_folder;

/// What the name of the file ends with that takes the report's place once it is whole.
const BESIDE: &str = ".resuming";

impl HeldReport {
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
        // A link is followed, so that what it leads to is replaced and not the link.
        let place = self.path.canonicalize().map_err(io_error)?;
        let mut name = place.file_name().map(OsString::from).unwrap_or_default();
        name.push(BESIDE);
        let beside = place.with_file_name(name);
        let replaced = self.beside(&beside).map_err(io_error).map_err(E::from);
        let replaced = replaced.and_then(|file| {
            let mut writer = BufWriter::with_capacity(256 * 1024, &file);
            content(&self, &mut |bytes| {
                writer.write_all(bytes).map_err(io_error)
            })?;
            writer.flush().map_err(io_error)?;
            drop(writer);
            file.sync_all().map_err(io_error)?;
            fs::rename(&beside, &place).map_err(io_error)?;
            Ok(file)
        });
        match replaced {
            Ok(file) => {
                sync_folder(&place).map_err(io_error)?;
                Ok(Self { file, ..self })
            }
            Err(error) => {
                // It may not even be there; what matters is the first error.
                drop(fs::remove_file(&beside));
                Err(error)
            }
        }
    }

    /// An empty file with the report's permissions, locked before it takes the report's name.
    fn beside(&self, beside: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        let file = options.open(beside)?;
        file.set_permissions(self.file.metadata()?.permissions())?;
        if lock(&file)? {
            Ok(file)
        } else {
            let why = format!("`{}` is locked", beside.display());
            Err(io::Error::other(why))
        }
    }
}
