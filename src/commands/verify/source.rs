//! What is verified: the report of an import, or a CSV of pairs. Opens it, and looks through it where that is needed
//! before anything is sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::verify::VerifyArgs;
use crate::commands::verify::report_rows::{LinkedRows, RowsError};
use crate::domain::file_names::inputs_of;
use crate::error::RunError;
use crate::input::csv_input::Input;
use crate::input::decode::source::InputSource;
use crate::input::progress::ReadProgress;
use crate::input::row::CheckedRow;
use crate::input::settings::InputSettings;
use crate::labels::labeler::Labeler;
use crate::output::lookup_notes::LookupNote;
use crate::report::end_of_run::EndOfRun;
use crate::report::error::ReportError;
use crate::report::layout::{Layout, ReportKind};
use crate::report::read_error::ReadBackError;
use crate::report::reader::ReportReader;
use crate::report::report_source::open_to_read;
use crate::settings::verify::sample_settings;
use crate::verify::error::VerifyError;
use crate::verify::sample::{Chosen, SampleSettings, Sampler};
use crate::verify::survey::{Refusal, Survey};
use crate::verify::totals::Sample;

/// What is verified.
pub(crate) enum Source {
    Report(ReadyReport),
    Input(Box<ReadyInput>),
}

/// The report of an import, after a look through all of it.
#[derive(Debug)]
pub(crate) struct ReadyReport {
    pub(crate) path: PathBuf,
    pub(crate) survey: Survey,
    /// Whether the import had finished.
    pub(crate) end_of_run: EndOfRun,
    pub(crate) chosen: Option<Chosen>,
}

/// A CSV of pairs.
pub(crate) struct ReadyInput {
    pub(crate) settings: InputSettings,
    pub(crate) input: Input,
    pub(crate) chosen: Option<Chosen>,
    /// Resolves the labels of the rows, if they have any.
    pub(crate) labeler: Option<Labeler>,
}

impl Source {
    /// Opens what the flags name. A report is recognized by its header.
    pub(crate) fn open(flags: &VerifyArgs) -> Result<Self, RunError> {
        let settings = flags.input_settings();
        let sample = sample_settings(flags);
        match &settings.path {
            InputSource::File(path) if is_report(path) => {
                let flags = flags.input_flags();
                if flags.is_empty() {
                    return Ok(Self::Report(survey(path, sample)?));
                }
                let path = path.clone();
                Err(VerifyError::InputFlags { path, flags }.into())
            }
            _ => Ok(Self::Input(Box::new(ReadyInput::open(settings, sample)?))),
        }
    }

    /// The path of the file, for messages and to protect it.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Report(report) => &report.path,
            Self::Input(input) => input.settings.path.path(),
        }
    }

    /// The files that belong to it: none of them is replaced.
    pub(crate) fn files(&self) -> Vec<(PathBuf, &'static str)> {
        match self {
            Self::Report(report) => {
                let inputs = inputs_of(&report.path).map(|path| (path, "input of the report"));
                let inputs = inputs.filter(|(path, _)| path.is_file());
                std::iter::once((report.path.clone(), "report of the import"))
                    .chain(inputs)
                    .collect()
            }
            Self::Input(input) => vec![(input.settings.path.path().to_owned(), "input")],
        }
    }

    fn chosen(&self) -> Option<&Chosen> {
        match self {
            Self::Report(report) => report.chosen.as_ref(),
            Self::Input(input) => input.chosen.as_ref(),
        }
    }

    /// The sample, if only a sample is verified.
    pub(crate) fn sample(&self) -> Option<Sample> {
        self.chosen().map(Chosen::sample)
    }

    /// How far it is read, for display. The number of rows is known if all of it was looked through.
    pub(crate) fn progress(&self) -> Arc<ReadProgress> {
        let pairs = match (self.sample(), self) {
            (Some(sample), _) => sample.pairs,
            (None, Self::Report(report)) => report.survey.verified,
            (None, Self::Input(input)) => return input.input.progress(),
        };
        Arc::new(ReadProgress::counted(pairs))
    }
}

/// Whether the file has the header of a report that an import wrote. A file that cannot be read is none: reading it as a
/// CSV says why.
fn is_report(path: &Path) -> bool {
    let reader = open_to_read(path).ok().map(ReportReader::new);
    let Some(Ok(reader)) = reader else {
        return false;
    };
    !reader.header().is_empty()
}

/// Looks through all lines of a report.
fn survey(path: &Path, sample: Option<SampleSettings>) -> Result<ReadyReport, RunError> {
    let mut rows = LinkedRows::open(path)?;
    let mut sampler = sample.map(Sampler::new);
    while let Some(row) = rows.next().map_err(|error| refused(path, error))? {
        let row = CheckedRow::from(row);
        if let (Some(sampler), Some(values)) = (&mut sampler, row.content.pair_values()) {
            sampler.add(row.key.row, values);
        }
    }
    Ok(ReadyReport {
        path: path.to_owned(),
        survey: rows.survey(),
        end_of_run: rows.end_of_run(),
        chosen: sampler.map(Sampler::finish),
    })
}

/// The error for a report that cannot be read, or not be verified.
pub(crate) fn refused(path: &Path, error: RowsError) -> RunError {
    let path = path.to_owned();
    match error {
        RowsError::Report(ReportError::ReadBack {
            source: source @ ReadBackError::Damaged { .. },
            ..
        }) => VerifyError::Damaged { path, source }.into(),
        RowsError::Report(error) => error.into(),
        RowsError::Refused(Refusal::Rehearsed { line }) => {
            VerifyError::Rehearsed { path, line }.into()
        }
        RowsError::Refused(Refusal::SeveralPortals { first, other, line }) => {
            VerifyError::SeveralPortals {
                path,
                first,
                other,
                line,
            }
            .into()
        }
    }
}

impl ReadyInput {
    fn open(settings: InputSettings, sample: Option<SampleSettings>) -> Result<Self, RunError> {
        let input = Input::open(&settings)?;
        let headers: Vec<&[u8]> = input.headers().iter().map(String::as_bytes).collect();
        if let Some(stream) = settings.path.stream_name()
            && Layout::of(&headers).is_some_and(|layout| layout.kind() == ReportKind::Import)
        {
            return Err(VerifyError::ReportInStream { input: stream }.into());
        }
        LookupNote::of(input.columns())
            .iter()
            .for_each(LookupNote::log);
        let chosen = sample.map(|sample| choose(&settings, sample));
        Ok(Self {
            chosen: chosen.transpose()?,
            settings,
            input,
            labeler: None,
        })
    }
}

/// Chooses the sample of a CSV, of which all rows are read.
fn choose(settings: &InputSettings, sample: SampleSettings) -> Result<Chosen, RunError> {
    let mut sampler = Sampler::new(sample);
    let mut input = Input::open(settings)?;
    let mut row = CheckedRow::default();
    while input.read(&mut row)? {
        if let Some(values) = row.content.pair_values() {
            sampler.add(row.key.row, values);
        }
    }
    Ok(sampler.finish())
}
