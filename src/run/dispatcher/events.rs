//! Events during the run: outcomes that are committed, and ticks.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::utilization::LimitingFactor;
use crate::run::batch::groups::Batches;
use crate::run::commit_queue::CommitStep;
use crate::run::context::LinkPurpose;
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::event::{Event, RunEvent};
use crate::run::stop_reason::StopReason;

impl Dispatcher<'_> {
    /// Handles a commit step: flushed outcomes are counted first, then shown.
    pub(super) fn handle_commit(&mut self, step: CommitStep) {
        match step {
            CommitStep::Flushed(outcomes) => {
                let at = self.started.elapsed();
                for outcome in outcomes {
                    self.counts.count(&outcome);
                    self.emit_at(at, RunEvent::RowFinished(&outcome));
                }
            }
            CommitStep::Synced => {}
            CommitStep::Failed(error, lost) => {
                self.counts.without_outcome += lost as u64;
                self.handle_write_failure(error);
            }
        }
    }

    pub(super) fn emit_tick(&mut self) {
        let passed = self.last_tick.elapsed();
        let has_stood_still = self.check_standstill(passed);
        if let (Some((account, why)), false) =
            (self.context.rate_limiter.account(), has_stood_still)
        {
            let running = self.phase == Phase::Running;
            let full = self.is_full();
            let away = self
                .replies
                .outage
                .is_on()
                .then_some(LimitingFactor::Outage);
            let why = away.or(why).or(full.then_some(LimitingFactor::Concurrency));
            let rows = self.queue.len() + self.batches.as_ref().map_or(0, Batches::len);
            let no_row = running && rows == 0 && !full;
            let why = why.or(no_row.then_some(LimitingFactor::NoRow));
            self.counts
                .utilization
                .add(passed, account.per_second(), why);
        }
        self.last_tick = Instant::now();
        if let Some(limit) = self
            .settings
            .time_limits
            .passed(self.running_for(), (self.context.now)())
        {
            self.stop(StopReason::TimeIsUp(limit));
        }
        let event = RunEvent::Tick {
            rate: self
                .links_pairs()
                .then(|| self.context.rate_limiter.rate_limit(self.last_tick))
                .flatten(),
            pause_remaining: self.context.rate_limiter.pause_remaining(self.last_tick),
            waiting: self.queue.waiting() + self.batches.as_ref().map_or(0, Batches::waiting),
        };
        self.emit(event);
    }

    /// Whether the run sends requests that link, which the shown rate limit is for.
    fn links_pairs(&self) -> bool {
        let purpose = self.settings.links.map(|links| links.purpose);
        let is_import = matches!(purpose, None | Some(LinkPurpose::Import { .. }));
        is_import && !self.settings.lookup_only
    }

    /// Checks whether the process stood still since the last tick, which is this time ago.
    fn check_standstill(&mut self, passed: Duration) -> bool {
        let wall = (self.context.now)();
        let found = self
            .replies
            .check_standstill(self.tick.period(), passed, wall);
        if let Some(lasted) = found {
            self.emit(RunEvent::StoodStill { lasted });
        }
        found.is_some()
    }

    /// How long the run took, without the time in which the process stood still.
    fn running_for(&self) -> Duration {
        let counted = self.replies.standstills.counted();
        self.started.elapsed().saturating_sub(counted)
    }

    pub(super) fn emit(&mut self, kind: RunEvent<'_>) {
        self.emit_at(self.started.elapsed(), kind);
    }

    fn emit_at(&mut self, at: Duration, kind: RunEvent<'_>) {
        let event = Event {
            at,
            counts: &self.counts,
            kind,
        };
        self.context.observer.on(&event);
    }
}
