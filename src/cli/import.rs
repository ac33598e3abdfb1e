//! The flags of `import`.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use jiff::civil::Time;

use super::{ConnectionArgs, InputArgs};
use crate::rate_limit::{RateSetting, Share};

/// The flags of `import`.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct ImportArgs {
    /// What is read.
    #[command(flatten)]
    pub input: InputArgs,

    /// Rehearse: run against a look-alike of the API in this process; no token
    ///
    /// Nothing leaves the machine. The report is called FILE's stem + .sandbox.report.csv, and is replaced by the next
    /// rehearsal; one that --report names is not, without --overwrite. Its lines are marked, and a real run does not
    /// take them for its own.
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,

    /// Show what would be done, as `check` does, and stop
    #[arg(long, conflicts_with = "resume")]
    pub dry_run: bool,

    /// Where the report goes [default: FILE's stem + .report.csv, beside it]
    #[arg(long, value_name = "PATH", help_heading = "Report")]
    pub report: Option<PathBuf>,
    /// Go on where the report of an earlier run ends, or start if there is none
    ///
    /// Rows that are associated, invalid or skipped are settled; failed ones are sent again. The input must be the same;
    /// it may have grown at its end. A cron job can always use it.
    #[arg(long, conflicts_with = "overwrite", help_heading = "Report")]
    pub resume: bool,
    /// With --resume: send rejected rows again too, not only failed ones
    #[arg(long, requires = "resume", help_heading = "Report")]
    pub retry_rejected: bool,
    /// With --resume: drop the damaged lines of a report, and send their rows again
    ///
    /// A power cut or a bad disk may leave zeros or half a line in the middle of a report, which --resume alone refuses. Every
    /// line that is whole is kept. The report stays as it was until the repaired one is on the disk.
    #[arg(long, requires = "resume", help_heading = "Report")]
    pub repair: bool,
    /// Replace a report that exists
    ///
    /// Only a report is replaced, no other file. The files of --html, --summary, --metrics and --rejects are replaced
    /// without this flag if an earlier run made them, and never if not.
    #[arg(long, help_heading = "Report")]
    pub overwrite: bool,
    /// At the end, write the rows that are not associated, as a CSV to feed back
    ///
    /// Their cells stand as in the input, and two columns more say why. Not written after Ctrl-C; `report --rejects`
    /// makes it at any time.
    #[arg(long, value_name = "PATH", help_heading = "Report")]
    pub rejects: Option<PathBuf>,
    /// At the end, whatever it is, write one page of HTML for people
    ///
    /// What happened, why, when, how long rows took, and what to run next: one file that needs nothing else, to be opened,
    /// printed or sent on.
    #[arg(long, value_name = "PATH", value_parser = file(), help_heading = "Report")]
    pub html: Option<PathBuf>,
    /// At every end, write a summary for scripts as JSON; - prints it instead of text
    ///
    /// Written whole or not at all, also where the run could not begin. docs/summary.md describes it; its schema is
    /// docs/summary.schema.json.
    #[arg(long, value_name = "PATH", help_heading = "Report")]
    pub summary: Option<PathBuf>,
    /// Keep a file of metrics for node_exporter's textfile collector up to date
    ///
    /// Prometheus' text format, written every 15 seconds and at every end, whole or not at all. The file's stem becomes
    /// the label `import`: links.prom is import="links". docs/alerts.md describes the metrics.
    #[arg(long, value_name = "PATH", value_parser = file(), help_heading = "Report")]
    pub metrics: Option<PathBuf>,

    /// Stop when N rows were rejected, failed or invalid [default: never]
    ///
    /// The run ends with status 4, and goes on with --resume. Rows that ended badly for the same cause in a report that is
    /// resumed, or named by --skip-associated-in, do not count.
    #[arg(long, value_name = "N", help_heading = "Stopping")]
    pub max_failed: Option<NonZeroU64>,
    /// Stop when P % of the last 1,000 rows were (from the 100th on); 100 is never
    ///
    /// A run that points at the wrong column or file is stopped by its first hundred rows instead of sending a million.
    /// Pairs that are skipped as associated count as good rows; rows that ended badly for the same cause before do not
    /// count. Status 4.
    #[arg(long, value_name = "P", default_value = "50", value_parser = percent, help_heading = "Stopping")]
    pub max_failed_percent: u8,
    /// Stop after this time, such as 90m or 8h
    ///
    /// What is in flight is finished; status 4, and --resume goes on. Time in which the program was stopped or the machine
    /// slept does not count.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Stopping")]
    pub max_duration: Option<Duration>,
    /// Stop at this time of day, such as 06:00
    ///
    /// The next such time where the machine is. What is in flight is finished; status 4, and --resume goes on.
    #[arg(long, value_name = "HH:MM", value_parser = time_of_day, help_heading = "Stopping")]
    pub until: Option<Time>,

    /// One request per row, or calls of many pairs with the same two types
    ///
    /// The report is the same in both: each row ends with its own outcome.
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "MODE",
        help_heading = "Batch mode"
    )]
    pub mode: Mode,
    /// With --mode batch: pairs per call at most, up to 2000
    #[arg(long, value_name = "N", default_value = BATCH_SIZE, value_parser = batch_size, help_heading = "Batch mode")]
    pub batch_size: NonZeroUsize,
    /// With --mode batch: calls in flight at most
    #[arg(
        long,
        value_name = "N",
        default_value = "4",
        help_heading = "Batch mode"
    )]
    pub batch_concurrency: NonZeroUsize,

    /// Requests per time: auto, 100/10s, 15/s, unlimited
    ///
    /// `auto` starts at 100 per 10 s and follows the headers of HubSpot's replies to the account's limit. A number is a
    /// ceiling that headers can lower and never raise. `unlimited` is for the sandbox and for tests.
    #[arg(long, value_name = "RATE", default_value_t, help_heading = "Pace")]
    pub rate: RateSetting,
    /// The share of the quota to use; the rest is left to others
    ///
    /// For several runs with the same token, or to leave room for another program.
    #[arg(long, value_name = "P%", default_value_t, help_heading = "Pace")]
    pub share: Share,
    /// On the daily limit wait until it resets instead of ending
    ///
    /// That is midnight in the account's time zone.
    #[arg(long, help_heading = "Pace")]
    pub wait_for_daily_reset: bool,
    /// Requests in flight at most
    ///
    /// More of them help only where replies take longer than a second.
    #[arg(long, value_name = "N", default_value = "16", help_heading = "Pace")]
    pub concurrency: NonZeroUsize,
    /// Attempts per row, for transient failures
    ///
    /// Requests that were answered 429 do not count.
    #[arg(long, value_name = "N", default_value = "6", help_heading = "Pace")]
    pub max_attempts: NonZeroU32,

    /// Where the API is, and who we are to it.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// How rows are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// One request per row
    #[default]
    Single,
    /// Calls of many pairs
    Batch,
}

/// The most pairs that one call takes, as it stands in the help.
const BATCH_SIZE: &str = "2000";

fn batch_size(text: &str) -> Result<NonZeroUsize, String> {
    let most = usize::try_from(crate::check::BATCH_SIZE).unwrap_or(usize::MAX);
    let size = text.trim().parse().ok();
    let size = size.filter(|size: &NonZeroUsize| size.get() <= most);
    size.ok_or_else(|| format!("expected a number from 1 to {most}"))
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text.trim().parse().map_err(|_| EXPECTED_TIME)?;
    let duration = Duration::try_from(duration).map_err(|_| EXPECTED_TIME)?;
    if duration.is_zero() {
        Err(EXPECTED_TIME.to_owned())
    } else if duration > MAX_TIME {
        Err("expected a time of a year at most".to_owned())
    } else {
        Ok(duration)
    }
}

/// What is written to a file only. `-` would be one of that name, which nobody means.
pub(super) fn file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        if path.as_os_str() == "-" {
            Err("expected the path of a file; it is not printed")
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

/// What is longer is a mistake, and does not fit every clock.
const MAX_TIME: Duration = Duration::from_hours(366 * 24);

const EXPECTED_TIME: &str = "expected a time such as `30s`, `1m` or `500ms`";
