//! Why a file besides the report cannot be written.

use std::io;
use std::path::PathBuf;

/// An output file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The path is that of another file of the run, which would be overwritten.
    #[error("`{flag} {}` is the {what} itself", path.display())]
    IsOther {
        /// The flag with the path.
        flag: &'static str,
        /// The path.
        path: PathBuf,
        /// The other file.
        what: &'static str,
    },
    /// The path is that of a file which this program did not write.
    #[error("`{flag} {}` exists, and is not a {what} of this program", path.display())]
    OtherProgram {
        /// The flag with the path.
        flag: &'static str,
        /// The path.
        path: PathBuf,
        /// The expected kind of file.
        what: &'static str,
    },
    /// Opening or writing the file failed.
    #[error("cannot write `{flag} {}`", path.display())]
    Io {
        /// The flag with the path.
        flag: &'static str,
        /// The path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl OutputError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::IsOther { flag, .. } => Some(format!("name another file with `{flag} PATH`")),
            Self::OtherProgram { flag, .. } => Some(format!(
                "name another file with `{flag} PATH`, or move that one away"
            )),
            Self::Io { .. } => None,
        }
    }
}
