//! The flags of `undo`.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::civil::Time;

use crate::cli::connection::ConnectionArgs;
use crate::cli::duration::duration;
use crate::cli::import::{file, percent, time_of_day};
use crate::cli::rate_limit::RateLimitArgs;

/// The flags of `undo`.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub struct UndoArgs {
    /// Report of an import with --check-existing, also as .gz or .zst
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,
    /// Remove the links: N is the number of links in the plan
    ///
    /// Without this flag, the command only shows the plan, and sends nothing. With another number than the plan's, it
    /// removes nothing.
    #[arg(long, value_name = "N", help_heading = "Undo")]
    pub confirm: Option<u64>,
    /// Also use the report of an import that has not finished
    ///
    /// Only rows with a line in the report are undone.
    #[arg(long, help_heading = "Undo")]
    pub partial: bool,

    /// Path of the undo report [default: pairs.report.undo.csv beside pairs.report.csv]
    ///
    /// It has one line for each associated row of REPORT: removed, kept, gone or failed, and the reason.
    #[arg(short, long, value_name = "PATH", value_parser = file(), help_heading = "Undo report")]
    pub output: Option<PathBuf>,
    /// Continue an earlier undo; if there is none, start a new one
    ///
    /// Rows that are removed, kept or gone are not read again. Failed rows, and rows without a line, are.
    #[arg(long, conflicts_with = "overwrite", help_heading = "Undo report")]
    pub resume: bool,
    /// Replace an existing undo report, and read all links again
    #[arg(long, help_heading = "Undo report")]
    pub overwrite: bool,

    /// Stop when N links fail [default: no limit]
    ///
    /// A link fails if it cannot be removed or read. The run ends with status 4, and --resume continues it.
    #[arg(long, value_name = "N", help_heading = "Stopping")]
    pub max_failed: Option<NonZeroU64>,
    /// Stop when P % of the last 1,000 links fail; 100 disables this limit
    ///
    /// The limit applies from the 100th link on. The run ends with status 4, and --resume continues it.
    #[arg(long, value_name = "P", default_value = "50", value_parser = percent, help_heading = "Stopping")]
    pub max_failed_percent: u8,
    /// Stop after this time, such as 90m or 8h
    ///
    /// The run waits for the replies to its last requests. It ends with status 4, and --resume continues it.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Stopping")]
    pub max_duration: Option<Duration>,
    /// Stop at this time of day, such as 06:00
    ///
    /// The time is in the time zone of this machine, within the next 24 hours. The run waits for the replies to its last
    /// requests. It ends with status 4, and --resume continues it.
    #[arg(long, value_name = "HH:MM", value_parser = time_of_day, help_heading = "Stopping")]
    pub until: Option<Time>,

    /// How fast requests are sent.
    #[command(flatten)]
    pub rate_limit: RateLimitArgs,

    /// The URL of the API, and the credentials for it.
    #[command(flatten)]
    pub connection: ConnectionArgs,

    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}
