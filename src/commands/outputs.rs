//! The files that a command leaves besides the report: they are made sure of before anything is sent.

use std::io;
use std::path::{Path, PathBuf};

use super::watch::MetricsFile;
use crate::cli::ImportArgs;
use crate::report::is_same_file;
use crate::settings::report_path;
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

/// The files of an import: where its last words go besides the terminal.
pub(super) struct Outputs {
    pub(super) html: Option<Output>,
    pub(super) summary: Option<Output>,
    pub(super) prints_summary: bool,
    pub(super) metrics: Option<MetricsFile>,
}

impl Outputs {
    /// Fails if one of them is another file of the run: then nothing must be written to it, whatever the end.
    pub(super) fn of(flags: &ImportArgs) -> Result<Self, OutputError> {
        let prints_summary = flags.summary.as_deref() == Some(Path::new("-"));
        let summary = flags.summary.as_ref().filter(|_| !prints_summary);
        let html = Output::named("--html", flags.html.as_ref());
        let summary = Output::named("--summary", summary);
        let metrics = Output::named("--metrics", flags.metrics.as_ref());
        let report = report_path(flags);
        let mut others = vec![(flags.input.input.as_path(), "input")];
        others.extend(report.as_deref().map(|path| (path, "report")));
        others.extend(flags.rejects.as_deref().map(|path| (path, "rejects file")));
        for (output, what) in [
            (html.as_ref(), "page"),
            (summary.as_ref(), "summary"),
            (metrics.as_ref(), "file of metrics"),
        ] {
            if let Some(output) = output {
                output.tell_from(&others)?;
                others.push((output.path(), what));
            }
        }
        Ok(Self {
            html,
            summary,
            prints_summary,
            metrics: metrics.map(MetricsFile::of),
        })
    }

    /// Makes sure that they may be written, before anything is sent.
    pub(super) fn prepare(&self) -> Result<(), OutputError> {
        let metrics = self.metrics.as_ref().map(MetricsFile::output);
        let outputs = [self.html.as_ref(), self.summary.as_ref(), metrics];
        outputs.into_iter().flatten().try_for_each(Output::prepare)
    }
}
