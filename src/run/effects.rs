//! What a reply changes besides its own job: pauses of all requests, events, and the end of the run. Pure.

use std::time::Duration;

use crate::run::event::RunEvent;
use crate::run::stop_reason::StopReason;

/// A pause that ends at most this much later than the current one is not reported again.
const SAME_PAUSE: Duration = Duration::from_secs(1);

/// One effect. Events borrow the text of the reply.
#[derive(Debug)]
pub(crate) enum Effect<'d> {
    /// No request is sent for this time.
    Pause(Duration),
    /// No request with the same rate limit is sent for this time.
    PauseLimit(Duration),
    /// The observer is notified.
    Emit(RunEvent<'d>),
    /// The run ends.
    Stop(StopReason),
}

/// Effects in their order. No memory is allocated for a reply without effects.
#[derive(Debug)]
pub(crate) struct Effects<'d> {
    list: Vec<Effect<'d>>,
    /// The rest of the current pause, including the pauses among the effects.
    pause_remaining: Option<Duration>,
}

impl<'d> Effects<'d> {
    /// `pause_remaining` is the rest of the pause that is set already.
    pub(crate) fn new(pause_remaining: Option<Duration>) -> Self {
        Self {
            list: Vec::new(),
            pause_remaining,
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.pause_remaining.is_some()
    }

    pub(crate) fn pause(&mut self, period: Duration) {
        self.pause_remaining = self.pause_remaining.max(Some(period));
        self.list.push(Effect::Pause(period));
    }

    /// Pauses, and reports it unless a pause that is about as long was reported before.
    pub(crate) fn pause_for(&mut self, period: Duration, why: &'d str) {
        let is_longer = self.is_longer(period);
        self.pause(period);
        if is_longer {
            self.emit(RunEvent::Paused { period, why });
        }
    }

    /// The same for the requests with the same rate limit only.
    pub(crate) fn pause_limit_for(&mut self, period: Duration, event: RunEvent<'d>) {
        let is_longer = self.is_longer(period);
        self.pause_remaining = self.pause_remaining.max(Some(period));
        self.list.push(Effect::PauseLimit(period));
        if is_longer {
            self.emit(event);
        }
    }

    fn is_longer(&self, period: Duration) -> bool {
        self.pause_remaining
            .is_none_or(|before| period > before + SAME_PAUSE)
    }

    pub(crate) fn emit(&mut self, event: RunEvent<'d>) {
        self.list.push(Effect::Emit(event));
    }

    pub(crate) fn stop(&mut self, reason: StopReason) {
        self.list.push(Effect::Stop(reason));
    }

    /// The rest of the pause once these effects are applied.
    pub(crate) fn pause_remaining(&self) -> Option<Duration> {
        self.pause_remaining
    }

    pub(crate) fn into_list(self) -> Vec<Effect<'d>> {
        self.list
    }
}
