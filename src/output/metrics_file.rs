//! The file of `--metrics`.

use jiff::Timestamp;
use std::io;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use crate::domain::run_counts::RunCounts;
use crate::exit_status::ExitStatus;
use crate::files::atomic_file::{AtomicFile, is_stream};
use crate::files::output_error::OutputError;
use crate::output::files::Output;
use crate::output::metrics::{LastEnds, Metrics};

/// The maximum number of bytes read from a metrics file; real ones are far smaller.
const MAX_METRICS_BYTES: u64 = 1024 * 1024;

/// The metrics file.
#[derive(Clone, Debug)]
pub(crate) struct MetricsFile {
    pub(crate) output: Output,
    pub(crate) name: String,
    pub(crate) last: LastEnds,
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

    pub(crate) fn text(
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
