//! Ends a run: handles reasons to stop, drains requests in flight, and writes what is left.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::run::batch::groups::Batches;
use crate::run::commit_queue::CommitStep;
use crate::run::context::RunOutcome;
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::event::RunEvent;
use crate::run::stop_reason::{StopReason, StopRequest, UniformFailure};

/// How long a run that must end immediately still waits for the disk.
const FINAL_WRITE_TIMEOUT: Duration = Duration::from_secs(1);

impl Dispatcher<'_> {
    /// The first rows failed alike and the run was stopping. A row that was in flight then and is
    /// associated shows that the settings are correct, so the run continues.
    pub(super) fn clear_uniform_failure(&mut self, outcome: &Outcome) {
        let suspected = matches!(
            self.reason,
            Some(StopReason::UniformFailures {
                what: UniformFailure::TypeError | UniformFailure::NotFound,
                ..
            })
        );
        if suspected && self.phase == Phase::Stopping && outcome.kind == OutcomeKind::Associated {
            self.reason = None;
            self.phase = Phase::Running;
        }
    }

    /// Without a report, no request may be sent: its outcome would be lost.
    pub(super) fn handle_write_failure(&mut self, error: io::Error) {
        self.stop(StopReason::Report(error));
        self.phase = Phase::Abandoned;
    }

    pub(super) fn handle_stop_request(&mut self, stop: StopRequest) {
        let (StopRequest::Gracefully(signal) | StopRequest::Now(signal)) = stop;
        self.stop(StopReason::Signal(signal));
        if let StopRequest::Now(_) = stop {
            self.phase = Phase::Abandoned;
        }
    }

    pub(super) fn stop(&mut self, reason: StopReason) {
        if self.phase == Phase::Running {
            self.phase = Phase::Stopping;
            let in_flight = self.requests_in_flight();
            self.emit(RunEvent::Stopping {
                reason: &reason,
                in_flight,
            });
        }
        StopReason::raise(&mut self.reason, reason);
    }

    pub(super) async fn end(mut self) -> RunOutcome {
        self.token_refresh.cancel();
        self.drain_report().await;
        // These requests were sent, and their replies are discarded.
        self.counts.requests += self.requests_in_flight() as u64;
        let batched = self.batches.as_ref().map_or(0, Batches::len);
        let held = self.replies.suspects.len();
        let in_stages = self.rows_looked_up() + self.rows_in_links();
        self.counts.without_outcome +=
            (self.in_flight.busy() + self.queue.len() + batched + held + in_stages) as u64;
        self.in_flight.abandon();
        self.batches_in_flight.abandon();
        if let Some(stage) = &mut self.lookups {
            stage.calls.abandon();
        }
        if let Some(stage) = &mut self.links {
            stage.calls.abandon();
        }
        let stop = if self.all_rows_reported() {
            None
        } else {
            self.reason
        };
        RunOutcome {
            counts: self.counts,
            stop,
            elapsed: self.started.elapsed(),
        }
    }

    /// Waits until everything is on disk, however long that takes. After a request to stop immediately,
    /// waits only briefly.
    async fn drain_report(&mut self) {
        let mut give_up_after = None;
        loop {
            if self.phase == Phase::Abandoned {
                give_up_after.get_or_insert_with(|| Instant::now() + FINAL_WRITE_TIMEOUT);
            }
            let step = tokio::select! {
                biased;
                Some(stop) = self.context.stop.recv() => {
                    self.handle_stop_request(stop);
                    continue;
                }
                step = self.commit_queue.final_step(self.context.report) => step,
                () = sleep_until(give_up_after.unwrap_or(self.started)), if give_up_after.is_some() => break,
            };
            match step {
                None => break,
                Some(step @ CommitStep::Failed(..)) => {
                    self.handle_commit(step);
                    break;
                }
                Some(step) => self.handle_commit(step),
            }
        }
        self.counts.without_outcome += self.commit_queue.waiting() as u64;
    }

    /// Whether the reason to stop came after every row already had its report line.
    fn all_rows_reported(&mut self) -> bool {
        let cut_short = matches!(
            self.reason,
            Some(StopReason::Report(_) | StopReason::Input(_))
        );
        let read_to_the_end = self.input_buffer.is_empty()
            && (self.input_over
                || matches!(
                    self.context.rows.try_recv(),
                    Err(mpsc::error::TryRecvError::Disconnected)
                ));
        !cut_short && self.counts.without_outcome == 0 && read_to_the_end
    }
}
