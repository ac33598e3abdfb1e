//! The usual names of reports: `pairs.csv` has `pairs.report.csv`.

use std::ffi::OsStr;
use std::path::Path;
use std::path::PathBuf;

use crate::cli::import::ImportArgs;
use crate::input::decode::source::InputSource;

/// The path of the report; `None` if no flag gives it and the input is a stream.
#[must_use]
pub fn report_path(flags: &ImportArgs) -> Option<PathBuf> {
    let beside = || default_report(&flags.input.input, flags.sandbox);
    flags.report.clone().or_else(beside)
}

/// `<input stem>.report.csv` beside the input, or `<input stem>.sandbox.report.csv` for a rehearsal.
fn default_report(input: &Path, sandbox: bool) -> Option<PathBuf> {
    if InputSource::from(input.to_owned()).stream_name().is_some() {
        return None;
    }
    let packed = ["gz", "zst"];
    let is_packed = input
        .extension()
        .is_some_and(|end| packed.iter().any(|packed| end.eq_ignore_ascii_case(packed)));
    let unpacked = if is_packed {
        input.file_stem().map_or(input, Path::new)
    } else {
        input
    };
    let stem = unpacked.file_stem().unwrap_or(OsStr::new("pairs"));
    let mut name = stem.to_owned();
    name.push(if sandbox {
        ".sandbox.report.csv"
    } else {
        ".report.csv"
    });
    Some(input.with_file_name(name))
}

/// The endings of the default names of reports; a compressed report has one more.
const ENDINGS: [&str; 2] = [".sandbox.report.csv", ".report.csv"];

/// The endings of compressed files.
const PACKED_ENDINGS: [&str; 2] = [".gz", ".zst"];

/// The possible endings of an input.
const INPUT_ENDINGS: [&str; 7] = [".csv", ".csv.gz", ".csv.zst", ".tsv", ".txt", ".gz", ".zst"];

/// The input beside a report with a default name.
pub(crate) fn input_of(report: &Path) -> Option<PathBuf> {
    let name = report.file_name()?.to_str()?;
    let mut endings = PACKED_ENDINGS.iter();
    let name = endings
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    let stem = ENDINGS
        .iter()
        .find_map(|ending| name.strip_suffix(ending))?;
    let mut inputs = INPUT_ENDINGS
        .iter()
        .map(|ending| report.with_file_name(format!("{stem}{ending}")));
    inputs.find(|input| input.is_file())
}
