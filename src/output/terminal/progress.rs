//! Renders progress as the text of the bar or of log lines. Pure except for [`Progress`], which shows it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressStyle;
use tracing::info;

use crate::cli::command_line::LogFormat;
use crate::domain::lookup_counts::LookupCounts;
use crate::domain::proof::Proof;
use crate::input::progress::ReadProgress;
use crate::number::{counted, grouped, per_second, span};
use crate::output::terminal::capabilities::columns;
use crate::output::terminal::log::PROGRESS_TARGET;
use crate::output::terminal::screen::{OutputOptions, ProgressForm, Screen};
use crate::rate_limit::rate::Rate;

/// The time span for the measured rate.
const RATE_OVER: Duration = Duration::from_secs(10);

/// The bar takes one of this number of terminal columns.
const BAR_SHARE: usize = 4;

/// The state of the run at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProgressSnapshot {
    pub(crate) at: Duration,
    pub(crate) finished: u64,
    pub(crate) not_good: u64,
    /// Those of them that failed for a temporary cause.
    pub(crate) failed: u64,
    pub(crate) total: Option<u64>,
    /// Whether `total` was counted, not estimated.
    pub(crate) counted: bool,
    pub(crate) rate_limit: Option<Rate>,
    pub(crate) pause_remaining: Option<Duration>,
    /// Rows that are waiting for a retry.
    pub(crate) waiting: usize,
    /// The keys looked up so far; they run ahead of the rows.
    pub(crate) lookup: LookupCounts,
}

/// What a run does with its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Work {
    /// It links them, or looks them up.
    #[default]
    Import,
    /// It reads whether they are linked.
    Verify,
    /// It removes their links.
    Undo,
}

impl Work {
    /// The work of which this is a result.
    pub(crate) fn of(proof: &Proof) -> Self {
        match proof {
            Proof::Verified(_) => Self::Verify,
            Proof::Undone(_) => Self::Undo,
        }
    }

    /// `1,234 of ~9,900 rows`, of which so much is done.
    fn done(self, rows: &str) -> String {
        match self {
            Self::Import | Self::Undo => format!("{rows} rows"),
            Self::Verify => format!("verified {rows} pairs"),
        }
    }

