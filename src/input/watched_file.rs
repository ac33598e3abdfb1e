//! A regular file that must stay what it is while it is read.
//!
//! Rows from a file that is cut, written to or replaced under way may be made of two files, or be missing. So
//! size and time are compared at every read, before its bytes are used, and at the end also the name. A file
//! that only grows is read to its end first: what stands there is as good as before, but the last row may be
//! half written, and is not handed out.

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
        /// Bytes at the beginning.
        before: u64,
        /// Bytes now.
        now: u64,
    },
    /// Bytes came at its end.
    #[error("it grew from {} to {} bytes", grouped(*before), grouped(*now))]
    Grew {
        /// Bytes at the beginning.
        before: u64,
        /// Bytes now.
        now: u64,
    },
    /// Its time changed.
    #[error("it was written to")]
    Written,
    /// Its name leads to another file.
    #[error("it was replaced by another file")]
    Replaced,
    /// Its end came early.
    #[error("only {} of its {} bytes could be read", grouped(*read), grouped(*size))]
    Short {
        /// Bytes that were read.
        read: u64,
        /// Bytes that it has.
        size: u64,
    },
}

/// What does not change as long as nothing writes to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    size: u64,
    /// Not every file system has it.
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

/// What became of a file, as far as that ends the reading now.
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

/// What is known at the end of a file.
#[derive(Clone, Copy, Debug)]
struct End {
    /// Bytes that were read.
    read: u64,
    /// Whether its name still leads to it.
    is_named: bool,
}

/// Reads a file, and fails with a [`FileChange`] once it is not what it was.
pub(super) struct WatchedFile {
    file: File,
    /// Its name, if it has one.
    path: Option<PathBuf>,
    before: State,
    read: u64,
}

impl WatchedFile {
    /// From the first byte of a regular file.
    pub(super) fn new(file: File, path: PathBuf) -> io::Result<Self> {
        let before = State::of(&file.metadata()?);
        Ok(Self {
            file,
            path: Some(path),
            before,
            read: 0,
        })
    }

    /// From where a regular file that was opened by another program is read.
    pub(super) fn without_name(mut file: File) -> io::Result<Self> {
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
    pub(super) fn size(&self) -> u64 {
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
                .is_none_or(|path| leads_to(path, &metadata)),
        });
        match change(self.before, State::of(&metadata), end) {
            Some(change) => Err(io::Error::other(change)),
            None => Ok(count),
        }
    }
}

/// Whether `path` leads to the file with this metadata, or to none: what was read of a deleted file is all of it.
#[cfg(unix)]
fn leads_to(path: &Path, open: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.metadata()
        .is_ok_and(|named| (open.dev(), open.ino()) == (named.dev(), named.ino()))
        || !path.exists()
}

/// An open file keeps its name there.
#[cfg(not(unix))]
fn leads_to(_path: &Path, _open: &Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_file_that_differs_is_an_error_at_once_or_at_its_end() {
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
            // More than it says, as the files of `/proc` have.
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
