//! Applies what follows from a reply, and handles the replies to single rows.

use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::Instant;

use crate::api::lookup_call::Route;
use crate::api::response::headers::Reply;
use crate::domain::outcome::{Details, OutcomeKind};
use crate::run::dispatcher::Dispatcher;
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
        let class = classify(&reply, &row.pair);
        let details = describe(&reply, &row.pair);
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
        self.apply(before, None);
        match action {
            Action::Finish(kind) => {
                if kind == OutcomeKind::Associated {
                    self.accepted(row.request.number);
                } else if names_record(&reply, &row.pair) {
                    self.uniform_failures.note_own();
                }
                let outcome = row.outcome(kind, details, now, wall);
                self.finish_with(outcome);
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
        self.apply(after, None);
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

    /// Applies what follows from the reply to a request, of a lookup by this call.
    pub(super) fn apply(&mut self, effects: Vec<Effect<'_>>, lookup: Option<Route>) {
        for effect in effects {
            match effect {
                Effect::Pause(period) => self.pause_all(period),
                Effect::PauseLimit(period) => match (lookup, &mut self.lookups) {
                    (Some(route), Some(stage)) => stage.calls.limiter(route).pause(period),
                    _ => self.context.rate_limiter.pause(period),
                },
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