    /// What is wrong with some rows, if anything is.
    fn problems(self, snapshot: &ProgressSnapshot) -> Option<String> {
        let ProgressSnapshot {
            not_good, failed, ..
        } = *snapshot;
        let parts = match self {
            Self::Import => [(not_good, "with problems"), (0, "")],
            Self::Verify => [(not_good - failed, "not as expected"), (failed, "unknown")],
            Self::Undo => [(not_good, "failed"), (0, "")],
        };
        let parts = parts.into_iter().filter(|&(rows, _)| rows > 0);
        let parts = parts.map(|(rows, what)| format!("{} {what}", grouped(rows)));
        let parts: Vec<String> = parts.collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// Rows per second over the last [`RATE_OVER`].
#[derive(Debug, Default)]
struct Speed {
    samples: VecDeque<(Duration, u64)>,
}

impl Speed {
    fn sample(&mut self, at: Duration, finished: u64) {
        self.samples.push_back((at, finished));
        while self.samples.len() > 2 && at.saturating_sub(self.samples[1].0) >= RATE_OVER {
            self.samples.pop_front();
        }
    }

    fn rate(&self) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        let time = last.0.saturating_sub(first.0).as_secs_f64();
        (time > 0.0).then(|| (last.1 - first.1) as f64 / time)
    }
}

/// Renders a snapshot in at most `room` characters:
/// `1,234 of ~9,900 rows · 9.9/s · 14m 35s left · 12 with problems · rate limit 100/10s`.
///
/// If keys are looked up, `4,000 keys looked up` comes before the rate limit. If that does not fit, the least important
/// parts are left out, in this order: rate limit, keys, retries, rate, time left, problems.
fn text(work: Work, snapshot: &ProgressSnapshot, rate: Option<f64>, room: usize) -> String {
    let finished = grouped(snapshot.finished);
    let rows = work.done(&match snapshot.total {
        Some(total) => {
            let about = if snapshot.counted { "" } else { "~" };
            let total = grouped(total.max(snapshot.finished));
            format!("{finished} of {about}{total}")
        }
        None => finished,
    });
    let per_second = rate.map(|rate| format!("{}/s", per_second(rate)));
    let left = rate.and_then(|rate| left(snapshot, rate));
    let left = left.map(|left| format!("{} left", span(left)));
    let problems = work.problems(snapshot);
    let rate_limit = match (snapshot.pause_remaining, snapshot.rate_limit) {
        (Some(pause), _) => Some(format!("paused for {}", span(pause))),
        (None, rate_limit) => rate_limit.map(|rate_limit| format!("rate limit {rate_limit}")),
    };
    let waiting = (snapshot.waiting > 0).then(|| format!("{} to retry", snapshot.waiting));
    let lookup = &snapshot.lookup;
    let keys = lookup.is_used().then(|| {
        let keys = counted(lookup.keys(), "key", "keys");
        format!("{keys} looked up")
    });
    let mut parts = [
        Some(rows),
        per_second,
        left,
        problems,
        waiting,
        keys,
        rate_limit,
    ];
    for dropped in [6, 5, 4, 1, 2, 3] {
        if joined(&parts).chars().count() <= room {
            break;
        }
        parts[dropped] = None;
    }
    joined(&parts)
}

fn joined(parts: &[Option<String>]) -> String {
    let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
    parts.join(" · ")
}

fn left(snapshot: &ProgressSnapshot, rate: f64) -> Option<Duration> {
    let rows = snapshot
        .total?
        .checked_sub(snapshot.finished)
        .filter(|&rows| rows > 0)?;
    Duration::try_from_secs_f64(rows as f64 / rate).ok()
}

/// Shows the progress of a run.
#[derive(Debug)]
pub(crate) struct Progress {
    form: ProgressForm,
    work: Work,
    json: bool,
    screen: Screen,
    bar_columns: usize,
    speed: Speed,
    next_line: Duration,
    next_sample: Duration,
    read: Arc<ReadProgress>,
    first: Option<u64>,
}

impl Progress {
    pub(crate) fn new(
        output: OutputOptions,
        screen: Screen,
        read: Arc<ReadProgress>,
        first: Option<u64>,
    ) -> Self {
        let bar_columns = usize::from(columns()) / BAR_SHARE;
        if output.progress == ProgressForm::Bar {
            let template = format!("{{bar:{bar_columns}.cyan/dim}} {{msg}}");
            let style = ProgressStyle::with_template(&template)
                .expect("only a number in the template varies")
                .progress_chars("━━─");
            screen.show_bar(style);
        }
        let next_line = match output.progress {
            ProgressForm::Lines { every } => every,
            ProgressForm::Bar | ProgressForm::None => Duration::MAX,
        };
        Self {
            form: output.progress,
            work: Work::default(),
            json: output.log_format == LogFormat::Json,
            screen,
            bar_columns,
            speed: Speed::default(),
            next_line,
            next_sample: Duration::ZERO,
            read,
            first,
        }
    }

    /// Chooses the words for this work; a row that ended shows which it is.
    pub(crate) fn name_work(&mut self, work: Work) {
        self.work = work;
    }

    /// Whether progress is drawn as a bar.
    pub(crate) fn is_bar(&self) -> bool {
        self.form == ProgressForm::Bar
    }

    /// Updates the progress.
    pub(crate) fn tick(&mut self, mut snapshot: ProgressSnapshot) {
        if self.form == ProgressForm::None {
            return;
        }
        if snapshot.at >= self.next_sample {
            self.speed.sample(snapshot.at, snapshot.finished);
            self.next_sample = snapshot.at + Duration::from_millis(500);
        }
        let estimated = self.read.estimated_rows();
        snapshot.total = match (estimated, self.first) {
            (Some(rows), Some(first)) => Some(rows.min(first)),
            (rows, first) => rows.or(first),
        };
        snapshot.counted =
            self.read.is_finished() || self.first.is_some_and(|first| self.read.rows() >= first);
        match self.form {
            ProgressForm::Bar => self.draw(&snapshot),
            ProgressForm::Lines { every } if snapshot.at >= self.next_line => {
                self.next_line = snapshot.at + every;
                self.line(&snapshot);
            }
            ProgressForm::Lines { .. } | ProgressForm::None => {}
        }
    }

    fn draw(&self, snapshot: &ProgressSnapshot) {
        let bar = self.screen.bar();
        if let Some(total) = snapshot.total {
            bar.set_length(total.max(snapshot.finished).max(1));
        }
        let room = usize::from(columns()).saturating_sub(self.bar_columns + 1);
        bar.set_message(text(self.work, snapshot, self.speed.rate(), room));
        bar.set_position(snapshot.finished);
    }

