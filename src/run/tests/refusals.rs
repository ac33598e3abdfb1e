//! Refusals that concern some rows only: credentials, path, daily limit.

use std::time::Duration;

use crate::api::response::headers::Reply;
use crate::domain::outcome::OutcomeKind;
use crate::exit_status::ExitStatus;
use crate::run::guards::daily_limit::DailyReset;
use crate::run::stop_reason::StopReason;
use crate::run::tests::support::*;
use crate::verdict::retry::FatalCause;

const UNAUTHORIZED: &str = r#"{"category":"INVALID_AUTHENTICATION"}"#;
const NO_SCOPES: &str =
    r#"{"category":"MISSING_SCOPES","errors":[{"context":{"requiredScopes":["a.b"]}}]}"#;

/// Each kind of refusal, and the category of a row that is the only one refused.
fn refusals() -> [(Reply, &'static str); 3] {
    [
        (answer(401, UNAUTHORIZED), "INVALID_AUTHENTICATION"),
        (answer(403, NO_SCOPES), "MISSING_SCOPES"),
        (answer(403, "<html>"), "HTTP_403"),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_row_that_alone_is_refused_is_rejected_and_the_others_are_sent() {
    for (reply, category) in refusals() {
        // In the middle, two of them together, and last.
        for rows in [&[50][..], &[50, 51], &[7, 80, 90, 91], &[100]] {
            let mut test_run = TestRun::of(100);
            for &row in rows {
                test_run = test_run.server_says(row, vec![reply.clone(); 30]);
            }
            let done = test_run.run().await;
            assert!(
                done.ending.stop.is_none(),
                "{category} {rows:?}: {:?}",
                done.ending.stop
            );
            assert_eq!(done.lines().len(), 100, "{category} {rows:?}");
            for outcome in &done.flushed {
                let is_bad = rows.contains(&outcome.key.row);
                let kind = if is_bad {
                    OutcomeKind::Rejected
                } else {
                    OutcomeKind::Associated
                };
                assert_eq!(outcome.kind, kind, "{category} {:?}", outcome.key);
                if is_bad {
                    assert_eq!(outcome.details.categories, [category]);
                    assert_eq!(outcome.attempts, 2, "{category}");
                }
            }
            assert!(
                done.requests() <= 100 + 2 * rows.len(),
                "{}",
                done.requests()
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_first_row_is_no_exception_while_others_are_in_flight() {
    for (reply, category) in refusals() {
        let done = TestRun::of(100).server_says(1, vec![reply; 30]).run().await;
        assert!(
            done.ending.stop.is_none(),
            "{category}: {:?}",
            done.ending.stop
        );
        let bad: Vec<_> = done
            .lines()
            .into_iter()
            .filter(|(_, kind, _)| *kind != OutcomeKind::Associated)
            .map(|(row, kind, _)| (row, kind))
            .collect();
        assert_eq!(bad, [(1, OutcomeKind::Rejected)], "{category}");
    }
}

#[tokio::test(start_paused = true)]
async fn missing_records_at_the_start_do_not_look_like_a_wrong_path() {
    let missing = |row: u64| {
        let id = row.to_string();
        let body = serde_json::json!({"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"id": [id]}});
        answer(404, &body.to_string())
    };
    let mut test_run = TestRun::of(100);
    for row in 1..=60 {
        test_run = test_run.server_says(row, [missing(row)]);
    }
    let done = test_run.run().await;
    assert!(done.ending.stop.is_none(), "{:?}", done.ending.stop);
    assert_eq!(done.lines().len(), 100);
    // A path that does not exist says nothing about any row.
    let mut test_run = TestRun::of(100);
    for row in 1..=100 {
        test_run = test_run.server_says(row, [answer(404, r#"{"message":"no such path"}"#)]);
    }
    assert_eq!(test_run.run().await.status(), ExitStatus::Usage);
}

/// A refusal for the daily limit, at this time by the server's clock.
fn day_is_over(seconds: Option<u64>) -> Reply {
    let mut reply = answer(429, r#"{"policyName":"DAILY"}"#);
    if let Reply::Answered(answer) = &mut reply {
        let date = |seconds| std::time::UNIX_EPOCH + Duration::from_secs(seconds);
        answer.headers.date = seconds.map(date);
    }
    reply
}

#[tokio::test(start_paused = true)]
async fn a_daily_limit_that_has_not_reset_after_midnight_is_retried_after_minutes() {
    // By the test's clock it is 23:00; the server's clock says half past eleven, or nothing.
    let zone = || Some(jiff::tz::TimeZone::fixed(jiff::tz::offset(23)));
    for (date, first) in [(None, 3630), (Some(1800), 1830)] {
        let mut test_run = TestRun::of(5).server_says(3, vec![day_is_over(date); 3]);
        test_run.concurrency = 1;
        test_run.daily_reset = Some(DailyReset { zone: zone() });
        let done = test_run.run().await;
        assert_eq!((done.lines().len(), done.status()), (5, ExitStatus::Done));
        assert_eq!(done.took.as_secs(), first + 2 * 300, "{date:?}");
        // Each pause is reported once.
        let pauses = done.observer.kinds.iter().filter(|kind| *kind == "Paused");
        assert_eq!(pauses.count(), 3, "{:?}", done.observer.kinds);
    }
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_in_the_middle_stop_the_run_and_fail_no_row() {
    let unauthorized = answer(401, r#"{"category":"INVALID_AUTHENTICATION"}"#);
    let scopes = answer(403, r#"{"category":"MISSING_SCOPES"}"#);
    let forbidden = answer(403, "<html>");
    for (reply, cause) in [
        (unauthorized, FatalCause::Unauthorized),
        (scopes, FatalCause::MissingScopes),
        (forbidden, FatalCause::Forbidden),
    ] {
        let mut test_run = TestRun::of(20_000);
        test_run.concurrency = 16;
        for row in 1000..=20_000 {
            test_run = test_run.server_says(row, vec![reply.clone(); 30]);
        }
        let done = test_run.run().await;
        let expected: Vec<_> = (1..1000)
            .map(|row| (row, OutcomeKind::Associated, 1))
            .collect();
        assert_eq!(done.lines(), expected, "{cause:?}");
        assert!(
            matches!(&done.ending.stop, Some(StopReason::Fatal { cause: stopped, .. }) if *stopped == cause)
        );
        assert_eq!(done.status(), ExitStatus::Credentials);
        assert!(
            done.requests() < 1000 + 50,
            "{cause:?}: {}",
            done.requests()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn after_one_401_among_good_replies_the_row_is_sent_once_more_after_a_pause() {
    let unauthorized = || answer(401, r#"{"category":"INVALID_AUTHENTICATION"}"#);
    let mut test_run = TestRun::of(200);
    // Two at once, and later a single one.
    for row in [50, 51, 120] {
        test_run = test_run.server_says(row, vec![unauthorized()]);
    }
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::Done);
    let lines = done.lines();
    assert_eq!(lines.len(), 200);
    assert!(lines.iter().all(|line| line.1 == OutcomeKind::Associated));
    // The request that brought the token into doubt counts; the other one was already in flight.
    assert_eq!(done.requests(), 203);
    assert_eq!((lines[49].2, lines[119].2), (2, 2));
    assert!(done.took >= Duration::from_secs(2 + 2), "{:?}", done.took);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_never_good_is_not_tried_again() {
    let unauthorized = answer(401, "{}");
    let mut test_run = TestRun::of(100);
    for row in 1..=100 {
        test_run = test_run.server_says(row, vec![unauthorized.clone(); 30]);
    }
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::Credentials);
    assert_eq!((done.lines().len(), done.requests()), (0, 4));
    assert!(done.took < Duration::from_secs(1), "{:?}", done.took);
}
