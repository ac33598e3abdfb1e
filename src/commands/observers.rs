//! The observers of a run: run events → terminal output, the metrics file, and a timeline of throttled requests.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use crate::commands::context::Context;
use crate::diagnostic::Problem;
use crate::error::RunError;
use crate::input::progress::ReadProgress;
use crate::output::metrics_file::MetricsFile;
use crate::output::terminal::observer::Display;
use crate::report::stats::timeline::Timeline;
use crate::run::event::{Event, Observe, RunEvent};

/// How often metrics are written during a run: the usual scrape interval.
const METRICS_EVERY: Duration = Duration::from_secs(15);

/// All observers, in the order in which they receive an event.
pub(crate) struct Observers {
    display: Display,
    metrics: Option<LiveMetrics>,
    throttles: Throttles,
}

impl Observers {
    /// The observers of a run that started at `started_at`; `total` is the number of its rows, if it is limited.
    pub(crate) fn start(
        ctx: &Context,
        metrics: Option<MetricsFile>,
        progress: Arc<ReadProgress>,
        total: Option<u64>,
        started_at: Timestamp,
    ) -> Result<Self, RunError> {
        let metrics = metrics.filter(MetricsFile::is_replaceable);
        Ok(Self {
            display: Display::new(ctx.output, ctx.screen.clone(), progress, total),
            metrics: metrics
                .map(|file| LiveMetrics::start(file, started_at))
                .transpose()?,
            throttles: Throttles::since(started_at),
        })
    }

    /// Ends the output of the run; what is left is the timeline for its page.
    pub(crate) fn finish(self) -> Throttles {
        self.display.finish();
        if let Some(metrics) = self.metrics {
            metrics.finish();
        }
        self.throttles
    }
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
    pub(crate) started_at: Timestamp,
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

/// Writes metrics during a run on a separate thread, so that a slow disk delays neither signals nor replies.
pub(crate) struct LiveMetrics {
    pub(crate) file: MetricsFile,
    pub(crate) started_at: Timestamp,
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
