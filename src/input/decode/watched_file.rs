//! A regular file that must not change while it is read.
//!
//! Rows from a file that is truncated, written to or replaced during the run may combine two versions of the
//! file, or be missing. So size and modification time are compared at every read, before its bytes are used,
//! and at the end also the name. A file that only grows is read to its end first: its earlier content is
//! unchanged, but the last row may be half written, and is not returned.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::number::grouped;

/// How a file changed while it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileChange {
    /// It lost bytes.
    #[error("it shrank from {} to {} bytes", grouped(*before), grouped(*now))]
    Shrank {
        /// Its size at the beginning.
        before: u64,
        /// Its size now.
        now: u64,
    },
    /// Bytes were appended.
    #[error("it grew from {} to {} bytes", grouped(*before), grouped(*now))]
    Grew {
        /// Its size at the beginning.
        before: u64,
        /// Its size now.
        now: u64,
    },
    /// Its modification time changed.
    #[error("it was written to")]
    Written,
    /// Its name refers to another file.
    #[error("it was replaced by another file")]
    Replaced,
    /// Its end came early.
    #[error("only {} of its {} bytes could be read", grouped(*read), grouped(*size))]
    Short {
        /// Bytes that were read.
        read: u64,
        /// Its size.
        size: u64,
    },
}

/// The properties that stay the same as long as nothing writes to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    size: u64,
    /// Some file systems do not provide it.
    modified: Option<SystemTime>,
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// The change of a file, if it ends the reading now.
fn change(before: State, now: State, end: Option<End>) -> Option<FileChange> {
    let (size, now_size) = (before.size, now.size);
    if now_size < size {
        return Some(FileChange::Shrank {
            before: size,
            now: now_size,
        });
    }
    if now_size > size {
        return end.map(|_| FileChange::Grew {
            before: size,
            now: now_size,
        });
    }
    if now.modified != before.modified {
        return Some(FileChange::Written);
    }
    let End { read, is_named } = end?;
    if !is_named {
        Some(FileChange::Replaced)
    } else if read < size {
        Some(FileChange::Short { read, size })
    } else {
        None
    }
}

/// The facts that are known at the end of a file.
#[derive(Clone, Copy, Debug)]
struct End {
    /// Bytes that were read.
    read: u64,
    /// Whether its name still refers to it.
    is_named: bool,
}

/// Reads a file, and fails with a [`FileChange`] once it has changed.
pub(crate) struct WatchedFile {
    file: File,
    /// Its name, if it has one.
    path: Option<PathBuf>,
    before: State,
    read: u64,
}

impl WatchedFile {
    /// Reads a regular file from its first byte.
    pub(crate) fn new(file: File, path: PathBuf) -> io::Result<Self> {
        let before = State::of(&file.metadata()?);
        Ok(Self {
            file,
            path: Some(path),
            before,
            read: 0,
        })
    }

    /// Reads a regular file that another program opened, from its current position.
    pub(crate) fn without_name(mut file: File) -> io::Result<Self> {
        let before = State::of(&file.metadata()?);
        let read = io::Seek::stream_position(&mut file)?;
        Ok(Self {
            file,
            path: None,
            before,
            read,
        })
    }

    /// Its size when it was opened.
    pub(crate) fn size(&self) -> u64 {
        self.before.size
    }
}

impl Read for WatchedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.file.read(buffer)?;
        self.read += count as u64;
        let metadata = self.file.metadata()?;
        let end = (count == 0).then(|| End {
            read: self.read,
            is_named: self
                .path
                .as_ref()
                .is_none_or(|path| refers_to(path, &metadata)),
        });
        match change(self.before, State::of(&metadata), end) {
            Some(change) => Err(io::Error::other(change)),
            None => Ok(count),
        }
    }
}

/// Whether `path` refers to the file with this metadata, or does not exist: a deleted file was still read as a
/// whole.
#[cfg(unix)]
fn refers_to(path: &Path, open: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.metadata()
        .is_ok_and(|named| (open.dev(), open.ino()) == (named.dev(), named.ino()))
        || !path.exists()
}

/// On these systems an open file keeps its name.
#[cfg(not(unix))]
fn refers_to(_path: &Path, _open: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_changed_file_is_an_error_immediately_or_at_its_end() {
        let time = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let state = |size, seconds| State {
            size,
            modified: time(seconds),
        };
        let end = |read, is_named| Some(End { read, is_named });
        let grew = FileChange::Grew {
            before: 100,
            now: 110,
        };
        for (now, at_end, expected) in [
            (state(100, 1), None, None),
            (state(100, 1), end(100, true), None),
            // More than its size, as the files of `/proc` have.
            (state(100, 1), end(120, true), None),
            (state(100, 2), None, Some(FileChange::Written)),
            (state(110, 2), None, None),
            (state(110, 2), end(110, true), Some(grew)),
            (
                state(90, 2),
                None,
                Some(FileChange::Shrank {
                    before: 100,
                    now: 90,
                }),
            ),
            (state(100, 1), end(100, false), Some(FileChange::Replaced)),
            (
                state(100, 1),
                end(60, true),
                Some(FileChange::Short {
                    read: 60,
                    size: 100,
                }),
            ),
        ] {
            assert_eq!(change(state(100, 1), now, at_end), expected, "{now:?}");
        }
    }
}
