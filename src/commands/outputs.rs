//! The files that a command leaves besides the report: they are made sure of before anything is sent.

use std::io;
use std::path::{Path, PathBuf};

use crate::report::is_same_file;
use crate::whole_file::WholeFile;

/// Why a file besides the report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The path names another file of the run, which would be destroyed.
    #[error("`{flag} {}` is the {what} itself", path.display())]
    IsOther {
        /// What names it.
        flag: &'static str,
        /// Its path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// It cannot be written.
    #[error("cannot write `{flag} {}`", path.display())]
    Io {
        /// What names it.
        flag: &'static str,
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl OutputError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::IsOther { flag, .. } => Some(format!("name another file with `{flag} PATH`")),
            Self::Io { .. } => None,
        }
    }
}

/// A file that is written whole.
#[derive(Clone, Debug)]
pub(super) struct Output {
    flag: &'static str,
    path: PathBuf,
}

impl Output {
    /// The file that `flag` names, if it does.
    pub(super) fn named(flag: &'static str, path: Option<&PathBuf>) -> Option<Self> {
        path.map(|path| Self {
            flag,
            path: path.clone(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Fails if it is one of `others`, which would be destroyed.
    pub(super) fn tell_from(&self, others: &[(&Path, &'static str)]) -> Result<(), OutputError> {
        let Self { flag, path } = self;
        let same = |(other, _): &&(&Path, _)| path == other || is_same_file(path, other);
        match others.iter().find(same) {
            None => Ok(()),
            Some(&(_, what)) => Err(OutputError::IsOther {
                flag,
                path: path.clone(),
                what,
            }),
        }
    }

    /// Makes sure that it may be written.
    pub(super) fn prepare(&self) -> Result<(), OutputError> {
        WholeFile::try_out(&self.path).map_err(|source| self.failed(source))
    }

    pub(super) fn write(&self, content: &str) -> Result<(), OutputError> {
        WholeFile::write(&self.path, content.as_bytes()).map_err(|source| self.failed(source))
    }

    /// It cannot be made, for this reason.
    pub(super) fn impossible(&self, why: &'static str) -> OutputError {
        self.failed(io::Error::other(why))
    }

    fn failed(&self, source: io::Error) -> OutputError {
        OutputError::Io {
            flag: self.flag,
            path: self.path.clone(),
            source,
        }
    }
}
