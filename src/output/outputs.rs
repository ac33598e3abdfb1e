//! The files that an import writes besides the report.

use std::path::Path;

use crate::cli::connection::ConnectionArgs;
use crate::cli::import::ImportArgs;
use crate::files::output_error::OutputError;
use crate::input::decode::source::InputSource;
use crate::output::files::{Output, ensure_distinct};
use crate::output::metrics_file::MetricsFile;
use crate::output::own_files::Kind;
use crate::settings::report_path::report_path;

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
        let mut others = credential_files(&flags.connection);
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

/// The files with credentials and certificates. No flag allows the program to replace them.
pub(crate) fn credential_files(connection: &ConnectionArgs) -> Vec<(&Path, &'static str)> {
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
