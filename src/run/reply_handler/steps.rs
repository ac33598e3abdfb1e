//! The steps that handle a reply: what each guard makes of it.

use std::time::Duration;

use crate::api::response::headers::Reply;
use crate::domain::outcome::Details;
use crate::domain::run_counts::{Daily, RunCounts};
use crate::run::effects::Effects;
use crate::run::event::RunEvent;
use crate::run::guards::descriptors::{self, DescriptorAction};
use crate::run::guards::outage::{OutageAction, rows_without_reply};
use crate::run::guards::refusals::{is_refusal, max_refusals};
use crate::run::guards::standstill::may_be_caused_by_standstill;
use crate::run::guards::token::{DOUBT_PAUSE, TokenRefused};
use crate::run::reply_handler::{Action, Received, ReplyHandler};
use crate::run::request::{RequestKind, RequestState};
use crate::run::stop_reason::StopReason;
use crate::verdict::classify::Class;
use crate::verdict::retry::{FatalCause, cooldown};

const DAY_USED_UP: &str = "no requests are left for today, according to the reply";

impl ReplyHandler {
    /// Checks whether the reply shows a lack of file descriptors.
    pub(super) fn update_descriptors<'d>(
        &mut self,
        received: &Received<'d>,
        effects: &mut Effects<'d>,
    ) {
        let &Received {
            reply,
            in_flight,
            now,
            ..
        } = received;
        if !self.descriptors.is_news(reply) {
            return;
        }
        let why = &received.details.message;
        match self.descriptors.note(reply, in_flight, now) {
            DescriptorAction::Nothing => {}
            DescriptorAction::Pause { max, is_first } => {
                effects.pause(descriptors::PAUSE);
                if is_first {
                    effects.emit(RunEvent::FewerConnections { max, why });
                }
            }
            DescriptorAction::GiveUp(lasted) => effects.stop(StopReason::NoDescriptor {
                lasted,
                message: why.clone(),
            }),
        }
    }

    /// Checks whether the reply, or its absence, shows that the API is reachable.
    pub(super) fn update_outage<'d>(
        &mut self,
        kind: RequestKind,
        request: &RequestState,
        received: &Received<'d>,
        effects: &mut Effects<'d>,
    ) {
        let reply = received.reply;
        if !self.outage.is_news(reply) {
            return;
        }
        let was_on = self.outage.is_on();
        let why = &received.details.message;
        let rows = match request.attempt_counts.sent {
            0 => rows_without_reply(kind, reply),
            _ => 0,
        };
        let action = self
            .outage
            .note(reply, rows, effects.is_paused(), received.now);
        if self.outage.is_on() && !was_on {
            let give_up_after = self.outage.give_up_after();
            effects.emit(RunEvent::ApiUnreachable { why, give_up_after });
        }
        match action {
            OutageAction::Nothing => {}
            OutageAction::Pause(period) => {
                effects.pause(period);
                effects.emit(RunEvent::Paused { period, why });
            }
            OutageAction::Back(after) => effects.emit(RunEvent::ApiRecovered { after }),
            OutageAction::GiveUp(lasted) => effects.stop(StopReason::ApiUnreachable {
                lasted,
                was_reachable: self.outage.was_reachable(),
                message: why.clone(),
            }),
        }
    }

    /// Records what the reply shows about the token. Returns what happens to the job if the token alone
    /// decides that.
    pub(super) fn update_token<'d>(
        &mut self,
        request: &mut RequestState,
        received: &Received<'d>,
        effects: &mut Effects<'d>,
    ) -> Option<Action> {
        let class = received.class;
        let is_current = request.token_generation == self.token.generation();
        if is_refusal(class) && is_current {
            request.refusals += 1;
        }
        if class != Class::Unauthorized {
            if received.reply.answer().is_some() {
                self.token.was_accepted(request.token_generation);
            }
            return None;
        }
        let max = max_refusals(self.token.can_refresh_normally());
        let is_for_good = self.suspects.has_accepted() && is_current && request.refusals >= max;
        if is_for_good {
            return None;
        }
        let why = received.details;
        match self
            .token
            .was_refused(request.token_generation, request.attempt_counts, why)
        {
            TokenRefused::SendAgain => Some(Action::SendAgain),
            TokenRefused::OnceMore => {
                request.attempt_counts.count(class);
                let (period, why) = (DOUBT_PAUSE, why.message.as_str());
                effects.pause(period);
                effects.emit(RunEvent::Paused { period, why });
                let after = Duration::ZERO;
                Some(Action::Retry { after })
            }
            TokenRefused::Finally => None,
        }
    }

    /// Whether a request got no reply because the process stood still after it was sent.
    pub(super) fn is_caused_by_standstill(&self, reply: &Reply, request: &RequestState) -> bool {
        may_be_caused_by_standstill(reply) && request.standstills != self.standstills.count()
    }

    /// Whether a request does not count as an attempt of its job.
    pub(super) fn is_exempt(&self, reply: &Reply, request: &RequestState) -> bool {
        self.outage.exempts(reply)
            || matches!(reply, Reply::NoDescriptor { .. })
            || self.is_caused_by_standstill(reply, request)
    }

    /// Checks whether the reply's headers show that the daily limit is used up.
    pub(super) fn check_daily_limit(
        &mut self,
        received: &Received<'_>,
        effects: &mut Effects<'static>,
    ) {
        let answer = received.reply.answer();
        let remaining = answer.and_then(|answer| answer.headers.quota.daily_remaining);
        if received.class == Class::DailyLimit
            || remaining != Some(0)
            || self.wait_for_daily_reset(received, DAY_USED_UP, effects)
        {
            return;
        }
        let details = Details {
            message: DAY_USED_UP.to_owned(),
            ..Details::default()
        };
        effects.stop(StopReason::fatal(
            FatalCause::DailyLimit,
            Vec::new(),
            details,
        ));
    }

    /// Pauses all requests until the daily limit resets, if the run is set to wait for that. Returns
    /// whether it is.
    pub(super) fn wait_for_daily_reset<'d>(
        &mut self,
        received: &Received<'_>,
        why: &'d str,
        effects: &mut Effects<'d>,
    ) -> bool {
        let Some(reset) = &self.daily_reset else {
            return false;
        };
        // The limit resets by HubSpot's clock; the clock of this machine may be wrong.
        let answer = received.reply.answer();
        let date = answer.and_then(|answer| answer.headers.date);
        let wall = date
            .and_then(|date| date.try_into().ok())
            .unwrap_or(received.wall);
        let period = self.daily_wait.next(reset, wall, received.now);
        effects.pause_for(period, why);
        true
    }
}

