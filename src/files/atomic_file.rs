//! Atomic writes: a file is written beside its final path and takes that path once it is complete, so that readers
//! only ever see a whole file. All output files are written in this way.
//!
//! A crash leaves the previous file or the new one; the unfinished file that a killed run leaves is removed by the
//! next run that writes the same file. Links are followed, and the new file gets the owner and mode of the old one. A
//! file that is not regular (a pipe, `/dev/stdout`) cannot be replaced and is written to directly: it is opened once,
//! when there is something to write. A file is overwritten in place if its folder is not writable, if it is a mount
//! point, or if a new file cannot get its owner.
//!
//! | part | what it does |
//! |---|---|
//! | `place` | resolves a path, and finds paths that lead to one file |
//! | `beside` | creates the new file: exclusively, locked, with the owner and mode of the old one |
//! | `leftovers` | names unfinished files, and removes those of killed runs |

pub mod beside;
pub mod leftovers;
pub mod place;
#[cfg(test)]
mod tests;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Seek, Write};
use std::os::fd::AsFd;
use std::path::Path;

use tempfile::SpooledTempFile;

use crate::files::atomic_file::beside::Beside;

/// The names of standard output and standard error. If files behind them were opened by name, they would be
/// overwritten from their beginning.
const STANDARD_STREAMS: [[&str; 3]; 2] = [
    ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"],
    ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"],
];

/// A file that is overwritten in place keeps this much new content in memory first; more goes to a temporary file.
const MAX_IN_MEMORY: usize = 1024 * 1024;

/// The file while it is written. If it is dropped before [`AtomicFile::finish`], nothing is left behind.
#[derive(Debug)]
pub struct AtomicFile(BufWriter<Target>);

/// Where the bytes are written.
#[derive(Debug)]
enum Target {
    /// A pipe or a device: written to its reader directly.
    Stream(File),
    /// A new file that replaces the old one.
    Beside(Beside),
    /// The file itself, which cannot be replaced; written once the content is complete.
    InPlace {
        file: File,
        content: SpooledTempFile,
    },
}

impl AtomicFile {
    /// Starts a file for `path`.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::begin(path, None)
    }

    /// Starts a file for `path` with content from `source`; only users who can read `source` can read it.
    pub fn create_no_more_readable_than(path: &Path, source: &Metadata) -> io::Result<Self> {
        Self::begin(path, Some(source))
    }

    fn begin(path: &Path, source: Option<&Metadata>) -> io::Result<Self> {
        let target = if is_stream(path)? {
            Target::Stream(open_stream(path)?)
        } else {
            match Beside::create(path, source) {
                Ok(beside) if beside.keeps_owner() => Target::Beside(beside),
                Ok(beside) => {
                    let refused = io::ErrorKind::PermissionDenied.into();
                    in_place(path, source, refused).unwrap_or(Target::Beside(beside))
                }
                Err(error) => in_place(path, source, error)?,
            }
        };
        Ok(Self(BufWriter::new(target)))
    }

    /// The file at `path` that would be replaced; `None` if it is not a regular file, because a pipe must not be read
    /// here.
    pub fn existing(path: &Path) -> io::Result<Option<File>> {
        if is_stream(path)? {
            return Ok(None);
        }
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Syncs the file to disk and moves it to its path.
    pub fn finish(self) -> io::Result<()> {
        match self
            .0
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
        {
            Target::Stream(_) => Ok(()),
            Target::Beside(beside) => match beside.put() {
                Ok(_) => Ok(()),
                // A file that is a mount point, as in a container, cannot be replaced.
                Err((error, Some(beside))) if error.kind() == io::ErrorKind::ResourceBusy => {
                    beside.overwrite_place()
                }
                Err((error, _)) => Err(error),
            },
            Target::InPlace { file, content } => overwrite(&file, content),
        }
    }

    /// Writes a whole file.
    pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = Self::create(path)?;
        file.write_all(content)?;
        file.finish()
    }

    /// Checks that the file can be written, before there is content. A pipe or a device is skipped: opening and
    /// closing a pipe once ends it for its reader, so later content would be lost.
    pub fn check_writable(path: &Path) -> io::Result<()> {
        if is_stream(path)? {
            return Ok(());
        }
        Self::create(path).map(drop)
    }
}

/// Whether `path` is a pipe or a device, which is written to directly.
pub(crate) fn is_stream(path: &Path) -> io::Result<bool> {
    if standard_stream(path).is_some() {
        return Ok(true);
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) => Ok(!metadata.is_file()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn standard_stream(path: &Path) -> Option<usize> {
    let is_name = |names: &[&str; 3]| names.iter().any(|name| path == Path::new(name));
    STANDARD_STREAMS.iter().position(is_name)
}

/// Blocks until a pipe has a reader.
fn open_stream(path: &Path) -> io::Result<File> {
    match standard_stream(path) {
        Some(0) => Ok(io::stdout().as_fd().try_clone_to_owned()?.into()),
        Some(_) => Ok(io::stderr().as_fd().try_clone_to_owned()?.into()),
        None => OpenOptions::new().write(true).open(path),
    }
}

/// The file at `path` itself, if `error` only means that a new file cannot replace it.
fn in_place(path: &Path, source: Option<&Metadata>, error: io::Error) -> io::Result<Target> {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    if !matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) {
        return Err(error);
    }
    let Ok(file) = OpenOptions::new().write(true).open(path) else {
        return Err(error);
    };
    if let Some(source) = source {
        beside::restrict(&file, source)?;
    }
    let content = SpooledTempFile::new(MAX_IN_MEMORY);
    Ok(Target::InPlace { file, content })
}

/// Overwritten before it is truncated: once emptied, a full disk may have no room for the new content.
pub(crate) fn overwrite(mut file: &File, mut content: impl io::Read + Seek) -> io::Result<()> {
    content.rewind()?;
    let length = io::copy(&mut content, &mut file)?;
    file.set_len(length)?;
    file.sync_all()
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(file) => file.write(bytes),
            Self::Beside(beside) => beside.file().write(bytes),
            Self::InPlace { content, .. } => content.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
