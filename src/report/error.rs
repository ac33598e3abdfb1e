//! Why a report cannot be opened, locked or written.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::files::lock_owner::LockOwner;
use crate::input::decode::compression::Compression;
use crate::report::existing_file::Refusal;
use crate::report::layout::ReportKind;
use crate::report::origin::Origin;
use crate::report::read_error::{ReadBackError, program_or};

/// Why a report cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It would replace an earlier one.
    #[error("the report `{}` exists already", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// Another kind of run wrote it. Real runs and rehearsals must not use each other's lines.
    #[error("`{}` is the report of {origin} (line {line})", path.display())]
    OtherOrigin {
        /// The path.
        path: PathBuf,
        /// The first such line.
        line: u64,
        /// The kind of run that wrote it.
        origin: Origin,
    },
    /// It was given as a source of known pairs to a real run, but a rehearsal wrote it.
    #[error("`{}` is the report of a rehearsal (line {line}): nothing in it was linked in HubSpot", path.display())]
    RehearsedKnownPairs {
        /// The path.
        path: PathBuf,
        /// The first such line.
        line: u64,
    },
    /// It was given as a source of known pairs to a run that writes to another account.
    #[error("the report `{}` is of portal {found} (line {line}), and this run writes to portal {wanted}", path.display())]
    KnownPairsOfOtherPortal {
        /// The path.
        path: PathBuf,
        /// The first such line.
        line: u64,
        /// The portal that it names.
        found: u64,
        /// The portal of this run.
        wanted: u64,
    },
    /// A compressed file cannot be written to.
    #[error("the report `{}` is compressed ({compression}): a run cannot write to it", path.display())]
    Compressed {
        /// The path.
        path: PathBuf,
        /// The compression.
        compression: Compression,
    },
    /// It is another kind of file, which would be destroyed.
    #[error("`{}` is not a report of {}", path.display(), program_or(*kind))]
    NotReport {
        /// The path.
        path: PathBuf,
        /// The command whose report was expected.
        kind: ReportKind,
    },
    /// It is the report of another command.
    #[error("`{}` is a report of `{found}`, not of `{wanted}`", path.display())]
    OtherKind {
        /// The path.
        path: PathBuf,
        /// What it is.
        found: ReportKind,
        /// What was expected.
        wanted: ReportKind,
    },
    /// A run that writes to another account wrote it.
    #[error("the report `{}` is of portal {found} (line {line}), and this run writes to portal {wanted}", path.display())]
    OtherPortal {
        /// The path.
        path: PathBuf,
        /// The first such line.
        line: u64,
        /// The portal that it names.
        found: u64,
        /// The portal of this run.
        wanted: u64,
    },
    /// Its path names the input, which would be destroyed.
    #[error("the report `{}` is the input itself", path.display())]
    IsInput {
        /// The path.
        path: PathBuf,
    },
    /// Another run writes to it.
    #[error("another run holds the report `{}`{}", path.display(), owner(by.as_ref()))]
    Busy {
        /// The path.
        path: PathBuf,
        /// The process, if known.
        by: Option<LockOwner>,
        /// The file beside the report that names it, where the file system has no locks.
        lock_file: Option<PathBuf>,
    },
    /// It cannot be written.
    #[error("cannot write the report `{}`", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It was given for reading, but does not exist.
    #[error("there is no report `{}`", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// It was given as a source of known pairs, but does not exist.
    #[error("there is no report `{}`", path.display())]
    MissingKnownPairs {
        /// The path.
        path: PathBuf,
    },
    /// It is a source of known pairs and would be replaced, but its lines cannot be carried over.
    #[error(
        "cannot replace the report `{}`, which `--skip-associated-in` reads too: the input can be read only once",
        path.display()
    )]
    OnlyKnownPairs {
        /// The path.
        path: PathBuf,
    },
    /// It is a source of known pairs and would be replaced, but the rows of the input name records by keys.
    #[error(
        "cannot replace the report `{}`, which `--skip-associated-in` reads too: its pairs cannot be copied to the new report \
         before the keys of the input are looked up",
        path.display()
    )]
    KnownPairsOfKeys {
        /// The path.
        path: PathBuf,
    },
    /// It cannot be resumed or shown.
    #[error("cannot read the report `{}`", path.display())]
    ReadBack {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: ReadBackError,
    },
}

impl ReportError {
    pub(crate) fn refused(path: PathBuf, refusal: Refusal, wanted: ReportKind) -> Self {
        match refusal {
            Refusal::Exists => Self::Exists { path },
            // The first line after the header.
            Refusal::OtherOrigin(origin) => Self::OtherOrigin {
                path,
                line: 2,
                origin,
            },
            Refusal::Compressed(compression) => Self::Compressed { path, compression },
            Refusal::OtherKind(found) => Self::OtherKind {
                path,
                found,
                wanted,
            },
            Refusal::NotReport => Self::NotReport { path, kind: wanted },
        }
    }

    /// Creates the error for a report at `path` that cannot be read.
    pub(crate) fn of_reading(path: &Path, source: ReadBackError) -> Self {
        let path = path.to_owned();
        match source {
            ReadBackError::OtherOrigin { line, origin } => Self::OtherOrigin { path, line, origin },
            ReadBackError::OtherPortal {
                line,
                found,
                wanted,
            } => Self::OtherPortal {
                path,
                line,
                found,
                wanted,
            },
            source => Self::ReadBack { path, source },
        }
    }
}

pub(crate) fn owner(by: Option<&LockOwner>) -> String {
    by.map(|owner| format!(": {owner}")).unwrap_or_default()
}
