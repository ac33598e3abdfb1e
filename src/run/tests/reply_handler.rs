//! The handler of replies with made-up replies, without a runtime.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use crate::api::endpoint::RefreshOutcome;
use crate::api::response::headers::Reply;
use crate::domain::outcome::{Details, OutcomeKind};
use crate::domain::quota::Quota;
use crate::domain::run_counts::RunCounts;
use crate::run::effects::Effect;
use crate::run::event::RunEvent;
use crate::run::guards::daily_limit::DailyReset;
use crate::run::rate_feedback::RateFeedback;
use crate::run::reply_handler::{Action, Handled, Received, ReplyHandler};
use crate::run::request::{RequestKind, RequestState};
use crate::run::stop_reason::StopReason;
use crate::run::tests::support::*;
use crate::verdict::classify::classify;
use crate::verdict::describe::describe;
use crate::verdict::retry::{FatalCause, RetryPolicy};

const NO_SCOPES: &str =
    r#"{"category":"MISSING_SCOPES","errors":[{"context":{"requiredScopes":["a.b"]}}]}"#;

/// A handler and the time.
struct Run {
    handler: ReplyHandler,
    counts: RunCounts,
    now: Instant,
    pause_remaining: Option<Duration>,
}

/// What followed from a reply, the effects as text.
#[derive(Debug, PartialEq)]
struct Followed {
    action: Action,
    before: Vec<String>,
    after: Vec<String>,
}

fn text(effects: &[Effect<'_>]) -> Vec<String> {
    let name = |event: &RunEvent<'_>| {
        let text = format!("{event:?}");
        let end = text.find([' ', '(']).unwrap_or(text.len());
        text[..end].to_owned()
    };
    let text = |effect: &Effect<'_>| match effect {
        Effect::Pause(period) | Effect::PauseLimit(period) => format!("pause {}", period.as_secs()),
        Effect::Emit(event) => name(event),
        Effect::Stop(StopReason::Fatal { cause, .. }) => format!("stop {cause:?}"),
        Effect::Stop(reason) => {
            let text = format!("stop {reason:?}");
            text.split(" {").next().unwrap().to_owned()
        }
    };
    effects.iter().map(text).collect()
}

impl Run {
    fn new(max_attempts: u32) -> Self {
        Self::with(max_attempts, None, false)
    }

    fn with(max_attempts: u32, daily_reset: Option<DailyReset>, can_refresh: bool) -> Self {
        let retry = RetryPolicy {
            max_attempts: max_attempts.try_into().unwrap(),
        };
        Self {
            handler: ReplyHandler::new(retry, daily_reset, can_refresh, Timestamp::UNIX_EPOCH),
            counts: RunCounts::default(),
            now: Instant::now(),
            pause_remaining: None,
        }
    }

    /// Another row was accepted before.
    fn accepted(mut self) -> Self {
        let mut other = self.sent();
        self.reply(RequestKind::Row, &mut other, &good(&pair(1)));
        self.handler.suspects.accept(other.number);
        self
    }

    fn sent(&mut self) -> RequestState {
        let mut request = RequestState::default();
        self.handler.stamp(&mut request);
        request
    }

    /// Handles a reply; the random number is 0.5.
    fn reply(&mut self, kind: RequestKind, request: &mut RequestState, reply: &Reply) -> Followed {
        let details = describe(reply, &pair(1));
        let received = Received {
            class: classify(reply, &pair(1)),
            reply,
            details: &details,
            rate: RateFeedback {
                pause_remaining: self.pause_remaining,
                ..RateFeedback::default()
            },
            in_flight: 3,
            now: self.now,
            wall: Timestamp::UNIX_EPOCH,
            draw: 0.5,
        };
        let Handled {
            before,
            action,
            after,
        } = self
            .handler
            .handle_reply(kind, request, &received, &mut self.counts);
        Followed {
            action,
            before: text(&before),
            after: text(&after),
        }
    }
}

