//! The one way to write files: a file that others only ever see whole, written beside its place and put there once it is
//! complete.
//!
//! A crash leaves the file that was there before, or the new one; an unfinished one that a kill leaves is removed by the
//! next run that writes the same file. Links stay links, and a file that is replaced keeps its owner and mode. What is no
//! regular file (a pipe, `/dev/stdout`) cannot be replaced and is written to as it is: it is opened once, when there is
//! something to write. A file in a folder that cannot be written to, that is mounted by itself, or whose owner another file
//! cannot have, is overwritten in place.
//!
//! | part | what it knows |
//! |---|---|
//! | `place` | where a path leads, and which paths lead to one file |
//! | `beside` | the new file: exclusive, locked, with the owner and mode of the old one |
//! | `leftovers` | what unfinished files are called, and which of them are left over |

mod beside;
mod leftovers;
mod place;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Seek, Write};
use std::os::fd::AsFd;
use std::path::Path;

use tempfile::SpooledTempFile;

pub(crate) use beside::Beside;
pub(crate) use leftovers::remove_leftovers;
pub use place::is_same_file;
pub(crate) use place::{is_named, sync_folder};

/// Names of standard output and standard error. Opened by their names, files behind them would be written to from their
/// beginning.
const STANDARD_STREAMS: [[&str; 3]; 2] = [
    ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"],
    ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"],
];

/// How much of a file that is overwritten in place is kept in memory before.
const MAX_IN_MEMORY: usize = 1024 * 1024;

/// The file while it is written. Dropped before [`AtomicFile::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicFile(BufWriter<Target>);

/// Where the bytes go.
#[derive(Debug)]
enum Target {
    /// A pipe or a device: to the reader at once.
    Stream(File),
    /// A new file that takes the place of the old one.
    Beside(Beside),
    /// The file itself, as it can be replaced by no other, once all that it is to hold is known.
    InPlace {
        file: File,
        content: SpooledTempFile,
    },
}

impl AtomicFile {
    /// Begins a file that is to be at `path`.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::begin(path, None)
    }

    /// Begins a file at `path` with content of `source`; only those can read it who can read `source`.
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

    /// The file at `path` that would be replaced. What is no regular file is not, and a pipe must not be read.
    pub fn existing(path: &Path) -> io::Result<Option<File>> {
        if is_stream(path)? {
            return Ok(None);
        }
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Brings it to the disk and puts it into its place.
    pub fn finish(self) -> io::Result<()> {
        match self
            .0
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
        {
            Target::Stream(_) => Ok(()),
            Target::Beside(beside) => match beside.put() {
                Ok(_) => Ok(()),
                // A file that is mounted by itself, as into a container, can be replaced by no other.
                Err((error, Some(beside))) if error.kind() == io::ErrorKind::ResourceBusy => {
                    beside.overwrite_place()
                }
                Err((error, _)) => Err(error),
            },
            Target::InPlace { file, content } => overwrite(&file, content),
        }
    }

    /// Writes all of it at once.
    pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = Self::create(path)?;
        file.write_all(content)?;
        file.finish()
    }

    /// Makes sure that it can be written, before there is anything to write. A pipe or a device is left alone: opened and closed
    /// once, a pipe ends for its reader, and nothing written later would arrive.
    pub fn check_writable(path: &Path) -> io::Result<()> {
        if is_stream(path)? {
            return Ok(());
        }
        Self::create(path).map(drop)
    }
}

/// Whether `path` is a pipe or a device, which is written to as it is.
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

/// Waits for the reader of a pipe.
fn open_stream(path: &Path) -> io::Result<File> {
    match standard_stream(path) {
        Some(0) => Ok(io::stdout().as_fd().try_clone_to_owned()?.into()),
        Some(_) => Ok(io::stderr().as_fd().try_clone_to_owned()?.into()),
        None => OpenOptions::new().write(true).open(path),
    }
}

/// The file at `path` itself, if `error` only says that no new file may take its place.
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

/// Not emptied first: on a full disk there might be no room for the new content any more.
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

#[cfg(test)]
mod tests;
