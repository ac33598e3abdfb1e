//! How often and when a row is sent again.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::response::body::Body;
use crate::api::response::headers::{Reply, ReplyHeaders};
use crate::domain::outcome::OutcomeKind;
use crate::verdict::classify::Class;
use crate::verdict::retry::{AttemptCounts, FatalCause, RetryPolicy, Verdict, cooldown};
use crate::verdict::tests::support::{answer, reply};

const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: NonZeroU32::new(6).unwrap(),
};

/// Judges replies of these classes in sequence: all but the last must lead to a retry.
fn after(policy: RetryPolicy, classes: &[Class]) -> Verdict {
    let mut attempt_counts = AttemptCounts::default();
    let mut verdict = Verdict::Retry {
        after: Duration::ZERO,
    };
    for &class in classes {
        assert!(
            matches!(verdict, Verdict::Retry { .. }),
            "{classes:?} ended early"
        );
        attempt_counts.count(class);
        verdict = policy.judge(class, attempt_counts, None, 0.5);
    }
    verdict
}

#[test]
fn each_class_is_sent_as_often_as_the_table_says() {
    use Class as C;
    for (class, times, end) in [
        (C::Associated, 1, Verdict::Finish(OutcomeKind::Associated)),
        (C::Refused, 1, Verdict::Finish(OutcomeKind::Rejected)),
        (C::Unconfirmed, 2, Verdict::Finish(OutcomeKind::Rejected)),
        (C::Conflict, 3, Verdict::Finish(OutcomeKind::Rejected)),
        (C::Transient, 6, Verdict::Finish(OutcomeKind::Failed)),
        (C::BrieflyTransient, 3, Verdict::Finish(OutcomeKind::Failed)),
        (C::Locked, 6, Verdict::Finish(OutcomeKind::Failed)),
        (C::Throttled, 20, Verdict::Finish(OutcomeKind::Failed)),
        (C::DailyLimit, 1, Verdict::Stop(FatalCause::DailyLimit)),
        (C::Unauthorized, 1, Verdict::Stop(FatalCause::Unauthorized)),
        (
            C::MissingScopes,
            1,
            Verdict::Stop(FatalCause::MissingScopes),
        ),
        (C::Forbidden, 2, Verdict::Stop(FatalCause::Forbidden)),
        (C::Untrusted, 1, Verdict::Stop(FatalCause::Untrusted)),
    ] {
        assert_eq!(after(POLICY, &vec![class; times]), end, "{class:?}");
    }
}

#[test]
fn with_one_attempt_nothing_but_throttling_is_sent_again() {
    let once = RetryPolicy {
        max_attempts: NonZeroU32::MIN,
    };
    for class in [
        Class::Unconfirmed,
        Class::Conflict,
        Class::Transient,
        Class::BrieflyTransient,
        Class::Locked,
    ] {
        assert_eq!(
            after(once, &[class]),
            Verdict::Finish(class.outcome()),
            "{class:?}"
        );
    }
    assert_eq!(
        after(once, &[Class::Throttled; 3]),
        Verdict::Retry {
            after: Duration::ZERO
        }
    );
}

#[test]
fn throttling_uses_up_no_attempt() {
    let mut mixed = vec![Class::Throttled; 19];
    mixed.extend([Class::Transient; 5]);
    assert!(matches!(after(POLICY, &mixed), Verdict::Retry { .. }));
    mixed.push(Class::Transient);
    assert_eq!(after(POLICY, &mixed), Verdict::Finish(OutcomeKind::Failed));
}

#[test]
fn two_unconfirmed_replies_finish_a_row_with_any_replies_between() {
    use Class as C;
    let mixed = [C::Unconfirmed, C::Transient, C::Throttled, C::Unconfirmed];
    assert_eq!(
        after(POLICY, &mixed),
        Verdict::Finish(OutcomeKind::Rejected)
    );
}

fn wait(class: Class, sent: u32, retry_after: Option<u64>, draw: f64) -> f64 {
    let mut attempt_counts = AttemptCounts::default();
    for _ in 0..sent {
        attempt_counts.count(class);
    }
    let policy = RetryPolicy {
        max_attempts: NonZeroU32::new(100).unwrap(),
    };
    match policy.judge(
        class,
        attempt_counts,
        retry_after.map(Duration::from_secs),
        draw,
    ) {
        Verdict::Retry { after } => after.as_secs_f64(),
        other => panic!("{other:?}"),
    }
}

#[test]
#[expect(
    clippy::float_cmp,
    reason = "the draws are chosen so that the waits are exact"
)]
fn the_backoff_is_drawn_below_a_bound_that_doubles_from_one_second_to_sixty() {
    for (sent, bound) in [
        (1, 1.0),
        (2, 2.0),
        (3, 4.0),
        (6, 32.0),
        (7, 60.0),
        (8, 60.0),
        (99, 60.0),
    ] {
        assert_eq!(wait(Class::Transient, sent, None, 1.0), bound);
        assert_eq!(wait(Class::Transient, sent, None, 0.5), bound / 2.0);
        assert_eq!(wait(Class::Transient, sent, None, 0.0), 0.0);
    }
    assert_eq!(wait(Class::Locked, 1, None, 0.0), 2.0);
    assert_eq!(wait(Class::Locked, 1, None, 0.5), 2.5);
}

#[test]
#[expect(
    clippy::float_cmp,
    reason = "the draws are chosen so that the waits are exact"
)]
fn retry_after_is_a_floor_under_the_backoff_up_to_a_quarter_of_an_hour() {
    assert_eq!(wait(Class::Transient, 1, Some(7), 0.5), 7.0);
    assert_eq!(wait(Class::Transient, 7, Some(7), 0.5), 30.0);
    assert_eq!(wait(Class::Transient, 1, Some(86_400), 0.5), 900.0);
}

fn throttled(status: u16, retry_after: Option<u64>, body: &str) -> Reply {
    let headers = ReplyHeaders {
        retry_after: retry_after.map(Duration::from_secs),
        ..ReplyHeaders::default()
    };
    reply(status, headers, Body::parse(body.as_bytes()))
}

#[test]
fn the_cooldown_is_as_long_as_the_server_asks() {
    for (reply, seconds) in [
        (throttled(429, None, ""), None),
        (throttled(429, Some(3), ""), Some(3)),
        (
            throttled(429, None, r#"{"policyName":"SECONDLY"}"#),
            Some(1),
        ),
        (throttled(429, Some(900), ""), Some(900)),
        (throttled(477, Some(30), ""), Some(30)),
        (throttled(477, None, ""), Some(10)),
    ] {
        let pause = cooldown(Class::Throttled, &reply);
        assert_eq!(pause, seconds.map(Duration::from_secs), "{reply:?}");
    }
    assert_eq!(
        cooldown(Class::Forbidden, &answer(403, "")),
        Some(Duration::from_secs(5))
    );
    assert_eq!(cooldown(Class::Transient, &answer(502, "")), None);
    assert_eq!(cooldown(Class::Transient, &Reply::TimedOut), None);
}

#[test]
fn a_retry_after_of_more_than_a_quarter_of_an_hour_ends_the_run() {
    let mut attempt_counts = AttemptCounts::default();
    attempt_counts.count(Class::Throttled);
    let long = Duration::from_secs(901);
    let verdict = POLICY.judge(Class::Throttled, attempt_counts, Some(long), 0.0);
    assert_eq!(verdict, Verdict::Stop(FatalCause::LongWait(long)));
}
