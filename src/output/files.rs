//! The output files besides the report. They are checked before anything is sent: distinct from the other files of the
//! run, writable, and not a file of another program.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::import::ImportArgs;
use crate::commands::import::observers::MetricsFile;
use crate::files::atomic_file::AtomicFile;
use crate::files::atomic_file::place::is_same_file;
use crate::input::decode::source::InputSource;
use crate::output::own_files::Kind;
use crate::settings::import::report_path;

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

/// An output file, written atomically.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    flag: &'static str,
    kind: Kind,
    path: PathBuf,
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

/// The output files of an import besides the report and the rejects.
#[derive(Clone)]
pub(crate) struct Outputs {
    pub(crate) html: Option<Output>,
    pub(crate) summary: Option<Output>,
    pub(crate) prints_summary: bool,
    pub(crate) metrics: Option<MetricsFile>,
}

impl Outputs {
    /// Fails if one of them is another file of the run, or one that this program did not write. Nothing is written to such
    /// a file, even when the error is reported.
    pub(crate) fn of(flags: &ImportArgs) -> Result<Self, OutputError> {
        let prints_summary = flags.summary.as_deref() == Some(Path::new("-"));
        let summary = flags.summary.as_ref().filter(|_| !prints_summary);
        let html = Output::named("--html", Kind::Page, flags.html.as_ref());
        let summary = Output::named("--summary", Kind::Summary, summary);
        let metrics = Output::named("--metrics", Kind::Metrics, flags.metrics.as_ref());
        let report = report_path(flags);
        let mut others = credentials(flags);
        if let Some(report) = &report {
            ensure_distinct("--report", report, &others)?;
        }
        // Not compared with the report, which may be one of these: then its known pairs are carried over.
        let known_pairs = flags.input.skip_associated_in.iter();
        others.extend(known_pairs.map(|path| (path.as_path(), "report of an earlier run")));
        if let Some(rejects) = &flags.rejects {
            ensure_distinct("--rejects", rejects, &others)?;
        }
        let input = InputSource::from(flags.input.input.clone());
        others.push((input.path(), "input"));
        others.extend(report.as_deref().map(|path| (path, "report")));
        others.extend(flags.rejects.as_deref().map(|path| (path, "rejects file")));
        let outputs = [html.as_ref(), summary.as_ref(), metrics.as_ref()];
        for output in outputs.into_iter().flatten() {
            output.ensure_distinct(&others)?;
            output.check_existing()?;
            others.push((output.path(), output.kind.name()));
        }
        Ok(Self {
            html,
            summary,
            prints_summary,
            metrics: metrics.map(MetricsFile::of),
        })
    }

    /// Fails if one of them cannot be written. Runs before anything is sent.
    pub(crate) fn prepare(&self) -> Result<(), OutputError> {
        let metrics = self.metrics.as_ref().map(MetricsFile::output);
        let outputs = [self.html.as_ref(), self.summary.as_ref(), metrics];
        outputs.into_iter().flatten().try_for_each(Output::prepare)
    }
}

/// Fails if the `path` of `flag` is the same file as one of `others`.
fn ensure_distinct(
    flag: &'static str,
    path: &Path,
    others: &[(&Path, &'static str)],
) -> Result<(), OutputError> {
    let same = |&&(other, _): &&(&Path, _)| is_same_file(path, other);
    match others.iter().find(same) {
        None => Ok(()),
        Some(&(_, what)) => Err(OutputError::IsOther {
            flag,
            path: path.to_owned(),
            what,
        }),
    }
}

/// The files with credentials and certificates. No flag allows the program to replace them.
fn credentials(flags: &ImportArgs) -> Vec<(&Path, &'static str)> {
    let connection = &flags.connection;
    let credentials = &connection.credentials;
    let files = [
        (&credentials.token_file, "token file"),
        (&credentials.oauth_file, "OAuth app file"),
        (&connection.ca_file, "certificate file"),
    ];
    let given = files
        .into_iter()
        .filter_map(|(path, what)| Some((path.as_deref()?, what)));
    given.collect()
}
