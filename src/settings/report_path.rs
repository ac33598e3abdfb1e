//! Where the report is, and where its input is.

use std::path::{Path, PathBuf};

use crate::cli::import::ImportArgs;
use crate::domain::file_names::{inputs_of, report_beside};
use crate::input::decode::source::InputSource;

/// The path of the report; `None` if no flag gives it and the input is a stream.
#[must_use]
pub fn report_path(flags: &ImportArgs) -> Option<PathBuf> {
    let input = &flags.input.input;
    let beside = || match InputSource::from(input.clone()) {
        InputSource::File(path) => Some(report_beside(&path, flags.sandbox)),
        InputSource::Stream(_) | InputSource::Stdin => None,
    };
    flags.report.clone().or_else(beside)
}

/// The input beside a report with a default name.
pub(crate) fn input_of(report: &Path) -> Option<PathBuf> {
    inputs_of(report).find(|input| input.is_file())
}
