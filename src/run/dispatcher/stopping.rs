//! How a run ends: what stops it, what is still waited for, and what is left behind.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::{Dispatcher, Phase};
use crate::api::Endpoint;
use crate::outcome::{Finding, Outcome, OutcomeKind};
use crate::run::WriteReport;
use crate::run::batch::Batches;
use crate::run::event::{Observe, RunEvent};
use crate::run::outbox::Step;
use crate::run::parts::Ending;
use crate::run::stop::{Alike, Stop, StopReason};
use crate::verdict::Halt;

/// How long a run that is to end now still waits for the disk.
const LAST_WRITE: Duration = Duration::from_secs(1);

impl<E: Endpoint, W: WriteReport, O: Observe> Dispatcher<'_, E, W, O> {
    /// A row that was in flight when the first ones had ended alike, and is associated, shows that the
    /// settings are right and those rows were not.
    pub(super) fn reconsider(&mut self, outcome: &Outcome) {
        let suspected = matches!(
            self.reason,
            Some(StopReason::AllAlike {
                what: Alike::TypeError | Alike::NotFound,
                ..
            })
        );
        if suspected && self.phase == Phase::Stopping && outcome.kind == OutcomeKind::Associated {
            self.reason = None;
            self.phase = Phase::Running;
        }
    }

    /// Without a report nothing is to be sent: nobody would know what became of it.
    pub(super) fn cannot_write(&mut self, error: io::Error) {
        self.stop(StopReason::Report(error));
        self.phase = Phase::Abandoned;
    }

    pub(super) fn asked_to_stop(&mut self, stop: Stop) {
        let (Stop::Gracefully(signal) | Stop::Now(signal)) = stop;
        self.stop(StopReason::Signal(signal));
        if let Stop::Now(_) = stop {
            self.phase = Phase::Abandoned;
        }
    }

    pub(super) fn halt(&mut self, halt: Halt, scopes: Vec<String>, finding: Finding) {
        let Finding {
            message,
            correlation_id,
            ..
        } = finding;
        self.stop(StopReason::Halted {
            halt,
            message,
            scopes,
            correlation_id,
        });
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

    pub(super) async fn end(mut self) -> Ending {
        self.give_up_renewal();
        self.write_the_rest().await;
        // They were sent, and nobody waits for their replies.
        self.tally.requests += self.requests_in_flight() as u64;
        let batched = self.batches.as_ref().map_or(0, Batches::len);
        let held = self.suspects.len();
        self.tally.unsettled += (self.in_flight.busy() + self.queue.len() + batched + held) as u64;
        self.in_flight.abandon();
        self.calls.abandon();
        let stop = if self.nothing_is_left() {
            None
        } else {
            self.reason
        };
        Ending {
            tally: self.tally,
            stop,
            elapsed: self.started.elapsed(),
        }
    }

    /// Waits until everything is on the disk, however slow that is. Once somebody said "now", only a moment.
    async fn write_the_rest(&mut self) {
        let mut patience = None;
        loop {
            if self.phase == Phase::Abandoned {
                patience.get_or_insert_with(|| Instant::now() + LAST_WRITE);
            }
            let step = tokio::select! {
                biased;
                Some(stop) = self.parts.stop.recv() => {
                    self.asked_to_stop(stop);
                    continue;
                }
                step = self.outbox.last_step(self.parts.report) => step,
                () = sleep_until(patience.unwrap_or(self.started)), if patience.is_some() => break,
            };
            match step {
                None => break,
                Some(step @ Step::Failed(..)) => {
                    self.wrote(step);
                    break;
                }
                Some(step) => self.wrote(step),
            }
        }
        self.tally.unsettled += self.outbox.waiting() as u64;
    }

    /// Whether the reason to stop came too late to matter: every row has its line.
    fn nothing_is_left(&mut self) -> bool {
        let cut_short = matches!(
            self.reason,
            Some(StopReason::Report(_) | StopReason::Input(_))
        );
        let read_to_the_end = self.read.is_empty()
            && (self.input_over
                || matches!(
                    self.parts.rows.try_recv(),
                    Err(mpsc::error::TryRecvError::Disconnected)
                ));
        !cut_short && self.tally.unsettled == 0 && read_to_the_end
    }
}
