//! The flags of `resolve`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::Args;

use crate::cli::connection::ConnectionArgs;
use crate::cli::import::file;
use crate::cli::input::ReadingArgs;
use crate::cli::rate_limit::RateLimitArgs;
use crate::input::decode::source::InputSource;
use crate::input::settings::InputSettings;

/// The flags of `resolve`.
#[derive(Args, Clone, Debug)]
pub struct ResolveArgs {
    /// CSV with one pair per row, also as .gz or .zst; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub input: PathBuf,
    /// How to read it.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Look up values of a property that is not unique by HubSpot's search
    ///
    /// The domain of companies is such a property. The search takes 5 calls per second, each with up to 100 values, and
    /// `check` shows how long that takes. A value that several records have is a problem of its row.
    #[arg(long, help_heading = "Input")]
    pub allow_search: bool,
    /// Read only the first N rows
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub first: Option<NonZeroU64>,

    /// CSV to write: the rows of FILE with the record ids
    ///
    /// It has the columns of FILE, those that an import without flags needs, and `resolve_problem`, which says why a row
    /// has no ids. It gets this name only when it is complete.
    #[arg(short, long, value_name = "PATH", value_parser = file(), required = true, help_heading = "Output file")]
    pub output: PathBuf,
    /// Replace an existing file
    #[arg(long, help_heading = "Output file")]
    pub overwrite: bool,

    /// How fast requests are sent.
    #[command(flatten)]
    pub rate_limit: RateLimitArgs,

    /// The URL of the API, and the credentials for it.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

impl ResolveArgs {
    /// The settings for the reader.
    #[must_use]
    pub fn input_settings(&self) -> InputSettings {
        let source = InputSource::from(self.input.clone());
        InputSettings {
            first: self.first,
            allow_search: self.allow_search,
            ..self.reading.clone().into_settings(source)
        }
    }
}
