//! Renders a run as metrics in Prometheus' text format, for node_exporter's textfile collector
//! (<https://github.com/prometheus/node_exporter#textfile-collector>). docs/alerts.md explains them.
//!
//! All metrics are gauges: a file describes one run, and the counts of the next run start at zero.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use prometheus::{Encoder, Gauge, GaugeVec, Opts, Registry, TextEncoder};

use crate::domain::outcome::OutcomeKind;
use crate::domain::run_counts::RunCounts;
use crate::exit_status::ExitStatus;
use crate::process::program::Program;
use crate::text::excerpt;

/// The prefix of all metric names.
const PREFIX: &[u8] = b"hubspot_associate_";

const LAST_FINISH: &str = "hubspot_associate_last_finish_timestamp_seconds";
const LAST_SUCCESS: &str = "hubspot_associate_last_success_timestamp_seconds";

/// The maximum length of a category in a label: categories come from a server.
const MAX_LABEL_CHARS: usize = 80;

/// When the last good runs ended, in seconds since 1970; 0 if there was none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastEnds {
    /// The last run that ended with status 0 or 1.
    pub finish: i64,
    /// The last run that ended with status 0.
    pub success: i64,
}

impl LastEnds {
    /// Reads the times from the metrics of an earlier run. A file of another program yields zeros.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let value = |name: &str| {
            let of_name =
                |line: &str| Some(line.strip_prefix(name)?.rsplit_once(' ')?.1.to_owned());
            let value = text.lines().find_map(of_name)?;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "seconds are whole, and what is no time is cut to one"
            )]
            let seconds = value.parse::<f64>().ok()? as i64;
            Some(seconds.max(0))
        };
        Self {
            finish: value(LAST_FINISH).unwrap_or_default(),
            success: value(LAST_SUCCESS).unwrap_or_default(),
        }
    }

    /// The times after a run has ended with this status.
    #[must_use]
    pub fn after(self, status: ExitStatus, now: Timestamp) -> Self {
        let now = now.as_second();
        match status {
            ExitStatus::Done => Self {
                finish: now,
                success: now,
            },
            ExitStatus::SomeRowsNot => Self {
                finish: now,
                ..self
            },
            _ => self,
        }
    }
}

/// Whether this content consists of these metrics only.
#[must_use]
pub fn is_metrics(content: &[u8]) -> bool {
    let lines = content.split(|&byte| byte == b'\n');
    let mut lines = lines
        .filter(|line| !line.trim_ascii().is_empty())
        .peekable();
    let is_ours = |line: &[u8]| {
        let comments = [&b"# HELP "[..], b"# TYPE "];
        let comment = comments.iter().find_map(|start| line.strip_prefix(*start));
        comment.unwrap_or(line).starts_with(PREFIX)
    };
    lines.peek().is_some() && lines.all(is_ours)
}

/// The data that the metrics are rendered from.
#[derive(Clone, Debug)]
pub struct Metrics<'m> {
    /// The value of the label `import`, which distinguishes several imports on one machine.
    pub name: &'m str,
    /// The counters so far.
    pub counts: &'m RunCounts,
    /// When the run started.
    pub started_at: Timestamp,
    /// How long the run has taken.
    pub elapsed: Duration,
    /// When the metrics are written.
    pub now: Timestamp,
    /// The exit status and the reason word, one of those in [`exit_reason`](crate::output::exit_reason); none during the run.
    pub end: Option<(ExitStatus, &'static str)>,
    /// When the last good runs ended.
    pub last: LastEnds,
}

