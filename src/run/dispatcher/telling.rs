//! What is told while the run goes on: rows that are written, and how time passes.

use std::time::Duration;

use tokio::time::Instant;

use super::{Dispatcher, Phase};
use crate::api::Endpoint;
use crate::rate_limit::LimitingFactor;
use crate::run::WriteReport;
use crate::run::batch::Batches;
use crate::run::event::{Event, Observe, RunEvent};
use crate::run::outbox::Step;
use crate::run::stop::StopReason;

impl<E: Endpoint, W: WriteReport, O: Observe> Dispatcher<'_, E, W, O> {
    /// With the system first, then counted, then shown.
    pub(super) fn wrote(&mut self, step: Step) {
        match step {
            Step::HandedOver(outcomes) => {
                let at = self.started.elapsed();
                for outcome in outcomes {
                    self.tally.count(&outcome);
                    self.emit_at(at, RunEvent::RowSettled(&outcome));
                }
            }
            Step::Synced => {}
            Step::Failed(error, lost) => {
                self.tally.unsettled += lost as u64;
                self.cannot_write(error);
            }
        }
    }

    pub(super) fn tell_time(&mut self) {
        let has_stood_still = self.update_standstill();
        if let (Some((account, why)), false) = (self.parts.rate_limiter.account(), has_stood_still)
        {
            let running = self.phase == Phase::Running;
            let full = self.is_full();
            let away = self.outage.is_on().then_some(LimitingFactor::Outage);
            let why = away.or(why).or(full.then_some(LimitingFactor::Concurrency));
            let rows = self.queue.len() + self.batches.as_ref().map_or(0, Batches::len);
            let no_row = running && rows == 0 && !full;
            let why = why.or(no_row.then_some(LimitingFactor::NoRow));
            let passed = self.told_at.elapsed();
            self.tally.utilization.add(passed, account, why);
        }
        self.told_at = Instant::now();
        if let Some(limit) = self
            .settings
            .time_limits
            .passed(self.running_for(), (self.parts.now)())
        {
            self.stop(StopReason::TimeIsUp(limit));
        }
        let event = RunEvent::Tick {
            rate: self.parts.rate_limiter.rate_limit(),
            pause_remaining: self.parts.rate_limiter.pause_remaining(),
            in_flight: self.requests_in_flight(),
            waiting: self.queue.waiting() + self.batches.as_ref().map_or(0, Batches::waiting),
        };
        self.emit(event);
    }

    pub(super) fn emit(&mut self, kind: RunEvent<'_>) {
        self.emit_at(self.started.elapsed(), kind);
    }

    fn emit_at(&mut self, at: Duration, kind: RunEvent<'_>) {
        let event = Event {
            at,
            tally: &self.tally,
            kind,
        };
        self.parts.observer.on(&event);
    }
}
