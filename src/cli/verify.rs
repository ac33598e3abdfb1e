//! The flags of `verify`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::connection::ConnectionArgs;
use crate::cli::import::file;
use crate::cli::input::ReadingArgs;
use crate::cli::labels::LabelArgs;
use crate::cli::rate_limit::RateLimitArgs;
use crate::input::decode::source::InputSource;
use crate::input::settings::InputSettings;

/// The flags of `verify`.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub struct VerifyArgs {
    /// Report of an import, or CSV of pairs; `-` reads a CSV from standard input
    ///
    /// Of a report, the rows that it shows as associated are verified, and those that were skipped because HubSpot showed
    /// them as associated. Of a CSV, every pair is verified. A report is recognized by its header. Both can be .gz or .zst.
    #[arg(value_name = "REPORT|FILE")]
    pub input: PathBuf,
    /// How to read a CSV.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Look up values of a property that is not unique by HubSpot's search
    ///
    /// The domain of companies is such a property. The search takes 5 calls per second, each with up to 100 values.
    #[arg(long, help_heading = "Input")]
    pub allow_search: bool,
    /// The labels that the associations of a CSV are expected to have.
    #[command(flatten)]
    pub labels: LabelArgs,
    /// Read only the first N rows
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub first: Option<NonZeroU64>,

    /// Whether the links are expected to be there; with `absent`, a link is an error
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHAT",
        help_heading = "Verification"
    )]
    pub expect: Expected,
    /// Verify only N pairs, chosen by the seed
    ///
    /// The same input, N and seed always choose the same pairs. A sample shows nothing about the other pairs.
    #[arg(long, value_name = "N", help_heading = "Verification")]
    pub sample: Option<NonZeroU64>,
    /// With --sample: another seed chooses other pairs
    #[arg(
        long,
        value_name = "S",
        default_value_t = 0,
        help_heading = "Verification"
    )]
    pub seed: u64,

    /// CSV to write, with a line per pair [default: pairs.verify.csv beside pairs.csv]
    ///
    /// Each line has the pair, its state (present, missing or unknown), the types of the association, whether the records
    /// of a missing pair exist, and when that was read.
    #[arg(short, long, value_name = "PATH", help_heading = "Output file")]
    pub output: Option<PathBuf>,
    /// Continue an earlier run; if there is no output yet, start a new run
    ///
    /// Pairs that are present or missing are not read again. Unknown pairs, and pairs without a line, are read. The report
    /// or CSV must be the same, but it may have new rows.
    #[arg(long, conflicts_with = "overwrite", help_heading = "Output file")]
    pub resume: bool,
    /// With --resume: remove damaged lines of the output, and read their pairs again
    #[arg(long, requires = "resume", help_heading = "Output file")]
    pub repair: bool,
    /// Replace an existing output, and the file of --missing
    ///
    /// A file that this command did not write is never replaced.
    #[arg(long, help_heading = "Output file")]
    pub overwrite: bool,
    /// CSV to write at the end: the missing pairs whose records both exist
    ///
    /// An import of this file needs no flags for its columns. It is not written if the run stops early.
    #[arg(long, value_name = "PATH", value_parser = file(), help_heading = "Output file")]
    pub missing: Option<PathBuf>,
    /// Write an HTML page with the result when the run ends
    #[arg(long, value_name = "PATH", value_parser = file(), help_heading = "Output file")]
    pub html: Option<PathBuf>,
    /// Print the result as JSON instead of text
    #[arg(long, help_heading = "Output file")]
    pub json: bool,

    /// How fast requests are sent.
    #[command(flatten)]
    pub rate_limit: RateLimitArgs,

    /// The URL of the API, and the credentials for it.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// What the state of each pair is expected to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Expected {
    /// The pairs are linked
    #[default]
    Present,
    /// The pairs are not linked
    Absent,
}

impl VerifyArgs {
    /// The settings for reading a CSV.
    #[must_use]
    pub fn input_settings(&self) -> InputSettings {
        let source = InputSource::from(self.input.clone());
        self.labels.apply_to(InputSettings {
            first: self.first,
            allow_search: self.allow_search,
            ..self.reading.clone().into_settings(source)
        })
    }

    /// The names of the given flags that say how to read a CSV, without dashes. A report needs none.
    #[must_use]
    pub fn input_flags(&self) -> Vec<&'static str> {
        let own = [
            ("allow-search", self.allow_search),
            ("first", self.first.is_some()),
        ];
        let own = own.into_iter().filter(|(_, is_given)| *is_given);
        let reading = self.reading.given_flags().into_iter();
        let labels = self.labels.given_flags().into_iter();
        reading
            .chain(own.map(|(name, _)| name))
            .chain(labels)
            .collect()
    }
}