pub(super) fn count_reply(reply: &Reply, counts: &mut RunCounts) {
    counts.requests += 1;
    let Some(answer) = reply.answer() else {
        return;
    };
    let quota = answer.headers.quota;
    if let (Some(limit), Some(remaining)) = (quota.daily, quota.daily_remaining) {
        counts.daily = Some(Daily { limit, remaining });
    }
    counts.throttled += u64::from(answer.status == 429);
}

/// The event of a pause of all requests with the same limit as this kind.
fn paused_event(kind: RequestKind, period: Duration, why: &str) -> RunEvent<'_> {
    match kind {
        RequestKind::Row | RequestKind::Batch | RequestKind::BisectedBatch => {
            RunEvent::Paused { period, why }
        }
        RequestKind::Lookup | RequestKind::Search => RunEvent::LookupsPaused { period, why },
        RequestKind::LinkRead | RequestKind::LinkRemoval => {
            RunEvent::LinkCallsPaused { period, why }
        }
        RequestKind::RecordRead => RunEvent::RecordReadsPaused { period, why },
    }
}

/// Pauses if the reply or the rate limiter asks for that, and reports a new rate.
pub(super) fn report_rate<'d>(
    kind: RequestKind,
    received: &Received<'d>,
    effects: &mut Effects<'d>,
) {
    let rate = received.rate;
    // What the server asks for is a minimum: `Retry-After: 0` does not permit retrying without a delay.
    let pause = cooldown(received.class, received.reply).max(rate.pause);
    if let Some(period) = pause {
        let why = &received.details.message;
        let status = received.reply.answer().map(|answer| answer.status);
        if status == Some(429) {
            effects.pause_limit_for(period, paused_event(kind, period, why));
        } else {
            effects.pause_for(period, why);
        }
    }
    if rate.rate_before != rate.rate_after {
        effects.emit(RunEvent::RateChanged(rate.rate_after));
    }
}
