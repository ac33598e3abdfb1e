//! Applies what follows from a reply, and handles the replies to single rows.

use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::Instant;

use crate::api::response::headers::Reply;
use crate::domain::outcome::{Details, OutcomeKind};
use crate::run::dispatcher::Dispatcher;
use crate::run::dispatcher::call_replies::LimitOf;
use crate::run::effects::Effect;
use crate::run::event::RunEvent;
use crate::run::guards::suspects::Refusal;
use crate::run::rate_feedback::RateFeedback;
use crate::run::reply_handler::{Action, Handled, Received};
use crate::run::request::RequestKind;
use crate::run::row::SendableRow;
use crate::run::stop_reason::StopReason;
use crate::run::worker_pool::Answered;
use crate::verdict::batch::own::names_record;
use crate::verdict::classify::{Class, classify};
use crate::verdict::describe::describe;

impl Dispatcher<'_> {
    pub(super) fn handle_row_reply(&mut self, done: Result<Answered<SendableRow>, JoinError>) {
        let (mut row, permit, reply) = match done {
            Ok(done) => done,
            Err(error) => {
                self.counts.requests += 1;
                self.counts.without_outcome += 1;
                self.stop(StopReason::of_panic(error));
                return;
            }
        };
        let class = classify(&reply, &row);
        let details = describe(&reply, &row);
        let now = Instant::now();
        let rate = RateFeedback::of(&mut self.context.rate_limiter, permit, class, &reply, now);
        let received = self.received(rate, class, &reply, &details, now);
        let wall = received.wall;
        let Handled {
            before,
            action,
            after,
        } = self.replies.handle_reply(
            RequestKind::Row,
            &mut row.request,
            &received,
            &mut self.counts,
        );
        self.apply(before, LimitOf::Rows);
        match action {
            Action::Finish(kind) => {
                if kind == OutcomeKind::Associated {
                    self.accepted(row.request.number);
                } else if names_record(&reply, &row.pair) {
                    self.uniform_failures.note_own();
                }
                self.finish_row_at(row, kind, details, (now, wall));
            }
            Action::SendAgain | Action::Keep => self.queue.push_retry(row, Duration::ZERO),
            Action::Retry { after } => self.retry_row(row, class, &details, after),
            Action::SendOneByOne => self.queue.push(row),
            Action::Hold { cause, scopes } => self.hold_row(
                row,
                Refusal {
                    cause,
                    scopes,
                    details,
                },
            ),
        }
        self.apply(after, LimitOf::Rows);
    }

    /// A reply, with the current state of the run.
    pub(super) fn received<'d>(
        &mut self,
        rate: RateFeedback,
        class: Class,
        reply: &'d Reply,
        details: &'d Details,
        now: Instant,
    ) -> Received<'d> {
        Received {
            class,
            reply,
            details,
            rate,
            in_flight: self.requests_in_flight(),
            now,
            wall: (self.context.now)(),
            draw: (self.context.draw)(),
        }
    }

    /// Applies what follows from the reply to a request with this rate limit.
    pub(super) fn apply(&mut self, effects: Vec<Effect<'_>>, limit: LimitOf) {
        for effect in effects {
            match effect {
                Effect::Pause(period) => self.pause_all(period),
                Effect::PauseLimit(period) => self.limiter(limit).pause(period),
                Effect::Emit(event) => self.emit(event),
                Effect::Stop(reason) => self.stop(reason),
            }
        }
    }

    /// Sends no request for this time.
    pub(super) fn pause_all(&mut self, period: Duration) {
        self.context.rate_limiter.pause(period);
        if let Some(stage) = &mut self.lookups {
            stage.calls.pause(period);
        }
        if let Some(stage) = &mut self.links {
            stage.calls.pause(period);
        }
    }

    fn retry_row(&mut self, row: SendableRow, class: Class, details: &Details, after: Duration) {
        self.emit(RunEvent::AttemptFailed {
            key: row.key,
            pair: &row.pair,
            attempts: row.request.attempt_counts.sent,
            why: &details.message,
            correlation_id: details.correlation_id.as_deref(),
            next_in: after,
        });
        match class {
            Class::Locked => self.queue.push_locked(row, after),
            _ => self.queue.push_retry(row, after),
        }
    }
}
