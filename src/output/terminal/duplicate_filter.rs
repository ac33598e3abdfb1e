//! A log filter that drops repeated warnings: the same warning is logged at most once a second.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// The minimum time between two identical warnings.
const EVERY: Duration = Duration::from_secs(1);

/// The maximum number of warnings to remember. Those older than [`EVERY`] are removed first.
const MAX_REMEMBERED: usize = 1000;

/// Drops warnings that were logged less than [`EVERY`] ago.
#[derive(Debug)]
pub(crate) struct DuplicateFilter {
    start: Instant,
    remembered: Mutex<Remembered>,
}

impl DuplicateFilter {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            remembered: Mutex::default(),
        }
    }
}

impl<S: Subscriber> Filter<S> for DuplicateFilter {
    fn enabled(&self, _metadata: &Metadata<'_>, _context: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _context: &Context<'_, S>) -> bool {
        if *event.metadata().level() != Level::WARN {
            return true;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let mut hasher = DefaultHasher::new();
        text.0.hash(&mut hasher);
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        remembered.note(hasher.finish(), self.start.elapsed())
    }
}

/// The text of a warning, its fields included.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _infallible = write!(self.0, "{field}={value:?};");
    }
}

/// When each warning was last logged.
#[derive(Debug, Default)]
struct Remembered {
    at: HashMap<u64, Duration>,
}

impl Remembered {
    /// Whether to log this warning now.
    fn note(&mut self, warning: u64, now: Duration) -> bool {
        let is_fresh = |at: Duration| now.saturating_sub(at) < EVERY;
        if self.at.get(&warning).is_some_and(|&at| is_fresh(at)) {
            return false;
        }
        if self.at.len() >= MAX_REMEMBERED {
            self.at.retain(|_, &mut at| is_fresh(at));
        }
        if self.at.len() < MAX_REMEMBERED {
            self.at.insert(warning, now);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tracing::{info, warn};
    use tracing_subscriber::Layer as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn the_same_warning_is_logged_once_a_second() {
        let mut remembered = Remembered::default();
        for (warning, millisecond, is_logged) in [
            (1, 0, true),
            (1, 1, false),
            (2, 1, true),
            (1, 999, false),
            (1, 1000, true),
            (1, 1001, false),
            (2, 5000, true),
        ] {
            let now = Duration::from_millis(millisecond);
            assert_eq!(
                remembered.note(warning, now),
                is_logged,
                "{warning} at {millisecond}"
            );
        }
    }

    #[test]
    fn many_different_warnings_are_all_logged_in_bounded_memory() {
        let mut remembered = Remembered::default();
        let all = (0..10_000).filter(|&warning| remembered.note(warning, Duration::ZERO));
        assert_eq!(all.count(), 10_000);
        assert_eq!(remembered.at.len(), MAX_REMEMBERED);
        assert!(remembered.note(0, EVERY));
        assert_eq!(remembered.at.len(), 1);
    }

    #[test]
    fn only_identical_warnings_are_filtered() {
        #[derive(Clone, Default)]
        struct Lines(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Lines {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .without_time()
            .with_ansi(false)
            .with_target(false)
            .with_writer(move || writer.clone())
            .with_filter(DuplicateFilter::new());
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            for row in [1, 1, 2, 1] {
                warn!(row, "odd");
                info!(row, "even");
            }
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            " WARN odd row=1\n INFO even row=1\n INFO even row=1\n WARN odd row=2\n INFO even row=2\n INFO even row=1\n"
        );
    }
}
