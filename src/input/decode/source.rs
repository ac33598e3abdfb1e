//! The source of the input, opened for reading: a file, or a stream that can be read only once.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::input::decode::watched_file::WatchedFile;
use crate::input::error::InputError;
use crate::input::stdin_name::STDIN_NAME;
use crate::text::excerpt;

/// The source of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InputSource {
    /// A regular file, or a path that does not exist yet.
    File(PathBuf),
    /// A pipe or a device, which can be read only once.
    Stream(PathBuf),
    /// Standard input.
    #[default]
    Stdin,
}

impl From<PathBuf> for InputSource {
    /// `-` is standard input. The type of a path is checked without opening it.
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" {
            Self::Stdin
        } else if is_stream(&path) {
            Self::Stream(path)
        } else {
            Self::File(path)
        }
    }
}

/// Whether `path` can be read only once.
fn is_stream(path: &Path) -> bool {
    // Names for open files of this process. Even if it is a regular file now, the name may mean another one
    // next time.
    let open = ["/dev/stdin", "/dev/fd", "/proc/self/fd"];
    let is_open = open.iter().any(|open| path.starts_with(open));
    let is_special = |metadata: fs::Metadata| !(metadata.is_file() || metadata.is_dir());
    is_open || fs::metadata(path).is_ok_and(is_special)
}

impl InputSource {
    /// Its name in messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Stream(path) => excerpt(&path.display().to_string(), 200),
            Self::Stdin => STDIN_NAME.to_owned(),
        }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Stream(path) => path,
            Self::Stdin => Path::new("/dev/stdin"),
        }
    }

    /// The path of a file, or `-` for a stream: other files cannot be placed beside that.
    #[must_use]
    pub fn file_or_dash(&self) -> &OsStr {
        match self {
            Self::File(path) => path.as_os_str(),
            Self::Stream(_) | Self::Stdin => OsStr::new("-"),
        }
    }

    /// A description for messages, if it is not a regular file and so can be read only once.
    #[must_use]
    pub fn stream_name(&self) -> Option<String> {
        match self {
            Self::File(_) => None,
            Self::Stream(_) => Some(format!("`{}`, which is not a regular file,", self.name())),
            Self::Stdin => Some(STDIN_NAME.to_owned()),
        }
    }

    /// Opens it for reading; with its size if it is a regular file.
    pub(crate) fn open(&self) -> Result<(Box<dyn Read + Send>, Option<u64>), InputError> {
        let path = match self {
            Self::File(path) | Self::Stream(path) => path,
            Self::Stdin => return Ok((stdin(), None)),
        };
        let input = self.name();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => InputError::Missing {
                input: input.clone(),
            },
            io::ErrorKind::PermissionDenied => InputError::Denied {
                input: input.clone(),
                source,
            },
            _ => InputError::Open {
                input: input.clone(),
                source,
            },
        };
        let metadata = fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            return Err(InputError::Directory { input });
        }
        let file = File::open(path).map_err(failed)?;
        if !metadata.is_file() {
            return Ok((Box::new(file), None));
        }
        let file = WatchedFile::new(file, path.clone()).map_err(failed)?;
        let size = file.size();
        Ok((Box::new(file), Some(size)))
    }
}

/// Standard input; if it is redirected from a file, that is watched as well.
#[cfg(unix)]
fn stdin() -> Box<dyn Read + Send> {
    use std::os::fd::AsFd;
    let watched = || -> io::Result<Option<WatchedFile>> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let is_file = file.metadata()?.is_file();
        is_file.then(|| WatchedFile::without_name(file)).transpose()
    };
    match watched() {
        Ok(Some(file)) => Box::new(file),
        // The first read reports the error.
        Ok(None) | Err(_) => Box::new(io::stdin()),
    }
}

#[cfg(not(unix))]
fn stdin() -> Box<dyn Read + Send> {
    Box::new(io::stdin())
}
