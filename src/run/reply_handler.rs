//! Decides what follows from a reply: for its job, for all requests, and for the run. Pure: the time and
//! the random number are arguments.
//!
//! Rows, batches and every other kind of request are handled by the same steps. The caller classifies the
//! reply, applies the effects before the action, then the action to its job, then the effects after it.

pub mod steps;

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::api::endpoint::RefreshOutcome;
use crate::api::response::headers::Reply;
use crate::domain::outcome::{Details, OutcomeKind};
use crate::domain::run_counts::RunCounts;
use crate::run::effects::{Effect, Effects};
use crate::run::guards::daily_limit::{DailyReset, DailyWait};
use crate::run::guards::descriptors::Descriptors;
use crate::run::guards::outage::Outage;
use crate::run::guards::refusals::{Blame, blame};
use crate::run::guards::standstill::Standstills;
use crate::run::guards::suspects::Suspects;
use crate::run::guards::token::{Refreshed, TokenState};
use crate::run::rate_feedback::RateFeedback;
use crate::run::reply_handler::steps::{count_reply, report_rate};
use crate::run::request::{RequestKind, RequestState};
use crate::run::stop_reason::StopReason;
use crate::verdict::classify::Class;
use crate::verdict::describe::scopes;
use crate::verdict::retry::{FatalCause, RetryPolicy, Verdict};

/// Maximum attempts of a batch in a bisection: it repeats rows that were already sent in a larger batch.
const BISECTION_ATTEMPTS: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// A reply, with everything that it is judged by.
#[derive(Debug)]
pub(crate) struct Received<'d> {
    pub(crate) class: Class,
    pub(crate) reply: &'d Reply,
    pub(crate) details: &'d Details,
    pub(crate) rate: RateFeedback,
    /// Requests that are still in flight.
    pub(crate) in_flight: usize,
    pub(crate) now: Instant,
    pub(crate) wall: Timestamp,
    /// A random number in 0.0..1.0.
    pub(crate) draw: f64,
}

/// What happens to the job of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It finishes. Where the reply has a result for each of its pairs, those count instead of this
    /// outcome.
    Finish(OutcomeKind),
    /// It is sent again at once. This attempt did not count.
    SendAgain,
    /// It is sent again after this time.
    Retry { after: Duration },
    /// It is held until it is clear whether the row or the credentials are the cause. Only for a row.
    Hold {
        cause: FatalCause,
        scopes: Vec<String>,
    },
    /// Its rows are sent one by one, because one of them may be the cause. Only for a batch.
    SendOneByOne,
    /// It is kept for the next run, because this one ends.
    Keep,
}

/// What follows from a reply.
#[derive(Debug)]
pub(crate) struct Handled<'d> {
    pub(crate) before: Vec<Effect<'d>>,
    pub(crate) action: Action,
    pub(crate) after: Vec<Effect<'static>>,
}

/// The state of everything that replies change for all requests.
#[derive(Debug)]
pub(crate) struct ReplyHandler {
    retry: RetryPolicy,
    daily_reset: Option<DailyReset>,
    pub(crate) outage: Outage,
    pub(crate) token: TokenState,
    pub(crate) suspects: Suspects,
    pub(crate) standstills: Standstills,
    descriptors: Descriptors,
    daily_wait: DailyWait,
}

impl ReplyHandler {
    /// `wall` is the time by the wall clock.
    pub(crate) fn new(
        retry: RetryPolicy,
        daily_reset: Option<DailyReset>,
        can_refresh: bool,
        wall: Timestamp,
    ) -> Self {
        Self {
            retry,
            daily_reset,
            outage: Outage::default(),
            token: TokenState::new(can_refresh),
            suspects: Suspects::default(),
            standstills: Standstills::new(wall),
            descriptors: Descriptors::default(),
            daily_wait: DailyWait::default(),
        }
    }

