//! Why a rejects file cannot be written.

use std::io;
use std::path::PathBuf;

use crate::input::error::InputError;
use crate::report::error::ReportError;

/// Why a rejects file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum RejectsError {
    /// The input can be read only once.
    #[error("{input} can be read only once, so its rejects cannot be written")]
    ComesOnce {
        /// The name of the input.
        input: String,
    },
    /// There is no CSV beside the report.
    #[error("there is no input file beside the report")]
    NoInput,
    /// The path names the input or the report.
    #[error("the rejects file `{}` is the {what} itself", path.display())]
    IsOther {
        /// The path.
        path: PathBuf,
        /// Which of the two it is.
        what: &'static str,
    },
    /// The path names a file that this program did not write.
    #[error("`{}` exists and is not a rejects file", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("cannot write the rejects file `{}`", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The input cannot be read, or the report was made from another input.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The report cannot be read.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl RejectsError {
    /// The hint for the user.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::ComesOnce { .. } => Some("save it to a file, and import that file".to_owned()),
            Self::NoInput => Some("name it with `--input FILE`".to_owned()),
            Self::IsOther { .. } | Self::Exists { .. } => {
                Some("name another file with `--rejects PATH`".to_owned())
            }
            Self::Io { .. } | Self::Report(_) => None,
            Self::Input(error) => error.hint(),
        }
    }
}