fn retry(millis: u64) -> Action {
    let after = Duration::from_millis(millis);
    Action::Retry { after }
}

fn hold(cause: FatalCause, scopes: &[&str]) -> Action {
    let scopes = scopes.iter().map(ToString::to_string).collect();
    Action::Hold { cause, scopes }
}

#[test]
fn the_first_reply_to_a_row_and_to_a_batch_has_these_effects() {
    let untrusted = Reply::Untrusted { why: String::new() };
    let no_descriptor = Reply::NoDescriptor { why: String::new() };
    let daily = answer(429, r#"{"policyName":"DAILY"}"#);
    let finish = |kind| [Action::Finish(kind), Action::Finish(kind)];
    let again = |millis| [retry(millis), retry(millis)];
    let keep = || [Action::Keep, Action::Keep];
    let no_scopes = hold(FatalCause::MissingScopes, &["a.b"]);
    for (reply, actions, effects) in [
        (good(&pair(1)), finish(OutcomeKind::Associated), &[][..]),
        (answer(400, "{}"), finish(OutcomeKind::Rejected), &[]),
        (answer(500, ""), again(500), &[]),
        (Reply::TimedOut, again(500), &[]),
        (throttled(7), again(0), &["pause 7", "Paused"]),
        (
            throttled(3600),
            keep(),
            &["pause 900", "Paused", "stop LongWait(3600s)"],
        ),
        (daily, keep(), &["stop DailyLimit"]),
        (untrusted, keep(), &["stop Untrusted"]),
        (no_descriptor, again(500), &["pause 1", "FewerConnections"]),
        (answer(403, ""), again(0), &["pause 5", "Paused"]),
        (
            answer(403, NO_SCOPES),
            [no_scopes, Action::SendOneByOne],
            &[],
        ),
    ] {
        for (kind, action) in [RequestKind::Row, RequestKind::Batch]
            .into_iter()
            .zip(actions)
        {
            let mut run = Run::new(6);
            let mut request = run.sent();
            let followed = run.reply(kind, &mut request, &reply);
            assert_eq!(
                (followed.action, followed.before, followed.after),
                (
                    action,
                    effects.iter().map(ToString::to_string).collect(),
                    vec![]
                ),
                "{kind:?} {reply:?}"
            );
            assert_eq!((request.attempt_counts.sent, run.counts.requests), (1, 1));
        }
    }
}

#[test]
fn a_token_that_was_never_accepted_is_shown_by_one_batch_or_by_the_rows_that_are_held() {
    let held = hold(FatalCause::Unauthorized, &[]);
    for (kind, action, effects) in [
        (RequestKind::Row, held, &[][..]),
        (RequestKind::Batch, Action::Keep, &["stop Unauthorized"]),
    ] {
        let mut run = Run::new(6);
        let mut request = run.sent();
        let followed = run.reply(kind, &mut request, &answer(401, "{}"));
        assert_eq!(followed.action, action);
        assert_eq!(followed.before, effects);
    }
}

#[test]
fn the_last_attempt_finishes_the_job_and_a_half_of_a_batch_has_two() {
    for (kind, max_attempts, attempts) in [
        (RequestKind::Row, 4, 4),
        (RequestKind::Batch, 4, 4),
        (RequestKind::BisectedBatch, 4, 2),
        (RequestKind::BisectedBatch, 1, 1),
    ] {
        let mut run = Run::new(max_attempts);
        let mut request = run.sent();
        for attempt in 1..=attempts {
            let action = run.reply(kind, &mut request, &answer(502, "")).action;
            let is_last = action == Action::Finish(OutcomeKind::Failed);
            assert_eq!(
                is_last,
                attempt == attempts,
                "{kind:?} {attempt} {action:?}"
            );
        }
    }
}

#[test]
fn a_used_up_day_is_found_in_a_good_reply_after_its_row_finished() {
    let quota = Quota {
        daily: Some(1000),
        daily_remaining: Some(0),
        ..Quota::default()
    };
    let mut last = good(&pair(1));
    if let Reply::Answered(answer) = &mut last {
        answer.headers.quota = quota;
    }
    let zone = Some(TimeZone::UTC);
    let waits = DailyReset { zone };
    for (reset, after) in [
        (None, &["stop DailyLimit"][..]),
        (Some(waits), &["pause 86430", "Paused"]),
    ] {
        let mut run = Run::with(6, reset, false);
        let mut request = run.sent();
        let followed = run.reply(RequestKind::Row, &mut request, &last);
        let finished = Action::Finish(OutcomeKind::Associated);
        assert_eq!((followed.action, followed.before), (finished, vec![]));
        assert_eq!(followed.after, after);
        assert_eq!(run.counts.daily.unwrap().remaining, 0);
    }
}

#[test]
fn a_pause_is_reported_unless_one_about_as_long_is_set_already() {
    for (remaining, reported) in [
        (None, true),
        (Some(1), true),
        (Some(6), false),
        (Some(7), false),
        (Some(60), false),
    ] {
        let mut run = Run::new(6);
        run.pause_remaining = remaining.map(Duration::from_secs);
        let mut request = run.sent();
        let followed = run.reply(RequestKind::Row, &mut request, &throttled(7));
        let expected: &[&str] = if reported {
            &["pause 7", "Paused"]
        } else {
            &["pause 7"]
        };
        assert_eq!(followed.before, expected, "{remaining:?}");
    }
}

#[test]
fn rows_use_up_no_attempt_during_an_outage_and_one_reply_ends_it() {
    for (kind, needed) in [(RequestKind::Row, 16), (RequestKind::Batch, 4)] {
        let mut run = Run::new(1);
        for _ in 1..needed {
            let mut request = run.sent();
            let followed = run.reply(kind, &mut request, &disconnected());
            assert_eq!(followed.action, Action::Finish(OutcomeKind::Failed));
            assert!(run.handler.may_send_besides(9));
        }
        let mut request = run.sent();
        let followed = run.reply(kind, &mut request, &disconnected());
        assert!(matches!(followed.action, Action::Retry { .. }));
        assert_eq!(followed.before, ["ApiUnreachable", "pause 1", "Paused"]);
        assert!(run.handler.may_send_besides(0) && !run.handler.may_send_besides(1));
        // Sent before the pause.
        run.pause_remaining = Some(Duration::from_secs(1));
        let followed = run.reply(kind, &mut request, &disconnected());
        assert_eq!(followed.before, [""; 0]);
        run.now += Duration::from_mins(1);
        let followed = run.reply(kind, &mut request, &good(&pair(1)));
        assert_eq!(followed.before, ["ApiRecovered"]);
        assert!(run.handler.may_send_besides(9));
    }
}

#[test]
fn an_outage_that_lasts_too_long_ends_the_run() {
    let mut run = Run::new(1);
    for _ in 0..16 {
        let mut request = run.sent();
        run.reply(RequestKind::Row, &mut request, &disconnected());
    }
    run.now += Duration::from_mins(2);
    let mut request = run.sent();
    let followed = run.reply(RequestKind::Row, &mut request, &disconnected());
    assert_eq!(followed.before, ["stop ApiUnreachable"]);
}

#[test]
fn a_connection_that_broke_while_the_process_stood_still_counts_for_nothing() {
    let mut run = Run::new(1);
    let mut before: Vec<_> = (0..40).map(|_| run.sent()).collect();
    let hour = Duration::from_hours(1);
    let wall = Timestamp::UNIX_EPOCH + hour;
    let second = Duration::from_secs(1);
    assert_eq!(
        run.handler.check_standstill(second, hour, wall),
        hour.checked_sub(second)
    );
    for request in &mut before {
        let followed = run.reply(RequestKind::Row, request, &disconnected());
        assert!(matches!(followed.action, Action::Retry { .. }));
        assert_eq!(followed.before, [""; 0]);
    }
    let mut later = run.sent();
    let followed = run.reply(RequestKind::Row, &mut later, &disconnected());
    assert_eq!(followed.action, Action::Finish(OutcomeKind::Failed));
}

#[test]
fn a_token_that_was_accepted_before_is_used_once_more_after_a_pause() {
    for kind in [RequestKind::Row, RequestKind::Batch] {
        let mut run = Run::new(6).accepted();
        let (mut first, mut second) = (run.sent(), run.sent());
        let refused = answer(401, "{}");
        let followed = run.reply(kind, &mut first, &refused);
        assert_eq!(followed.action, retry(0));
        assert_eq!(followed.before, ["pause 2", "Paused"]);
        // It was in flight when the token came into doubt.
        let followed = run.reply(kind, &mut second, &refused);
        assert_eq!(
            (followed.action, followed.before),
            (Action::SendAgain, vec![])
        );
        let sent = [first, second].map(|request| request.attempt_counts.sent);
        assert_eq!(
            sent,
            [1, 0],
            "an attempt that is repeated for free does not count"
        );
        assert!(!run.handler.may_send_besides(1));
    }
}

#[test]
fn a_job_that_stays_refused_while_others_are_accepted_is_held_or_taken_apart() {
    let refused = answer(403, NO_SCOPES);
    let held = hold(FatalCause::MissingScopes, &["a.b"]);
    for (kind, actions) in [
        (RequestKind::Row, [retry(0), held]),
        (
            RequestKind::Batch,
            [Action::SendOneByOne, Action::SendOneByOne],
        ),
    ] {
        let mut run = Run::new(6).accepted();
        let mut request = run.sent();
        for action in actions {
            let followed = run.reply(kind, &mut request, &refused);
            assert_eq!(
                (followed.action, followed.before),
                (action, vec![]),
                "{kind:?}"
            );
        }
    }
}

#[test]
fn a_refused_token_is_refreshed_and_the_request_is_sent_again_for_free() {
    let mut run = Run::with(6, None, true);
    let mut request = run.sent();
    let refused = answer(401, "{}");
    for _ in 0..2 {
        let followed = run.reply(RequestKind::Row, &mut request, &refused);
        assert_eq!(
            (followed.action, followed.before),
            (Action::SendAgain, vec![])
        );
        assert!(run.handler.token.is_refused());
    }
    run.handler.handle_refresh(RefreshOutcome::New);
    assert!(!run.handler.token.is_refused());
    run.handler.stamp(&mut request);
    let followed = run.reply(RequestKind::Row, &mut request, &refused);
    assert_eq!(followed.action, hold(FatalCause::Unauthorized, &[]));
    assert_eq!(request.attempt_counts.sent, 1);
    assert_eq!(run.counts.requests, 3);
}

#[test]
fn a_fatal_reply_ends_the_run_with_its_message_and_correlation_id() {
    let mut run = Run::new(6);
    let mut request = run.sent();
    let reply = Reply::Untrusted {
        why: "self-signed".to_owned(),
    };
    let details = Details {
        correlation_id: Some("c-1".to_owned()),
        ..describe(&reply, &pair(1))
    };
    let received = Received {
        class: classify(&reply, &pair(1)),
        reply: &reply,
        details: &details,
        rate: RateFeedback::default(),
        in_flight: 0,
        now: run.now,
        wall: Timestamp::UNIX_EPOCH,
        draw: 0.5,
    };
    let handled =
        run.handler
            .handle_reply(RequestKind::Row, &mut request, &received, &mut run.counts);
    let [
        Effect::Stop(StopReason::Fatal {
            message,
            correlation_id,
            ..
        }),
    ] = &handled.before[..]
    else {
        panic!("{:?}", handled.before);
    };
    assert_eq!(*message, details.message);
    assert_eq!(correlation_id.as_deref(), Some("c-1"));
}
