//! Turns the events of a run into progress and log lines.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Level, debug, enabled, event, info, warn};

use crate::domain::outcome::{Outcome, OutcomeKind, RowTarget};
use crate::domain::proof::{LinkState, Proof, RecordState, UndoOutcome};
use crate::input::progress::ReadProgress;
use crate::number::{counted, span};
use crate::output::terminal::progress::{Progress, ProgressSnapshot, Work};
use crate::output::terminal::screen::{OutputOptions, Screen};
use crate::report::record_column::records_text;
use crate::run::event::{Event, Observe, RunEvent};
use crate::run::stop_reason::StopReason;
use crate::text::excerpt;

/// The interval between updates of a bar, short enough for smooth movement.
const BAR_TICK: Duration = Duration::from_millis(100);

/// The interval between ticks without a bar, where only time limits and progress lines need them.
const NO_BAR_TICK: Duration = Duration::from_millis(500);

/// From this length on, a pause is logged as a warning.
const LONG_WAIT: Duration = Duration::from_mins(1);

/// The maximum length of a message in a log line.
const MAX_LOGGED_CHARS: usize = 300;

/// Shows the progress and the log of a run.
#[derive(Debug)]
pub struct Display {
    progress: Progress,
}

impl Display {
    /// `read` is the progress of reading the input; `first` is the number of rows to send, if not all.
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

    /// Removes the bar.
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
            } => self.progress.tick(ProgressSnapshot {
                at: event.at,
                finished: event.counts.finished(),
                not_good: event.counts.with_problems(),
                failed: event.counts.of(OutcomeKind::Failed),
                total: None,
                counted: false,
                rate_limit: *rate,
                pause_remaining: *pause_remaining,
                waiting: *waiting,
                lookup: event.counts.lookup,
            }),
            RunEvent::RowFinished(outcome) => {
                if let Some(proof) = outcome.proof.as_deref() {
                    self.progress.name_work(Work::of(proof));
                }
                log_outcome(outcome);
            }
            other => log_event(other),
        }
    }
}

/// Logs an event that concerns more than one finished row.
fn log_event(event: &RunEvent<'_>) {
    match event {
        RunEvent::Tick { .. } | RunEvent::RowFinished(_) | RunEvent::RateChanged(None) => {}
        RunEvent::AttemptFailed { .. } => log_retry(event),
        RunEvent::BatchFailed { .. }
        | RunEvent::LookupFailed { .. }
        | RunEvent::LinkCallFailed { .. } => log_call_retry(event),
        RunEvent::Paused { period, why } => log_pause(*period, why),
        RunEvent::LookupsPaused { period, why } => log_pause_of("lookups", *period, why),
        RunEvent::LinkCallsPaused { period, why } => {
            log_pause_of("reads and removals of links", *period, why);
        }
        RunEvent::RecordReadsPaused { period, why } => {
            log_pause_of("reads of records", *period, why);
        }
        RunEvent::ApiUnreachable { why, give_up_after } => warn!(
            "HubSpot is unreachable ({}); probing with single requests for up to {}",
            logged(why),
            span(*give_up_after)
        ),
        RunEvent::ApiRecovered { after } => {
            warn!("HubSpot is reachable again after {}", span(*after));
        }
        RunEvent::FewerConnections { max, why } => warn!(
            "no file descriptor for another connection ({}): at most {} in flight; `ulimit -n` shows the limit on open files",
            logged(why),
            counted(*max as u64, "request", "requests")
        ),
        RunEvent::StoodStill { lasted } => info!(
            "the process was suspended, or the machine slept, for {}",
            span(*lasted)
        ),
        RunEvent::TokenRefreshed => info!("the access token was refreshed"),
        RunEvent::RateChanged(Some(rate)) => info!("the rate limit is now {rate}"),
        RunEvent::Stopping { in_flight, reason } => log_stop(*in_flight, reason),
    }
}

/// Logs a request for one row that will be retried.
fn log_retry(event: &RunEvent<'_>) {
    if let RunEvent::AttemptFailed {
        key,
        pair,
        attempts,
        why,
        correlation_id,
        next_in,
    } = event
    {
        debug!(
            row = key.row,
            line = key.line,
            attempts,
            correlation_id,
            next_in_ms = milliseconds(*next_in),
            "{pair} will be retried: {}",
            logged(why)
        );
    }
}

/// Logs a request for several rows, keys or records that will be retried.
fn log_call_retry(event: &RunEvent<'_>) {
    match event {
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
            next_in_ms = milliseconds(*next_in),
            "a batch request will be retried: {}",
            logged(why)
        ),
        RunEvent::LookupFailed {
            keys,
            attempts,
            why,
            correlation_id,
            next_in,
        } => debug!(
            keys,
            attempts,
            correlation_id,
            next_in_ms = milliseconds(*next_in),
            "a lookup will be retried: {}",
            logged(why)
        ),
        RunEvent::LinkCallFailed {
            items,
            removes,
            attempts,
            why,
            correlation_id,
            next_in,
        } => debug!(
            items,
            attempts,
            correlation_id,
            next_in_ms = milliseconds(*next_in),
            "a {} will be retried: {}",
            if *removes { "removal" } else { "read" },
            logged(why)
        ),
        _ => {}
    }
}

/// Short pauses are a normal part of the rate limit; a long one needs an explanation.
fn log_pause(period: Duration, why: &str) {
    let (seconds, why) = (period.as_secs_f64(), logged(why));
    if period >= LONG_WAIT {
        warn!(seconds, "pausing all requests: {why}");
    } else {
        info!(seconds, "pausing all requests: {why}");
    }
}