impl Metrics<'_> {
    /// The metrics as text.
    ///
    /// # Panics
    ///
    /// If the name of a metric or label is invalid, which is a bug.
    #[must_use]
    pub fn to_text(&self) -> String {
        let labels = HashMap::from([("import".to_owned(), self.name.to_owned())]);
        let registry = Registry::new_custom(Some("hubspot_associate".to_owned()), Some(labels))
            .expect("the label is fixed");
        let mut family = Family {
            registry: &registry,
        };
        self.of_program(&mut family);
        self.of_rows(&mut family);
        self.of_requests(&mut family);
        self.of_lookups(&mut family);
        self.of_time(&mut family);
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&registry.gather(), &mut text)
            .expect("memory takes every write");
        String::from_utf8_lossy(&text).into_owned()
    }

    fn of_program(&self, family: &mut Family) {
        let Program {
            version, commit, ..
        } = Program::THIS;
        let build = family.many(
            "build_info",
            "The program that wrote this.",
            &["version", "commit"],
        );
        set(&build, &[version, commit.unwrap_or("unknown")], 1);
        let running = u64::from(self.end.is_none());
        family.one("running", "1 during a run, else 0.", running);
        if let Some((status, reason)) = self.end {
            let help = "The exit status; README.md explains the numbers.";
            family.one("exit_status", help, status.code());
            let help = "The reason for the end; docs/summary.md explains the words.";
            set(&family.many("exit_reason", help, &["reason"]), &[reason], 1);
        }
    }

    fn of_rows(&self, family: &mut Family) {
        let help = "Rows that have their line in the report, by outcome.";
        let rows = family.many("rows", help, &["outcome"]);
        for kind in OutcomeKind::ALL {
            set(&rows, &[kind.as_str()], self.counts.of(kind));
        }
        let help = "How many of the rows ended in earlier runs with the same report.";
        family.one("rows_of_earlier_runs", help, self.counts.already_reported);
        let categories = self.counts.categories();
        if categories.is_empty() {
            return;
        }
        let help = "Rows that are rejected, failed or invalid, by their first category.";
        let rows = family.many("rows_with_category", help, &["outcome", "category"]);
        for count in categories {
            let category = excerpt(&count.category, MAX_LABEL_CHARS);
            let rows = rows.with_label_values(&[count.kind.as_str(), &category]);
            // Two long categories may be equal after they are cut.
            rows.add(float(count.rows));
        }
    }

    fn of_requests(&self, family: &mut Family) {
        let RunCounts {
            requests,
            throttled,
            daily,
            ..
        } = self.counts;
        family.one("requests", "Requests sent by this run.", *requests);
        let help = "Requests of this run with a 429 reply.";
        family.one("requests_throttled", help, *throttled);
        if let Some((share, _)) = self.counts.quota_use() {
            let help = "The share of the rate limit that this run used.";
            family.ratio("quota_used_ratio", help, share);
        }
        if let Some(daily) = daily {
            let help = "Daily limit of the account, from the last reply.";
            family.one("daily_limit_requests", help, daily.limit);
            let help = "Requests that the account has left today, from the last reply.";
            family.one("daily_remaining_requests", help, daily.remaining);
        }
    }

    fn of_lookups(&self, family: &mut Family) {
        let counts = self.counts.lookup;
        if !counts.is_used() {
            return;
        }
        let help = "Requests that this run sent to look keys up.";
        family.one("lookup_calls", help, counts.calls);
        let help = "Distinct keys that this run looked up, by their answer.";
        let keys = family.many("lookup_keys", help, &["answer"]);
        for (answer, number) in [
            ("exact", counts.exact),
            ("folded", counts.folded),
            ("secondary", counts.secondary),
            ("search", counts.search),
            ("not_found", counts.not_found),
            ("ambiguous", counts.ambiguous),
            ("refused", counts.refused),
            ("failed", counts.failed),
        ] {
            set(&keys, &[answer], number);
        }
    }

    fn of_time(&self, family: &mut Family) {
        let help = "How long the run took, or has taken so far.";
        family.ratio("duration_seconds", help, self.elapsed.as_secs_f64());
        let times = [
            (
                "start_timestamp_seconds",
                "When the run started.",
                self.started_at.as_second(),
            ),
            (
                "updated_timestamp_seconds",
                "When this file was written.",
                self.now.as_second(),
            ),
            (
                "last_finish_timestamp_seconds",
                "When a run last ended with status 0 or 1; 0 if none did.",
                self.last.finish,
            ),
            (
                "last_success_timestamp_seconds",
                "When a run last ended with status 0; 0 if none did.",
                self.last.success,
            ),
        ];
        for (name, help, seconds) in times {
            family.one(name, help, u64::try_from(seconds).unwrap_or_default());
        }
    }
}