    /// Whether one more request may be in flight. During an outage, single requests are enough to detect
    /// recovery; while the token is in doubt, they are enough to see whether it is valid.
    pub(crate) fn may_send_besides(&self, in_flight: usize) -> bool {
        let is_one_by_one = self.outage.is_on() || self.token.is_in_doubt();
        (in_flight == 0 || !is_one_by_one) && self.descriptors.has_room(in_flight)
    }

    /// Records the state of the run in a request that is sent now.
    pub(crate) fn stamp(&mut self, request: &mut RequestState) {
        request.number = self.suspects.next_request();
        request.token_generation = self.token.generation();
        request.standstills = self.standstills.count();
    }

    /// Compares both clocks with the last call. Returns how long the process stood still, if it did.
    pub(crate) fn check_standstill(
        &mut self,
        planned: Duration,
        passed: Duration,
        wall: Timestamp,
    ) -> Option<Duration> {
        let found = self.standstills.check(planned, passed, wall)?;
        self.outage.stood_still(found.counted);
        Some(found.lasted)
    }

    /// Handles the result of a token refresh.
    pub(crate) fn handle_refresh(&mut self, refresh: RefreshOutcome) -> Refreshed {
        let has_suspects = !self.suspects.is_empty();
        self.token
            .refreshed(refresh, has_suspects, self.retry.max_attempts)
    }

    /// Handles the reply to a request.
    pub(crate) fn handle_reply<'d>(
        &mut self,
        kind: RequestKind,
        request: &mut RequestState,
        received: &Received<'d>,
        counts: &mut RunCounts,
    ) -> Handled<'d> {
        let mut effects = Effects::new(received.rate.pause_remaining);
        count_reply(received.reply, counts);
        self.update_descriptors(received, &mut effects);
        if !self.is_caused_by_standstill(received.reply, request) {
            self.update_outage(kind, request, received, &mut effects);
        }
        report_rate(kind, received, &mut effects);
        let refused = self.update_token(request, received, &mut effects);
        if let Some(action) = refused {
            return Handled {
                before: effects.into_list(),
                action,
                after: Vec::new(),
            };
        }
        request.attempt_counts.count(received.class);
        if self.is_exempt(received.reply, request) {
            request.attempt_counts.exempt();
        }
        let action = self.judge(kind, request, received, &mut effects);
        let mut after = Effects::new(effects.pause_remaining());
        self.check_daily_limit(received, &mut after);
        Handled {
            before: effects.into_list(),
            action,
            after: after.into_list(),
        }
    }

    fn judge<'d>(
        &mut self,
        kind: RequestKind,
        request: &RequestState,
        received: &Received<'d>,
        effects: &mut Effects<'d>,
    ) -> Action {
        let mut policy = self.retry;
        if kind == RequestKind::BisectedBatch {
            policy.max_attempts = policy.max_attempts.min(BISECTION_ATTEMPTS);
        }
        let answer = received.reply.answer();
        let retry_after = answer.and_then(|answer| answer.headers.retry_after);
        let verdict = policy.judge(
            received.class,
            request.attempt_counts,
            retry_after,
            received.draw,
        );
        let cause = match verdict {
            Verdict::Finish(kind) => return Action::Finish(kind),
            Verdict::Retry { after } => return Action::Retry { after },
            Verdict::Stop(cause) => cause,
        };
        let again = Action::Retry {
            after: Duration::ZERO,
        };
        let why = &received.details.message;
        if cause == FatalCause::DailyLimit && self.wait_for_daily_reset(received, why, effects) {
            return again;
        }
        let scopes = || answer.map(scopes).unwrap_or_default();
        let has_accepted = self.suspects.has_accepted();
        match blame(kind, cause, request.refusals, has_accepted) {
            Blame::Retry => again,
            Blame::OneOfBatch => Action::SendOneByOne,
            Blame::Row => {
                let scopes = scopes();
                Action::Hold { cause, scopes }
            }
            Blame::Run => {
                effects.stop(StopReason::fatal(cause, scopes(), received.details.clone()));
                Action::Keep
            }
        }
    }
}
