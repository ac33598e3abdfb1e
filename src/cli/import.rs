//! The flags of `import`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use jiff::civil::Time;

use crate::cli::connection::ConnectionArgs;
use crate::cli::duration::duration;
use crate::cli::input::InputArgs;
use crate::cli::rate_limit::RateLimitArgs;

/// The flags of `import`.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub struct ImportArgs {
    /// The input and how to read it.
    #[command(flatten)]
    pub input: InputArgs,

    /// Rehearse: run against an imitation of the API in this process; needs no token
    ///
    /// Nothing leaves the machine. The report is named FILE's stem + .sandbox.report.csv, and the next rehearsal replaces
    /// it; a report named with --report is replaced only with --overwrite. Its lines are marked as a rehearsal's, and a
    /// real run does not use them.
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,

    /// Show what the import would do, as `check` does, and exit
    #[arg(long, conflicts_with = "resume")]
    pub dry_run: bool,

    /// Path of the report [default: FILE's stem + .report.csv, beside FILE]
    #[arg(long, value_name = "PATH", help_heading = "Report")]
    pub report: Option<PathBuf>,
    /// Continue the report of an earlier run, or start a new one if there is none
    ///
    /// Rows that are associated, rejected, invalid or skipped are final; failed rows are sent again. The input must be the
    /// same; rows may have been appended to it. A cron job can always use this flag.
    #[arg(long, conflicts_with = "overwrite", help_heading = "Report")]
    pub resume: bool,
    /// With --resume: send rejected rows again too, not only failed ones
    #[arg(long, requires = "resume", help_heading = "Report")]
    pub retry_rejected: bool,
    /// With --resume: drop the damaged lines of a report, and send their rows again
    ///
    /// A power cut or a bad disk may leave zeros or half a line in the middle of a report, which --resume alone refuses. All
    /// complete lines are kept. The report stays unchanged until the repaired one is on the disk.
    #[arg(long, requires = "resume", help_heading = "Report")]
    pub repair: bool,
    /// Replace an existing report
    ///
    /// Only a report is replaced, never another kind of file. The files of --html, --summary, --metrics and --rejects are
    /// replaced without this flag if an earlier run wrote them, and never otherwise.
    #[arg(long, help_heading = "Report")]
    pub overwrite: bool,
    /// At the end, write the rows that are not associated to a CSV, to import again
    ///
    /// The cells are those of the input, and two more columns give the reason. Not written after Ctrl-C; `report
    /// --rejects` writes it at any time.
    #[arg(long, value_name = "PATH", help_heading = "Report")]
    pub rejects: Option<PathBuf>,
    /// Write an HTML report when the run ends, even if it fails
    ///
    /// It shows what happened, why, when, how long rows took, and what to run next. It is one self-contained file, to
    /// open, print or send.
    #[arg(long, value_name = "PATH", value_parser = file(), help_heading = "Report")]
    pub html: Option<PathBuf>,
    /// Write a JSON summary for scripts when the run ends; - prints it instead of text
    ///
    /// Written atomically, also if the run fails or cannot start. docs/summary.md describes it; its schema is
    /// docs/summary.schema.json.
    #[arg(long, value_name = "PATH", help_heading = "Report")]
    pub summary: Option<PathBuf>,
    /// Keep a metrics file for node_exporter's textfile collector up to date
    ///
    /// Prometheus' text format, written atomically every 15 seconds and when the run ends, even if it fails. The file's
    /// stem becomes the label `import`: links.prom is import="links". docs/alerts.md describes the metrics.
    #[arg(long, value_name = "PATH", value_parser = file(), help_heading = "Report")]
    pub metrics: Option<PathBuf>,

    /// Stop when N rows are rejected, failed or invalid [default: never]
    ///
    /// The run ends with status 4; --resume continues it. Rows that ended like this for the same cause in the report that
    /// is resumed, or in one named by --skip-associated-in, do not count.
    #[arg(long, value_name = "N", help_heading = "Stopping")]
    pub max_failed: Option<NonZeroU64>,
    /// Stop at P % such rows among the last 1,000 (from the 100th on); 100 disables it
    ///
    /// A run with the wrong column or file stops after its first hundred rows instead of sending a million. Pairs that are
    /// skipped as associated count as good rows; rows that ended like this for the same cause in an earlier report do not
    /// count. The run ends with status 4.
    #[arg(long, value_name = "P", default_value = "50", value_parser = percent, help_heading = "Stopping")]
    pub max_failed_percent: u8,
    /// Stop after this time, such as 90m or 8h
    ///
    /// Requests in flight are finished. The run ends with status 4; --resume continues it. Time in which the program was
    /// stopped or the machine slept does not count.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Stopping")]
    pub max_duration: Option<Duration>,
    /// Stop at this time of day, such as 06:00
    ///
    /// The next such time in the machine's time zone. Requests in flight are finished. The run ends with status 4;
    /// --resume continues it.
    #[arg(long, value_name = "HH:MM", value_parser = time_of_day, help_heading = "Stopping")]
    pub until: Option<Time>,

    /// One request per row, or batch calls of many pairs with the same two types
    ///
    /// The report is the same in both: each row has its own outcome.
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "MODE",
        help_heading = "Batch mode"
    )]
    pub mode: Mode,
    /// With --mode batch: maximum number of pairs per call, up to 2000
    #[arg(long, value_name = "N", default_value = BATCH_SIZE, value_parser = batch_size, help_heading = "Batch mode")]
    pub batch_size: NonZeroUsize,
    /// With --mode batch: maximum number of calls in flight
    #[arg(
        long,
        value_name = "N",
        default_value = "4",
        help_heading = "Batch mode"
    )]
    pub batch_concurrency: NonZeroUsize,

    /// How fast requests are sent.
    #[command(flatten)]
    pub rate_limit: RateLimitArgs,

    /// The URL of the API, and the credentials for it.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// How rows are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// One request per row
    #[default]
    Single,
    /// Batch calls of many pairs
    Batch,
}

/// The maximum number of pairs per call, as the help shows it.
const BATCH_SIZE: &str = "2000";

fn batch_size(text: &str) -> Result<NonZeroUsize, String> {
    let most = usize::try_from(crate::check::tiers::BATCH_SIZE).unwrap_or(usize::MAX);
    let size = text.trim().parse().ok();
    let size = size.filter(|size: &NonZeroUsize| size.get() <= most);
    size.ok_or_else(|| format!("expected a number from 1 to {most}"))
}

/// The path of an output that is never printed. Refuses `-`, which would create a file of that name.
pub(crate) fn file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        if path.as_os_str() == "-" {
            Err("expected the path of a file; this output cannot be printed")
        } else {
            Ok(path)
        }
    })
}

/// `50` and `50%` are the same.
fn percent(text: &str) -> Result<u8, String> {
    let text = text.trim();
    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    let percent = number
        .parse()
        .ok()
        .filter(|percent| (1..=100).contains(percent));
    percent.ok_or_else(|| "expected a number from 1 to 100".to_owned())
}

fn time_of_day(text: &str) -> Result<Time, String> {
    let text = text.trim();
    Time::strptime("%H:%M", text)
        .or_else(|_| Time::strptime("%H:%M:%S", text))
        .map_err(|_| "expected a time of day such as `06:00` or `22:30`".to_owned())
}
