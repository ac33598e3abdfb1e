//! The observers of a run: run events → terminal output, the metrics file, and a timeline of throttled requests.

use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use crate::domain::run_counts::RunCounts;
use crate::error::{Problem, RunError};
use crate::exit_status::ExitStatus;
use crate::files::atomic_file::{AtomicFile, is_stream};
use crate::output::files::{Output, OutputError};
use crate::output::metrics::{LastEnds, Metrics};
use crate::output::terminal::observer::Display;
use crate::report::stats::timeline::Timeline;
use crate::run::event::{Event, Observe, RunEvent};

/// How often metrics are written during a run: the usual scrape interval.
const METRICS_EVERY: Duration = Duration::from_secs(15);

/// The maximum number of bytes read from a metrics file; real ones are far smaller.
const MAX_METRICS_BYTES: u64 = 1024 * 1024;

/// All observers, in the order in which they receive an event.
pub(crate) struct Observers {
    pub(crate) display: Display,
    pub(crate) metrics: Option<LiveMetrics>,
    pub(crate) throttles: Throttles,
}

impl Observe for Observers {
    fn tick_every(&self) -> Duration {
        self.display.tick_every()
    }

    fn on(&mut self, event: &Event<'_>) {
        self.display.on(event);
        self.throttles.on(event);
        if let Some(metrics) = &mut self.metrics {
            metrics.on(event);
        }
    }
}

/// Counts 429 replies over time. The report does not contain them.
pub(crate) struct Throttles {
    started_at: Timestamp,
    seen: u64,
    timeline: Timeline,
}

impl Throttles {
    pub(crate) fn since(started_at: Timestamp) -> Self {
        Self {
            started_at,
            seen: 0,
            timeline: Timeline::default(),
        }
    }

    pub(crate) fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    fn on(&mut self, event: &Event<'_>) {
        let new = event.counts.throttled - self.seen;
        if new > 0 {
            self.seen = event.counts.throttled;
            let now = self.started_at.checked_add(event.at);
            let now = now.unwrap_or(self.started_at);
            self.timeline.at(now.as_second()).throttled += new;
        }
    }
}

/// The metrics file.
#[derive(Clone, Debug)]
pub(crate) struct MetricsFile {
    output: Output,
    name: String,
    last: LastEnds,
}

impl MetricsFile {
    /// The file, with the values that an earlier run wrote to it.
    pub(crate) fn of(output: Output) -> Self {
        // The file name distinguishes the imports of one machine, and is the same for every nightly run.
        let name = output.path().file_stem().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let last = LastEnds::read(&written_before(output.path()));
        Self { output, name, last }
    }

    pub(crate) fn output(&self) -> &Output {
        &self.output
    }

    /// Whether the file can be replaced during a run. A pipe or a device gets the metrics once, at the end: its reader
    /// would receive all versions one after the other.
    pub(crate) fn is_replaceable(&self) -> bool {
        !is_stream(self.output.path()).unwrap_or(false)
    }

    fn text(
        &self,
        counts: &RunCounts,
        started_at: Timestamp,
        elapsed: Duration,
        end: Option<(ExitStatus, &'static str)>,
        last: LastEnds,
    ) -> String {
        let now = started_at.checked_add(elapsed);
        Metrics {
            name: &self.name,
            counts,
            started_at,
            elapsed,
            now: now.unwrap_or(started_at),
            end,
            last,
        }
        .to_text()
    }

    /// Writes the final metrics. A rehearsal links nothing, so it does not update the time of the last success.
    pub(crate) fn write_last(
        &self,
        counts: &RunCounts,
        started_at: Timestamp,
        elapsed: Duration,
        end: (ExitStatus, &'static str),
        rehearsed: bool,
    ) -> Result<(), OutputError> {
        let ended_at = started_at.checked_add(elapsed).unwrap_or(started_at);
        let last = if rehearsed {
            self.last
        } else {
            self.last.after(end.0, ended_at)
        };
        let text = self.text(counts, started_at, elapsed, Some(end), last);
        self.output.write(&text)
    }
}

/// The metrics of an earlier run. A device or a pipe has none, and is not opened before there is something to write.
fn written_before(path: &Path) -> String {
    let read = || {
        let mut text = String::new();
        if let Some(file) = AtomicFile::existing(path)? {
            file.take(MAX_METRICS_BYTES).read_to_string(&mut text)?;
        }
        io::Result::Ok(text)
    };
    read().unwrap_or_default()
}

/// Writes metrics during a run on a separate thread, so that a slow disk delays neither signals nor replies.
pub(crate) struct LiveMetrics {
    file: MetricsFile,
    started_at: Timestamp,
    next: Duration,
    texts: SyncSender<String>,
    writer: JoinHandle<()>,
}

impl LiveMetrics {
    pub(crate) fn start(file: MetricsFile, started_at: Timestamp) -> Result<Self, RunError> {
        let (texts, written) = sync_channel::<String>(1);
        let output = file.output().clone();
        let thread = thread::Builder::new().name("metrics".to_owned());
        let writer = thread.spawn(move || {
            while let Ok(text) = written.recv() {
                if let Err(error) = output.write(&text) {
                    let causes = Problem::new(&error, None).causes.join(": ");
                    warn!("{error}: {causes}");
                }
            }
        });
        Ok(Self {
            file,
            started_at,
            next: Duration::ZERO,
            texts,
            writer: writer.map_err(RunError::System)?,
        })
    }

    fn on(&mut self, event: &Event<'_>) {
        if matches!(event.kind, RunEvent::Tick { .. }) && event.at >= self.next {
            self.next = event.at + METRICS_EVERY;
            let text = self.file.text(
                event.counts,
                self.started_at,
                event.at,
                None,
                self.file.last,
            );
            // If the previous text is still being written, skip this one.
            drop(self.texts.try_send(text));
        }
    }

    /// Waits for the thread, so that it cannot overwrite the final metrics.
    pub(crate) fn finish(self) {
        drop(self.texts);
        if self.writer.join().is_err() {
            warn!("the thread that writes the metrics stopped early");
        }
    }
}