/// The same for the requests with one limit among several.
fn log_pause_of(what: &str, period: Duration, why: &str) {
    let seconds = period.as_secs_f64();
    info!(seconds, "pausing {what}: {}", logged(why));
}

fn log_stop(in_flight: usize, reason: &StopReason) {
    if in_flight == 0 {
        return;
    }
    let replies = counted(in_flight as u64, "reply", "replies");
    // Confirm the interrupt immediately.
    if let StopReason::Signal(_) = reason {
        warn!("stopping: waiting for {replies}; press Ctrl-C again to stop immediately");
    } else {
        info!("stopping: waiting for {replies}");
    }
}

fn logged(text: &str) -> String {
    excerpt(text, MAX_LOGGED_CHARS)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn log_outcome(outcome: &Outcome) {
    let level = level_of(outcome);
    if level == Level::TRACE && !enabled!(Level::TRACE) {
        return;
    }
    let details = &outcome.details;
    let pair = match &outcome.target {
        RowTarget::Pair(pair) => pair.to_string(),
        RowTarget::Raw(_) => "the row".to_owned(),
    };
    let (state, why) = state_and_reason(outcome);
    let colon = if why.is_empty() { "" } else { ": " };
    macro_rules! log {
        ($level:expr) => {
            event!(
                $level,
                row = outcome.key.row,
                line = outcome.key.line,
                outcome = state,
                http_status = details.http_status,
                category = details.categories.first().map(|text| logged(text)),
                correlation_id = details.correlation_id.as_ref().map(|text| logged(text)),
                attempts = outcome.attempts,
                "{pair} is {state}{colon}{}",
                logged(&why)
            )
        };
    }
    // The level of an event must be constant.
    if level == Level::TRACE {
        log!(Level::TRACE);
    } else {
        log!(Level::INFO);
    }
}

/// Rows that need no attention are logged only with the most detail. What an undo keeps, or finds gone, is no problem, but
/// it differs from what was asked for.
fn level_of(outcome: &Outcome) -> Level {
    match outcome.proof.as_deref() {
        Some(Proof::Undone(undone)) if undone.outcome != UndoOutcome::Removed => Level::INFO,
        _ if outcome.kind.is_good() => Level::TRACE,
        _ => Level::INFO,
    }
}

/// How a row ended, as its report shows it, and why, if there is more to say.
fn state_and_reason(outcome: &Outcome) -> (&'static str, Cow<'_, str>) {
    let message = outcome.details.message.as_str();
    match outcome.proof.as_deref() {
        None => (outcome.kind.as_str(), message.into()),
        Some(Proof::Verified(verified)) => {
            let why = match (verified.state, &verified.records) {
                (LinkState::Unknown, _) => message.into(),
                (_, Some([RecordState::Exists, RecordState::Exists])) => {
                    "both records exist".into()
                }
                (_, records) => records_text(records.as_ref()),
            };
            (verified.state.as_str(), why)
        }
        Some(Proof::Undone(undone)) => (undone.outcome.as_str(), undone.reason.as_ref().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{details, outcome};
    use crate::domain::outcome::OutcomeKind;
    use crate::domain::proof::{Undone, Verified};

    #[test]
    fn a_row_is_logged_with_its_state_as_its_report_shows_it() {
        let exist = [RecordState::Exists, RecordState::Exists];
        let verified = |state, records| {
            Proof::Verified(Verified {
                state,
                types: Vec::new(),
                records,
            })
        };
        let undone = |outcome, reason: &'static str| {
            Proof::Undone(Undone {
                outcome,
                reason: reason.into(),
            })
        };
        let message = "the message";
        for (kind, proof, level, state, why) in [
            (
                OutcomeKind::Associated,
                None,
                Level::TRACE,
                "associated",
                message,
            ),
            (OutcomeKind::Skipped, None, Level::TRACE, "skipped", message),
            (
                OutcomeKind::Rejected,
                None,
                Level::INFO,
                "rejected",
                message,
            ),
            (
                OutcomeKind::Skipped,
                Some(verified(LinkState::Present, None)),
                Level::TRACE,
                "present",
                "",
            ),
            (
                OutcomeKind::Rejected,
                Some(verified(LinkState::Missing, None)),
                Level::INFO,
                "missing",
                "",
            ),
            (
                OutcomeKind::Rejected,
                Some(verified(LinkState::Missing, Some(exist))),
                Level::INFO,
                "missing",
                "both records exist",
            ),
            (
                OutcomeKind::Rejected,
                Some(verified(
                    LinkState::Missing,
                    Some([RecordState::Deleted, RecordState::Exists]),
                )),
                Level::INFO,
                "missing",
                "from deleted",
            ),
            (
                OutcomeKind::Failed,
                Some(verified(LinkState::Unknown, None)),
                Level::INFO,
                "unknown",
                message,
            ),
            (
                OutcomeKind::Skipped,
                Some(undone(UndoOutcome::Removed, "")),
                Level::TRACE,
                "removed",
                "",
            ),
            (
                OutcomeKind::Skipped,
                Some(undone(UndoOutcome::Kept, "it has a label")),
                Level::INFO,
                "kept",
                "it has a label",
            ),
            (
                OutcomeKind::Failed,
                Some(undone(UndoOutcome::Failed, "no reply")),
                Level::INFO,
                "failed",
                "no reply",
            ),
        ] {
            let outcome = Outcome {
                details: details("A", message),
                proof: proof.map(Box::new),
                ..outcome(1, kind)
            };
            assert_eq!(level_of(&outcome), level, "{state}");
            assert_eq!(state_and_reason(&outcome), (state, why.into()));
        }
    }
}
