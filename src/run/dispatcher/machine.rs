//! Handling of local conditions: the process was suspended, or has no file descriptors left. Neither
//! counts as an attempt of a row.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::response::headers::Reply;
use crate::domain::outcome::Details;
use crate::run::dispatcher::Dispatcher;
use crate::run::event::RunEvent;
use crate::run::guards::descriptors::{OutageAction, PAUSE};
use crate::run::guards::standstill::standstill;
use crate::run::stop_reason::StopReason;

impl Dispatcher<'_> {
    /// Compares both clocks; returns whether the process stood still since the last call.
    pub(super) fn update_standstill(&mut self) -> bool {
        let now = (self.context.now)();
        let wall = now.duration_since(self.last_tick_wall);
        self.last_tick_wall = now;
        let found = standstill(self.tick.period(), self.last_tick.elapsed(), wall);
        let Some(found) = found else {
            return false;
        };
        self.standstills += 1;
        self.stood_still += found.counted;
        self.outage.stood_still(found.counted);
        let lasted = found.lasted;
        self.emit(RunEvent::StoodStill { lasted });
        true
    }

    /// How long the run took, without the time in which the process stood still.
    pub(super) fn running_for(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.stood_still)
    }

    /// Whether a request got no reply because the process stood still after it was sent.
    pub(super) fn is_blamed_on_standstill(&self, reply: &Reply, standstills: u32) -> bool {
        let is_unanswered = matches!(
            reply,
            Reply::TimedOut | Reply::Disconnected { .. } | Reply::InvalidHttp { .. }
        );
        is_unanswered && standstills != self.standstills
    }

    /// Whether a request does not count as an attempt of its row.
    pub(super) fn exempts(&self, reply: &Reply, standstills: u32) -> bool {
        self.outage.exempts(reply)
            || matches!(reply, Reply::NoDescriptor { .. })
            || self.is_blamed_on_standstill(reply, standstills)
    }

    /// Checks whether the reply shows a lack of file descriptors.
    pub(super) fn update_machine_limits(&mut self, reply: &Reply, details: &Details) {
        if !self.descriptors.is_news(reply) {
            return;
        }
        let in_flight = self.requests_in_flight();
        match self.descriptors.note(reply, in_flight, Instant::now()) {
            OutageAction::Nothing => {}
            OutageAction::Pause { max, is_first } => {
                self.context.rate_limiter.pause(PAUSE);
                if is_first {
                    let why = &details.message;
                    self.emit(RunEvent::FewerConnections { max, why });
                }
            }
            OutageAction::GiveUp(lasted) => self.stop(StopReason::NoDescriptor {
                lasted,
                message: details.message.clone(),
            }),
        }
    }
}
