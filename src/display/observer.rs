//! Events → progress and log.

use std::sync::Arc;
use std::time::Duration;

use tracing::{Level, debug, enabled, event, info, warn};

use super::progress::{Progress, ProgressSnapshot};
use super::screen::{OutputOptions, Screen};
use crate::input::ReadProgress;
use crate::number::span;
use crate::outcome::{Outcome, OutcomeKind, RowTarget};
use crate::run::{Event, Observe, RunEvent, StopReason};
use crate::text::excerpt;

/// A bar moves smoothly.
const BAR_TICK: Duration = Duration::from_millis(100);

/// Where nobody looks, time is told for the limits of time alone.
const NO_BAR_TICK: Duration = Duration::from_millis(500);

/// A wait that whoever watches should know of.
const LONG_WAIT: Duration = Duration::from_mins(1);

/// The longest message in a log line.
const MAX_LOGGED_CHARS: usize = 300;

/// Shows a run while it goes on.
#[derive(Debug)]
pub struct Display {
    progress: Progress,
}

impl Display {
    /// `read` tells how far the input is read; `first` how many rows of it are wanted, if not all.
    #[must_use]
    pub fn new(
        output: OutputOptions,
        screen: Screen,
        read: Arc<ReadProgress>,
        first: Option<u64>,
    ) -> Self {
        Self {
            progress: Progress::new(output, screen, read, first),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.progress.finish();
    }
}

impl Observe for Display {
    fn tick_every(&self) -> Duration {
        if self.progress.is_bar() {
            BAR_TICK
        } else {
            NO_BAR_TICK
        }
    }

    fn on(&mut self, event: &Event<'_>) {
        match &event.kind {
            RunEvent::Tick {
                rate,
                pause_remaining,
                waiting,
                ..
            } => self.progress.tick(ProgressSnapshot {
                at: event.at,
                finished: event.counts.finished(),
                not_good: event.counts.with_problems(),
                total: None,
                counted: false,
                rate_limit: *rate,
                pause_remaining: *pause_remaining,
                waiting: *waiting,
            }),
            RunEvent::RowFinished(outcome) => log_outcome(outcome),
            RunEvent::AttemptFailed {
                key,
                pair,
                attempts,
                why,
                correlation_id,
                next_in,
            } => debug!(
                row = key.row,
                line = key.line,
                attempts,
                correlation_id,
                next_in_ms = u64::try_from(next_in.as_millis()).unwrap_or(u64::MAX),
                "{pair} will be sent again: {}",
                excerpt(why, MAX_LOGGED_CHARS)
            ),
            RunEvent::BatchFailed {
                pairs,
                attempts,
                why,
                correlation_id,
                next_in,
            } => debug!(
                pairs,
                attempts,
                correlation_id,
                next_in_ms = u64::try_from(next_in.as_millis()).unwrap_or(u64::MAX),
                "a call will be sent again: {}",
                excerpt(why, MAX_LOGGED_CHARS)
            ),
            RunEvent::Paused { period, why } => {
                let seconds = period.as_secs_f64();
                let why = excerpt(why, MAX_LOGGED_CHARS);
                // A window that clears is part of the pace. For longer, somebody will wonder.
                if *period >= LONG_WAIT {
                    warn!(seconds, "everybody waits: {why}");
                } else {
                    info!(seconds, "everybody waits: {why}");
                }
            }
            RunEvent::ApiUnreachable { why, give_up_after } => {
                let (why, give_up_after) = (excerpt(why, MAX_LOGGED_CHARS), span(*give_up_after));
                warn!(
                    "HubSpot answers nobody ({why}): asking again now and then, for {give_up_after} at most"
                );
            }
            RunEvent::ApiRecovered { after } => {
                warn!("HubSpot answers again, after {}", span(*after));
            }
            RunEvent::FewerConnections { max, why } => {
                let requests = if *max == 1 { "request" } else { "requests" };
                let why = excerpt(why, MAX_LOGGED_CHARS);
                warn!(
                    "no descriptor for another connection ({why}): {max} {requests} in flight at most; `ulimit -n` shows the limit on open files"
                );
            }
            RunEvent::StoodStill { lasted } => {
                let lasted = span(*lasted);
                info!("the program was stopped, or the machine slept, for {lasted}");
            }
            RunEvent::TokenRefreshed => info!("another token is used from now on"),
            RunEvent::RateChanged(Some(rate)) => info!("the pace is {rate} from now on"),
            RunEvent::RateChanged(None) | RunEvent::Stopping { in_flight: 0, .. } => {}
            RunEvent::Stopping { in_flight, reason } => {
                let replies = if *in_flight == 1 { "reply" } else { "replies" };
                let waiting = format!("stopping: waiting for {in_flight} {replies} in flight");
                // Whoever pressed Ctrl-C sits there and wonders.
                if let StopReason::Signal(_) = reason {
                    warn!("{waiting}; Ctrl-C again ends at once");
                } else {
                    info!("{waiting}");
                }
            }
        }
    }
}

fn log_outcome(outcome: &Outcome) {
    let details = &outcome.details;
    let pair = match &outcome.target {
        RowTarget::Pair(pair) if outcome.kind == OutcomeKind::Associated => {
            if !enabled!(Level::TRACE) {
                return;
            }
            pair.to_string()
        }
        RowTarget::Pair(pair) => pair.to_string(),
        RowTarget::Raw(_) => "the row".to_owned(),
    };
    macro_rules! log {
        ($level:expr) => {
            event!(
                $level,
                row = outcome.key.row,
                line = outcome.key.line,
                outcome = outcome.kind.as_str(),
                http_status = details.http_status,
                category = details
                    .categories
                    .first()
                    .map(|text| excerpt(text, MAX_LOGGED_CHARS)),
                correlation_id = details
                    .correlation_id
                    .as_ref()
                    .map(|text| excerpt(text, MAX_LOGGED_CHARS)),
                attempts = outcome.attempts,
                "{pair} is {}: {}",
                outcome.kind,
                excerpt(&details.message, MAX_LOGGED_CHARS)
            )
        };
    }
    match outcome.kind {
        OutcomeKind::Associated | OutcomeKind::Skipped => log!(Level::TRACE),
        OutcomeKind::Rejected | OutcomeKind::Failed | OutcomeKind::Invalid => log!(Level::INFO),
    }
}
