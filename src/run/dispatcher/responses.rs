//! Handles the reply to a row: its effects on the row, the rate limit, the daily limit and the run.

use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::Instant;

use crate::api::response::headers::Reply;
use crate::domain::outcome::{Details, OutcomeKind};
use crate::domain::run_counts::Daily;
use crate::rate_limit::permit::Permit;
use crate::run::dispatcher::Dispatcher;
use crate::run::dispatcher::day::is_longer;
use crate::run::dispatcher::token_refresh::Refused;
use crate::run::event::RunEvent;
use crate::run::guards::outage::{OutageAction, RequestKind};
use crate::run::row::SendableRow;
use crate::run::stop_reason::StopReason;
use crate::run::worker_pool::Answered;
use crate::verdict::batch::own::names_record;
use crate::verdict::classify::{Class, classify};
use crate::verdict::describe::{describe, scopes};
use crate::verdict::retry::{FatalCause, Verdict, cooldown};

impl Dispatcher<'_> {
    pub(super) fn handle_reply(&mut self, done: Result<Answered<SendableRow>, JoinError>) {
        let (mut row, permit, reply) = match done {
            Ok(done) => done,
            Err(error) => {
                self.counts.requests += 1;
                self.counts.without_outcome += 1;
                self.stop(StopReason::of_panic(error));
                return;
            }
        };
        let class = classify(&reply, &row.pair);
        self.counts.requests += 1;
        let details = describe(&reply, &row.pair);
        let request = match row.attempt_counts.sent {
            0 => RequestKind::FirstOfRow,
            _ => RequestKind::Again,
        };
        self.update_machine_limits(&reply, &details);
        if !self.is_blamed_on_standstill(&reply, row.standstills) {
            self.update_outage(&reply, request, &details);
        }
        self.observe_rate(permit, class, &reply, &details);
        self.count_refusal(class, std::iter::once(&mut row));
        if class == Class::Unauthorized && !self.is_refused_for_good(&row) {
            match self.token_was_refused(row.generation, row.attempt_counts, &details) {
                Refused::SendAgain => return self.queue.push_retry(row, Duration::ZERO),
                Refused::OnceMore => {
                    row.attempt_counts.count(class);
                    return self.retry_row(row, class, &details, Duration::ZERO);
                }
                Refused::Finally => {}
            }
        } else if class != Class::Unauthorized && reply.answer().is_some() {
            self.token_was_good(row.generation);
        }
        row.attempt_counts.count(class);
        if self.exempts(&reply, row.standstills) {
            row.attempt_counts.exempt();
        }
        let retry_after = reply.answer().and_then(|answer| answer.headers.retry_after);
        let draw = (self.context.draw)();
        match self
            .settings
            .retry
            .judge(class, row.attempt_counts, retry_after, draw)
        {
            Verdict::Finish(kind) => {
                if kind == OutcomeKind::Associated {
                    self.accepted(row.request);
                } else if names_record(&reply, &row.pair) {
                    self.uniform_failures.note_own();
                }
                let outcome = row.outcome(kind, details, (self.context.now)());
                self.finish_with(outcome);
            }
            Verdict::Retry { after } => self.retry_row(row, class, &details, after),
            Verdict::Stop(FatalCause::DailyLimit)
                if self.pause_until_daily_reset(&reply, &details.message) =>
            {
                self.retry_row(row, class, &details, Duration::ZERO);
            }
            Verdict::Stop(cause) => {
                let scopes = reply.answer().map(scopes).unwrap_or_default();
                self.handle_fatal_reply(row, class, cause, scopes, details);
            }
        }
        self.check_daily_limit(class, &reply);
    }

    /// Checks whether the reply, or its absence, shows that the API is reachable.
    pub(super) fn update_outage(&mut self, reply: &Reply, request: RequestKind, details: &Details) {
        if !self.outage.is_news(reply) {
            return;
        }
        let was_on = self.outage.is_on();
        let is_paused = self.context.rate_limiter.pause_remaining().is_some();
        let why = &details.message;
        let action = self.outage.note(reply, request, is_paused, Instant::now());
        if self.outage.is_on() && !was_on {
            let give_up_after = self.outage.give_up_after();
            self.emit(RunEvent::ApiUnreachable { why, give_up_after });
        }
        match action {
            OutageAction::Nothing => {}
            OutageAction::Pause(period) => {
                self.context.rate_limiter.pause(period);
                self.emit(RunEvent::Paused { period, why });
            }
            OutageAction::Back(after) => self.emit(RunEvent::ApiRecovered { after }),
            OutageAction::GiveUp(lasted) => self.stop(StopReason::ApiUnreachable {
                lasted,
                was_reachable: self.outage.was_reachable(),
                message: why.clone(),
            }),
        }
    }

    pub(super) fn retry_row(
        &mut self,
        row: SendableRow,
        class: Class,
        details: &Details,
        after: Duration,
    ) {
        self.emit(RunEvent::AttemptFailed {
            key: row.key,
            pair: &row.pair,
            attempts: row.attempt_counts.sent,
            why: &details.message,
            correlation_id: details.correlation_id.as_deref(),
            next_in: after,
        });
        match class {
            Class::Locked => self.queue.push_locked(row, after),
            _ => self.queue.push_retry(row, after),
        }
    }

    pub(super) fn observe_rate(
        &mut self,
        permit: Permit,
        class: Class,
        reply: &Reply,
        details: &Details,
    ) {
        let rate_limiter = &mut self.context.rate_limiter;
        let before = rate_limiter.rate_limit();
        let quiet_before = rate_limiter.pause_remaining();
        let learned = reply.answer().and_then(|answer| {
            let throttled = answer.status == 429;
            // A used-up daily limit says nothing about the limit per second.
            let is_too_fast = throttled && class != Class::DailyLimit;
            let quota = answer.headers.quota;
            if let (Some(limit), Some(remaining)) = (quota.daily, quota.daily_remaining) {
                self.counts.daily = Some(Daily { limit, remaining });
            }
            self.counts.throttled += u64::from(throttled);
            rate_limiter.observe(permit, quota, is_too_fast)
        });
        // What the server asks for is a minimum: `Retry-After: 0` does not permit retrying without a
        // delay.
        let pause = cooldown(class, reply).max(learned);
        if let Some(period) = pause {
            rate_limiter.pause(period);
        }
        let after = rate_limiter.rate_limit();
        if let Some(period) = pause.filter(|&period| is_longer(period, quiet_before)) {
            let why = &details.message;
            self.emit(RunEvent::Paused { period, why });
        }
        if before != after {
            self.emit(RunEvent::RateChanged(after));
        }
    }
}
