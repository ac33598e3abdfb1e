//! Where the input comes from: a path or standard input, opened for reading.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;

use super::error::InputError;
use crate::text::excerpt;

/// How messages call standard input.
pub(super) const STDIN_NAME: &str = "standard input";

/// Where the input comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InputSource {
    /// A file, or something that reads like one.
    File(PathBuf),
    /// Standard input.
    #[default]
    Stdin,
}

impl From<PathBuf> for InputSource {
    /// `-` is standard input.
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" {
            Self::Stdin
        } else {
            Self::File(path)
        }
    }
}

impl InputSource {
    /// How messages call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => excerpt(&path.display().to_string(), 200),
            Self::Stdin => STDIN_NAME.to_owned(),
        }
    }

    /// Opens it for reading; with its size if it is a regular file.
    pub(super) fn open(&self) -> Result<(Box<dyn Read + Send>, Option<u64>), InputError> {
        let Self::File(path) = self else {
            return Ok((Box::new(io::stdin()), None));
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
        let size = metadata.is_file().then_some(metadata.len());
        Ok((Box::new(file), size))
    }
}
