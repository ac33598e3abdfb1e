//! The flags of `report`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::import::file;
use crate::cli::input::ReadingArgs;

/// The flags of `report`.
#[derive(Args, Clone, Debug)]
pub struct ReportArgs {
    /// Report of a run; the run does not need to be finished
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,

    /// Write a CSV of the rows that are not associated, to correct and import again
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub rejects: Option<PathBuf>,
    /// Write an HTML report
    #[arg(long, value_name = "PATH", value_parser = file(), help_heading = "Output")]
    pub html: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// With --rejects: the input of the run [default: the CSV beside the report]
    #[arg(
        long,
        value_name = "FILE",
        requires = "rejects",
        help_heading = "Input"
    )]
    pub input: Option<PathBuf>,
    /// How to read that input: with the flags of the run.
    #[command(flatten)]
    pub reading: ReadingArgs,
}
