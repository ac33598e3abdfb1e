//! The output files besides the report. They are checked before anything is sent: distinct from the other files of the
//! run, writable, and not a file of another program.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::atomic_file::AtomicFile;
use crate::files::atomic_file::place::same_as;
use crate::files::output_error::OutputError;
use crate::output::own_files::Kind;

/// An output file, written atomically.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) flag: &'static str,
    pub(crate) kind: Kind,
    pub(crate) path: PathBuf,
}

impl Output {
    /// The file that `flag` names, if it is given.
    pub(crate) fn named(flag: &'static str, kind: Kind, path: Option<&PathBuf>) -> Option<Self> {
        path.map(|path| Self {
            flag,
            kind,
            path: path.clone(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Fails if it is one of `others`, which it would overwrite.
    pub(crate) fn ensure_distinct(
        &self,
        others: &[(&Path, &'static str)],
    ) -> Result<(), OutputError> {
        ensure_distinct(self.flag, &self.path, others)
    }

    /// Fails if it would replace a file that this program did not write.
    pub(crate) fn check_existing(&self) -> Result<(), OutputError> {
        let may_replace = self.kind.may_replace(&self.path);
        if may_replace.map_err(|source| self.failed(source))? {
            return Ok(());
        }
        Err(OutputError::OtherProgram {
            flag: self.flag,
            path: self.path.clone(),
            what: self.kind.name(),
        })
    }

    /// Fails if it cannot be written.
    pub(crate) fn prepare(&self) -> Result<(), OutputError> {
        AtomicFile::check_writable(&self.path).map_err(|source| self.failed(source))
    }

    pub(crate) fn write(&self, content: &str) -> Result<(), OutputError> {
        AtomicFile::write(&self.path, content.as_bytes()).map_err(|source| self.failed(source))
    }

    /// The error that it cannot be written for this reason.
    pub(crate) fn impossible(&self, why: &'static str) -> OutputError {
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

/// Fails if the `path` of `flag` is the same file as one of `others`.
pub(crate) fn ensure_distinct(
    flag: &'static str,
    path: &Path,
    others: &[(&Path, &'static str)],
) -> Result<(), OutputError> {
    match same_as(path, others) {
        None => Ok(()),
        Some(what) => Err(OutputError::IsOther {
            flag,
            path: path.to_owned(),
            what,
        }),
    }
}
