//! Refusals that concern some rows only: credentials, path, daily limit.

use super::*;

use crate::api::response::headers::Reply;
use crate::domain::outcome::OutcomeKind;
use crate::exit_status::ExitStatus;
use crate::run::guards::daily_limit::DailyReset;

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