    fn line(&self, snapshot: &ProgressSnapshot) {
        let text = text(self.work, snapshot, self.speed.rate(), usize::MAX);
        if self.json {
            let lookup = Some(snapshot.lookup).filter(LookupCounts::is_used);
            info!(
                target: PROGRESS_TARGET,
                settled = snapshot.finished,
                with_problems = snapshot.not_good,
                total = snapshot.total,
                looked_up = lookup.map(|lookup| lookup.keys()),
                lookup_calls = lookup.map(|lookup| lookup.calls),
                "{text}"
            );
        } else {
            self.screen.log(&format!("{text}\n"));
        }
    }

    /// Removes the bar and keeps the lines above it.
    pub(crate) fn finish(&self) {
        self.screen.remove_bar();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> ProgressSnapshot {
        ProgressSnapshot {
            at: Duration::from_secs(100),
            finished: 1234,
            not_good: 0,
            failed: 0,
            total: Some(9900),
            counted: false,
            rate_limit: "100/10s".parse().ok(),
            pause_remaining: None,
            waiting: 0,
            lookup: LookupCounts::default(),
        }
    }

    #[test]
    fn the_text_shows_rows_rate_time_left_problems_and_rate_limit() {
        for (snapshot, rate, expected) in [
            (
                snapshot(),
                None,
                "1,234 of ~9,900 rows · rate limit 100/10s",
            ),
            (
                ProgressSnapshot {
                    not_good: 12,
                    counted: true,
                    ..snapshot()
                },
                Some(9.9),
                "1,234 of 9,900 rows · 9.9/s · 14m 35s left · 12 with problems · rate limit 100/10s",
            ),
            (
                ProgressSnapshot {
                    pause_remaining: Some(Duration::from_secs(8)),
                    total: None,
                    ..snapshot()
                },
                Some(0.0),
                "1,234 rows · 0.0/s · paused for 8.0s",
            ),
            (
                ProgressSnapshot {
                    total: Some(1000),
                    waiting: 3,
                    rate_limit: None,
                    ..snapshot()
                },
                Some(5000.0),
                "1,234 of ~1,234 rows · 5,000/s · 3 to retry",
            ),
        ] {
            assert_eq!(text(Work::Import, &snapshot, rate, usize::MAX), expected);
        }
    }

    #[test]
    fn each_work_has_its_words() {
        let snapshot = ProgressSnapshot {
            not_good: 5,
            failed: 2,
            rate_limit: None,
            ..snapshot()
        };
        for (work, expected) in [
            (Work::Import, "1,234 of ~9,900 rows · 5 with problems"),
            (
                Work::Verify,
                "verified 1,234 of ~9,900 pairs · 3 not as expected, 2 unknown",
            ),
            (Work::Undo, "1,234 of ~9,900 rows · 5 failed"),
        ] {
            assert_eq!(text(work, &snapshot, None, usize::MAX), expected);
        }
        let good = ProgressSnapshot {
            not_good: 0,
            failed: 0,
            total: None,
            ..snapshot
        };
        assert_eq!(
            text(Work::Verify, &good, None, usize::MAX),
            "verified 1,234 pairs"
        );
    }

    #[test]
    fn a_narrow_terminal_shows_the_most_important_parts() {
        let snapshot = ProgressSnapshot {
            not_good: 12,
            lookup: LookupCounts {
                calls: 40,
                exact: 4000,
                ..LookupCounts::default()
            },
            ..snapshot()
        };
        for (room, expected) in [
            (
                108,
                "1,234 of ~9,900 rows · 9.9/s · 14m 35s left · 12 with problems · 4,000 keys looked up · rate limit 100/10s",
            ),
            (
                85,
                "1,234 of ~9,900 rows · 9.9/s · 14m 35s left · 12 with problems · 4,000 keys looked up",
            ),
            (
                70,
                "1,234 of ~9,900 rows · 9.9/s · 14m 35s left · 12 with problems",
            ),
            (60, "1,234 of ~9,900 rows · 14m 35s left · 12 with problems"),
            (42, "1,234 of ~9,900 rows · 12 with problems"),
            (26, "1,234 of ~9,900 rows"),
            (0, "1,234 of ~9,900 rows"),
        ] {
            assert_eq!(text(Work::Import, &snapshot, Some(9.9), room), expected);
        }
    }

    #[test]
    fn the_rate_covers_the_last_ten_seconds() {
        let mut speed = Speed::default();
        assert_eq!(speed.rate(), None);
        for second in 0..=100 {
            let finished = if second <= 80 {
                second * 1000
            } else {
                80_000 + (second - 80) * 10
            };
            speed.sample(Duration::from_secs(second), finished);
        }
        assert_eq!(speed.rate(), Some(10.0));
        assert!(speed.samples.len() <= 12);
    }
}
