//! `report`: a report read back → its summary, and the rows that are not associated.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{World, print};
use crate::cli::ReportArgs;
use crate::display::{RejectsFile, ReportSummary};
use crate::error::RunError;
use crate::exit::ExitStatus;
use crate::input::InputSource;
use crate::rejects::{self, RejectsError};
use crate::report::{Column, ReadBackError, ReportError, ReportReader, open_to_read};
use crate::run::Tally;
use crate::text::shell_word;

/// What a report's name ends with, unless somebody named it otherwise.
const ENDINGS: [&str; 2] = [".sandbox.report.csv", ".report.csv"];

/// What the name of an input may end with.
const INPUT_ENDINGS: [&str; 7] = [".csv", ".csv.gz", ".csv.zst", ".tsv", ".txt", ".gz", ".zst"];

/// Sums up a report.
pub(super) fn report(flags: ReportArgs, world: &World) -> Result<ExitStatus, RunError> {
    let ReportArgs {
        report,
        rejects,
        input,
        reading,
    } = flags;
    let tally = tally_of(&report)?;
    let mut file = None;
    if let Some(path) = &rejects {
        let input = match input {
            Some(input) => InputSource::from(input),
            None => InputSource::File(input_of(&report).ok_or(RejectsError::NoInput)?),
        };
        rejects::prepare(path, &input, &report)?;
        let rows = rejects::write(path, &reading.into_settings(input), &report)?;
        file = Some(RejectsFile { path, rows });
    }
    let status = tally.exit_status();
    let next = match (&file, status) {
        (None, ExitStatus::SomeRowsNot) => Some(format!(
            "the rows that are not associated, as a CSV to feed back: hubspot-associate report {} --rejects PATH",
            shell_word(&report.to_string_lossy())
        )),
        (Some(RejectsFile { path, rows: 1.. }), _) => Some(format!(
            "once the causes are mended, with the flags of the run: hubspot-associate import {}",
            shell_word(&path.to_string_lossy())
        )),
        _ => None,
    };
    let summary = ReportSummary {
        tally: &tally,
        report: &report,
        rejects: file,
        next: next.as_deref(),
    };
    if !world.manner.is_quiet() {
        print(&summary.to_text());
    }
    Ok(status)
}

fn tally_of(path: &Path) -> Result<Tally, ReportError> {
    let file = open_to_read(path)?;
    read(file).map_err(|source| ReportError::ReadBack {
        path: path.to_owned(),
        source,
    })
}

fn read(file: File) -> Result<Tally, ReadBackError> {
    let mut reader = ReportReader::new(file)?;
    let mut tally = Tally::default();
    while let Some(line) = reader.read()? {
        line.count_in(&mut tally);
        tally.requests += line.number_in(Column::Attempts);
    }
    Ok(tally)
}

/// The input beside a report that has the usual name.
fn input_of(report: &Path) -> Option<PathBuf> {
    let name = report.file_name()?.to_str()?;
    let stem = ENDINGS
        .iter()
        .find_map(|ending| name.strip_suffix(ending))?;
    let mut inputs = INPUT_ENDINGS
        .iter()
        .map(|ending| report.with_file_name(format!("{stem}{ending}")));
    inputs.find(|input| input.is_file())
}