/// Registers metrics.
struct Family<'r> {
    registry: &'r Registry,
}

impl Family<'_> {
    fn one(&mut self, name: &str, help: &str, value: impl Into<u64>) {
        self.ratio(name, help, float(value.into()));
    }

    fn ratio(&mut self, name: &str, help: &str, value: f64) {
        let gauge = Gauge::with_opts(Opts::new(name, help)).expect("the name is fixed");
        gauge.set(value);
        self.registry
            .register(Box::new(gauge))
            .expect("each name comes once");
    }

    fn many(&mut self, name: &str, help: &str, labels: &[&str]) -> GaugeVec {
        let gauges = GaugeVec::new(Opts::new(name, help), labels).expect("the name is fixed");
        self.registry
            .register(Box::new(gauges.clone()))
            .expect("each name comes once");
        gauges
    }
}

fn set(gauges: &GaugeVec, labels: &[&str], value: u64) {
    gauges.with_label_values(labels).set(float(value));
}

fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cause::Cause;
    use crate::domain::lookup_counts::LookupCounts;
    use crate::domain::pair::RowKey;
    use crate::domain::run_counts::{Daily, Example};
    use prometheus_parse::{Scrape, Value};

    fn counts() -> RunCounts {
        let mut counts = RunCounts::default();
        counts.requests = 12;
        counts.throttled = 2;
        counts.daily = Some(Daily {
            limit: 500_000,
            remaining: 1234,
        });
        counts.count_row(OutcomeKind::Associated, None, || unreachable!());
        let example = || Example {
            key: RowKey { row: 1, line: 2 },
            values: Default::default(),
            keys: Default::default(),
            http_status: None,
            message: String::new(),
            correlation_id: None,
        };
        let odd = "has \"quotes\" and a \\";
        counts.count_row(OutcomeKind::Rejected, Some((odd, Cause::Category)), example);
        for start in ["a", "b"] {
            let long = format!("{}{start}", "x".repeat(MAX_LABEL_CHARS));
            counts.count_row(OutcomeKind::Failed, Some((&long, Cause::Category)), example);
        }
        counts
    }

    fn text(name: &str, end: Option<(ExitStatus, &'static str)>, last: LastEnds) -> String {
        Metrics {
            name,
            counts: &counts(),
            started_at: Timestamp::from_second(1000).unwrap(),
            elapsed: Duration::from_millis(61_500),
            now: Timestamp::from_second(1062).unwrap(),
            end,
            last,
        }
        .to_text()
    }

    /// Each sample as `name{labels without import} value`, read by an independent parser, which leaves escapes in labels
    /// as they are.
    fn samples(text: &str, import: &str) -> Vec<String> {
        let lines = text.lines().map(|line| Ok(line.to_owned()));
        let scrape = Scrape::parse(lines).unwrap();
        let samples = scrape.samples.iter().map(|sample| {
            assert_eq!(sample.labels.get("import"), Some(import));
            let Value::Gauge(value) = sample.value else {
                panic!("{sample:?}")
            };
            let mut labels: Vec<_> = sample
                .labels
                .iter()
                .filter(|(name, _)| *name != "import")
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            labels.sort();
            let name = sample.metric.strip_prefix("hubspot_associate_").unwrap();
            format!("{name}{{{}}} {value}", labels.join(","))
        });
        samples.collect()
    }

    #[test]
    fn an_independent_parser_reads_every_sample() {
        let last = LastEnds {
            finish: 1062,
            success: 500,
        };
        let text = text("links", Some((ExitStatus::SomeRowsNot, "finished")), last);
        let long = format!("{}…", "x".repeat(MAX_LABEL_CHARS - 1));
        let mut expected = vec![
            format!(
                "build_info{{commit=unknown,version={}}} 1",
                env!("CARGO_PKG_VERSION")
            ),
            "daily_limit_requests{} 500000".into(),
            "daily_remaining_requests{} 1234".into(),
            "duration_seconds{} 61.5".into(),
            "exit_reason{reason=finished} 1".into(),
            "exit_status{} 1".into(),
            "last_finish_timestamp_seconds{} 1062".into(),
            "last_success_timestamp_seconds{} 500".into(),
            "requests{} 12".into(),
            "requests_throttled{} 2".into(),
            "rows_of_earlier_runs{} 0".into(),
            "running{} 0".into(),
            "start_timestamp_seconds{} 1000".into(),
            "updated_timestamp_seconds{} 1062".into(),
            format!("rows_with_category{{category={long},outcome=failed}} 2"),
            r#"rows_with_category{category=has \"quotes\" and a \\,outcome=rejected} 1"#.into(),
        ];
        for (outcome, rows) in [
            ("associated", 1),
            ("failed", 2),
            ("invalid", 0),
            ("rejected", 1),
            ("skipped", 0),
        ] {
            expected.push(format!("rows{{outcome={outcome}}} {rows}"));
        }
        let mut found = samples(&text, "links");
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_keys_of_a_run_that_looks_them_up_are_counted_by_their_answer() {
        let mut counts = RunCounts::default();
        let metrics = |counts: &RunCounts| {
            let text = Metrics {
                name: "links",
                counts,
                started_at: Timestamp::UNIX_EPOCH,
                elapsed: Duration::ZERO,
                now: Timestamp::UNIX_EPOCH,
                end: None,
                last: LastEnds::default(),
            }
            .to_text();
            assert!(is_metrics(text.as_bytes()));
            let mut samples = samples(&text, "links");
            samples.retain(|sample| sample.starts_with("lookup_"));
            samples.sort();
            samples
        };
        assert_eq!(metrics(&counts), [""; 0]);
        counts.lookup = LookupCounts {
            calls: 9,
            exact: 1,
            folded: 2,
            secondary: 3,
            search: 4,
            not_found: 5,
            ambiguous: 6,
            refused: 7,
            failed: 8,
        };
        assert_eq!(
            metrics(&counts),
            [
                "lookup_calls{} 9",
                "lookup_keys{answer=ambiguous} 6",
                "lookup_keys{answer=exact} 1",
                "lookup_keys{answer=failed} 8",
                "lookup_keys{answer=folded} 2",
                "lookup_keys{answer=not_found} 5",
                "lookup_keys{answer=refused} 7",
                "lookup_keys{answer=search} 4",
                "lookup_keys{answer=secondary} 3",
            ]
        );
    }

    #[test]
    fn a_running_run_has_no_exit_status_yet() {
        let text = text("links", None, LastEnds::default());
        let samples = samples(&text, "links");
        assert!(samples.contains(&"running{} 1".to_owned()));
        assert!(samples.iter().all(|sample| !sample.starts_with("exit_")));
    }

    #[test]
    fn the_last_good_end_is_kept_from_one_file_to_the_next() {
        let now = Timestamp::from_second(2000).unwrap();
        let before = LastEnds {
            finish: 900,
            success: 800,
        };
        for (status, finish, success) in [
            (ExitStatus::Done, 2000, 2000),
            (ExitStatus::SomeRowsNot, 2000, 800),
            (ExitStatus::Interrupted, 900, 800),
            (ExitStatus::Credentials, 900, 800),
        ] {
            let last = LastEnds::read(&text("a \"b\" c", None, before)).after(status, now);
            assert_eq!(last, LastEnds { finish, success }, "{status:?}");
        }
        for other in ["", "# nothing", LAST_SUCCESS, "x_last_success 7"] {
            assert_eq!(LastEnds::read(other), LastEnds::default());
        }
    }
}
