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
use crate::cli::labels::LabelArgs;
use crate::cli::rate_limit::RateLimitArgs;
use crate::input::settings::InputSettings;

/// The flags of `import`.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub struct ImportArgs {
    /// The input and how to read it.
    #[command(flatten)]
    pub input: InputArgs,

    /// Read the links of each pair before it is sent; note which were there before
    ///
    /// The column `existed_before` of the report gets `yes`, `no`, or `unknown` if the links could not be read. `undo` removes
    /// only links with `no`. The reads take about one request per 1,000 records of one side, and do not count towards the
    /// limit of requests per 10 s. Other programs may link the pair between the read and the write: the report then says
    /// `no`, although this run did not make the link.
    #[arg(long, help_heading = "Input")]
    pub check_existing: bool,
    /// Skip pairs that HubSpot shows as linked; implies --check-existing
    ///
    /// Their category is `CLIENT_EXISTS`. If almost all pairs of the file are linked already, the run takes about one request
    /// per 1,000 records instead of one per row. A link that another program removes after it was read is not made again by
    /// this run.
    #[arg(long, help_heading = "Input")]
    pub skip_existing: bool,

    /// The labels of the associations.
    #[command(flatten)]
    pub labels: LabelArgs,
    /// Send only the row's labels; HubSpot then removes other labels of the link
    ///
    /// Without this flag, the labels of each link are read first, and sent together with those of the row.
    #[arg(long, requires = "LabelArgs", help_heading = "Labels")]
    pub replace_labels: bool,

    /// Rehearse: run against a built-in imitation of the API; needs no token
    ///
    /// Nothing is sent to HubSpot. The report of pairs.csv is pairs.sandbox.report.csv, and the next rehearsal replaces it.
    /// A report that you name with --report is replaced only with --overwrite. The report is marked as a rehearsal, and a
    /// real run does not use it.
    #[arg(long, conflicts_with = "base_url")]
    pub sandbox: bool,

    /// Show what the import would do, as `check` does, and exit
    #[arg(long, conflicts_with = "resume")]
    pub dry_run: bool,

    /// Path of the report [default: pairs.report.csv beside pairs.csv]
    #[arg(long, value_name = "PATH", help_heading = "Report")]
    pub report: Option<PathBuf>,
    /// Continue an earlier run; if there is no report yet, start a new run
    ///
    /// Rows that are associated, rejected, invalid or skipped are not sent again. Failed rows, and rows without a line in
    /// the report, are sent. The input must be the same, but it may have new rows at its end. A cron job can always use
    /// this flag.
    #[arg(long, conflicts_with = "overwrite", help_heading = "Report")]
    pub resume: bool,
    /// With --resume: also send the rejected rows again
    #[arg(long, requires = "resume", help_heading = "Report")]
    pub retry_rejected: bool,
    /// With --resume: remove damaged lines of the report, and send their rows again
    ///
    /// A power failure or a faulty disk can leave zeros or an incomplete line in the middle of a report. --resume alone
    /// refuses such a report. With this flag, all complete lines are kept. The report stays unchanged until the repaired
    /// report is on the disk.
    #[arg(long, requires = "resume", help_heading = "Report")]
    pub repair: bool,
    /// Replace an existing report
    ///
    /// A file that is not a report is never replaced. The files of --html, --summary, --metrics and --rejects do not need
    /// this flag: a file that an earlier run wrote is replaced, any other file is not.
    #[arg(long, help_heading = "Report")]
    pub overwrite: bool,
    /// When the run ends, write a CSV of the rows that are not associated
    ///
    /// You can correct its rows and import it again. It has the columns of the input, and two more columns with the reason.
    /// It is not written after Ctrl-C; `report --rejects` can write it at any time.
    #[arg(long, value_name = "PATH", help_heading = "Report")]
    pub rejects: Option<PathBuf>,
    /// Write an HTML report when the run ends, even if it fails
    ///
    /// It shows the outcomes, their reasons, the progress over time, the time per row, and the next command. It is one file
    /// that needs no other file. You can open, print or send it.
    #[arg(long, value_name = "PATH", value_parser = file(), help_heading = "Report")]
    pub html: Option<PathBuf>,
    /// Write a JSON summary for scripts when the run ends; - prints it instead of text
    ///
    /// It is also written if the run fails or cannot start, always as a complete file. docs/summary.md describes it. Its
    /// schema is docs/summary.schema.json.
    #[arg(long, value_name = "PATH", help_heading = "Report")]
    pub summary: Option<PathBuf>,
    /// Write metrics for node_exporter's textfile collector while the run lasts
    ///
    /// The file has Prometheus' text format. It is replaced by a complete new file every 15 seconds and when the run ends,
    /// even if the run fails. The file name becomes the label `import`: links.prom gets import="links". docs/alerts.md
    /// describes the metrics.
    #[arg(long, value_name = "PATH", value_parser = file(), help_heading = "Report")]
    pub metrics: Option<PathBuf>,

    /// Stop when N rows are rejected, failed or invalid [default: no limit]
    ///
    /// The run ends with status 4, and --resume continues it. A row does not count if it ended for the same cause in an
    /// earlier report: in the report that is resumed, or in one that --skip-associated-in names.
    #[arg(long, value_name = "N", help_heading = "Stopping")]
    pub max_failed: Option<NonZeroU64>,
    /// Stop when P % of the last 1,000 rows are not associated; 100 disables this limit
    ///
    /// Rows count as not associated if they are rejected, failed or invalid. The limit applies from the 100th row on, so that a run with the wrong
    /// column or the wrong file stops after 100 rows instead of sending a million. Pairs that are skipped as associated
    /// count as good rows. A row does not count if it ended for the same cause in an earlier report. The run ends with
    /// status 4, and --resume continues it.
    #[arg(long, value_name = "P", default_value = "50", value_parser = percent, help_heading = "Stopping")]
    pub max_failed_percent: u8,
    /// Stop after this time, such as 90m or 8h
    ///
    /// The run waits for the replies to its last requests. It ends with status 4, and --resume continues it. Time does not
    /// count while the process is suspended or the machine sleeps.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Stopping")]
    pub max_duration: Option<Duration>,
    /// Stop at this time of day, such as 06:00
    ///
    /// The time is in the time zone of this machine, within the next 24 hours. The run waits for the replies to its last
    /// requests. It ends with status 4, and --resume continues it.
    #[arg(long, value_name = "HH:MM", value_parser = time_of_day, help_heading = "Stopping")]
    pub until: Option<Time>,

    /// Send one request per row, or batch calls with many pairs of the same two types
    ///
    /// The report is the same in both modes: each row has its own outcome.
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "MODE",
        help_heading = "Batch mode"
    )]
    pub mode: Mode,
    /// With --mode batch: maximum number of pairs per call, at most 2000
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

impl ImportArgs {
    /// The settings for reading the input.
    #[must_use]
    pub fn input_settings(&self) -> InputSettings {
        self.labels.apply_to(self.input.clone().into_settings())
    }
}

/// How rows are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// One request per row
    #[default]
    Single,
    /// Many pairs per request
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
pub(crate) fn percent(text: &str) -> Result<u8, String> {
    let text = text.trim();
    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    let percent = number
        .parse()
        .ok()
        .filter(|percent| (1..=100).contains(percent));
    percent.ok_or_else(|| "expected a number from 1 to 100".to_owned())
}

pub(crate) fn time_of_day(text: &str) -> Result<Time, String> {
    let text = text.trim();
    Time::strptime("%H:%M", text)
        .or_else(|_| Time::strptime("%H:%M:%S", text))
        .map_err(|_| "expected a time of day such as `06:00` or `22:30`".to_owned())
}
