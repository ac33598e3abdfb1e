//! Retries: which rows are sent again, when, and what all other requests wait for.

use std::time::Duration;

use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::domain::outcome::OutcomeKind;
use crate::exit_status::ExitStatus;
use crate::run::tests::support::*;

#[tokio::test(start_paused = true)]
async fn a_throttled_row_is_sent_again_and_reported_once() {
    let done = TestRun::of(1).server_says(1, [throttled(1)]).run().await;
    assert_eq!(done.lines(), [(1, OutcomeKind::Associated, 2)]);
    assert_eq!((done.requests(), done.ending.counts.throttled), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn one_429_pauses_all_requests() {
    let mut test_run = TestRun::of(100).server_says(1, [throttled(30)]);
    test_run.concurrency = 8;
    let done = test_run.run().await;
    let seen = done.seen.lock().unwrap();
    let first = seen.requests[0].1;
    let mut times: Vec<_> = seen
        .requests
        .iter()
        .map(|(_, at)| at.duration_since(first))
        .collect();
    times.retain(|at| *at > Duration::from_millis(100) && *at < Duration::from_secs(30));
    assert_eq!(
        times,
        [],
        "no request is sent between the 429 and the end of the pause"
    );
    assert_eq!(seen.requests.len(), 101);
    assert_eq!(
        done.observer
            .kinds
            .iter()
            .filter(|kind| *kind == "Paused")
            .count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn retries_need_permits_like_first_attempts() {
    let mut test_run = TestRun::of(40);
    for row in 1..=40 {
        test_run = test_run.server_says(row, vec![answer(502, ""); 3]);
    }
    test_run.rate = "10/s";
    let done = test_run.run().await;
    let seen = done.seen.lock().unwrap();
    assert_eq!(seen.requests.len(), 160);
    for window in seen.requests.windows(11) {
        assert!(window[10].1.duration_since(window[0].1) >= Duration::from_secs(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_waiting_for_its_next_attempt_delays_no_other_row() {
    let mut test_run = TestRun::of(100);
    for row in 1..=8 {
        test_run = test_run.server_says(row, vec![answer(503, ""); 5]);
    }
    test_run.concurrency = 2;
    test_run.draw = 1.0;
    let done = test_run.run().await;
    let seen = done.seen.lock().unwrap();
    let first = seen.requests[0].1;
    let new = seen
        .requests
        .iter()
        .filter(|(row, _)| *row > 8)
        .map(|(_, at)| at.duration_since(first));
    // 100 rows of 100 ms in two slots, plus the retries of the eight rows meanwhile.
    assert!(new.max().unwrap() <= Duration::from_secs(7));
    assert!(done.took >= Duration::from_secs(31));
}

#[tokio::test(start_paused = true)]
async fn a_429_without_retry_after_still_pauses() {
    let mut test_run = TestRun::of(1).server_says(1, vec![throttled(0); 30]);
    test_run.rate = "unlimited";
    let done = test_run.run().await;
    assert_eq!(done.lines(), [(1, OutcomeKind::Failed, 20)]);
    assert!(done.took > Duration::from_secs(100), "{:?}", done.took);
}

/// Every kind of reply: the replies, the outcome, the number of requests, the category.
#[expect(clippy::too_many_lines, reason = "a table")]
fn kinds() -> Vec<(&'static str, Vec<Reply>, OutcomeKind, u32, &'static str)> {
    use OutcomeKind::{Associated, Failed, Rejected};
    let always = |reply: Reply| vec![reply; 30];
    let why = || "reset".to_owned();
    let cut = |status| {
        Reply::Answered(Answer {
            status,
            headers: ReplyHeaders::default(),
            body: Body::Unread(Unreadable::Cut),
        })
    };
    let status = |status| always(answer(status, ""));
    vec![
        ("confirmed", vec![], Associated, 1, ""),
        (
            "400",
            always(answer(400, r#"{"category":"VALIDATION_ERROR"}"#)),
            Rejected,
            1,
            "VALIDATION_ERROR",
        ),
        ("404", status(404), Rejected, 1, "HTTP_404"),
        ("414", status(414), Rejected, 1, "HTTP_414"),
        ("408", status(408), Failed, 6, "HTTP_408"),
        (
            "409",
            always(answer(409, r#"{"category":"CONFLICT"}"#)),
            Rejected,
            3,
            "CONFLICT",
        ),
        ("423", status(423), Failed, 6, "HTTP_423"),
        ("429", always(throttled(1)), Failed, 20, "HTTP_429"),
        ("477", status(477), Failed, 20, "HTTP_477"),
        ("500", status(500), Failed, 3, "HTTP_500"),
        ("501", status(501), Failed, 3, "HTTP_501"),
        ("502", status(502), Failed, 6, "HTTP_502"),
        ("503", status(503), Failed, 6, "HTTP_503"),
        ("504", status(504), Failed, 6, "HTTP_504"),
        ("520", status(520), Failed, 6, "HTTP_520"),
        ("522", status(522), Failed, 6, "HTTP_522"),
        ("524", status(524), Failed, 6, "HTTP_524"),
        ("525", status(525), Failed, 3, "HTTP_525"),
        ("302", status(302), Failed, 3, "HTTP_302"),
        (
            "timeout",
            always(Reply::TimedOut),
            Failed,
            6,
            "CLIENT_TIMEOUT",
        ),
        (
            "reset",
            always(Reply::Disconnected { why: why() }),
            Failed,
            6,
            "CLIENT_CONNECTION",
        ),
        (
            "garbage",
            always(Reply::InvalidHttp { why: why() }),
            Failed,
            6,
            "CLIENT_UNREADABLE_REPLY",
        ),
        (
            "cut",
            always(cut(200)),
            Failed,
            6,
            "CLIENT_UNREADABLE_REPLY",
        ),
        (
            "html",
            always(answer(200, "<html>")),
            Failed,
            6,
            "CLIENT_UNREADABLE_REPLY",
        ),
        ("empty", status(200), Rejected, 2, "CLIENT_NO_RESULT"),
        ("204", status(204), Rejected, 2, "CLIENT_NO_RESULT"),
        (
            "nothing",
            always(answer(200, r#"{"status":"COMPLETE","results":[]}"#)),
            Rejected,
            2,
            "CLIENT_NO_RESULT",
        ),
        (
            "pending",
            always(answer(200, r#"{"status":"PENDING"}"#)),
            Failed,
            6,
            "CLIENT_NOT_COMPLETE",
        ),
        (
            "canceled",
            always(answer(200, r#"{"status":"CANCELED"}"#)),
            Rejected,
            2,
            "CLIENT_NOT_COMPLETE",
        ),
        (
            "errors",
            always(answer(200, r#"{"errors":[{"category":"X"}]}"#)),
            Rejected,
            1,
            "X",
        ),
        (
            "count",
            always(answer(207, r#"{"numErrors":2}"#)),
            Rejected,
            1,
            "HTTP_207",
        ),
        ("502 once", vec![answer(502, "")], Associated, 2, ""),
        ("429 ten times", vec![throttled(0); 10], Associated, 11, ""),
        ("nothing once", vec![answer(200, "{}")], Associated, 2, ""),
        (
            "pending twice",
            vec![answer(200, r#"{"status":"PROCESSING"}"#); 2],
            Associated,
            3,
            "",
        ),
        (
            "403 once",
            vec![answer(403, "<html>blocked</html>")],
            Associated,
            2,
            "",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_reply_gives_the_outcome_in_the_table() {
    let mut test_run = TestRun::of(0);
    for (index, (_, replies, ..)) in kinds().into_iter().enumerate() {
        let number = index as u64 + 1;
        test_run.rows.push(Ok(row(number)));
        test_run = test_run.server_says(number, replies);
    }
    let done = test_run.run().await;
    for (index, (name, _, kind, attempts, category)) in kinds().into_iter().enumerate() {
        let lines: Vec<_> = done
            .flushed
            .iter()
            .filter(|line| line.key.row == index as u64 + 1)
            .collect();
        assert_eq!(lines.len(), 1, "{name}");
        let first = lines[0]
            .details
            .categories
            .first()
            .map_or("", String::as_str);
        assert_eq!(
            (lines[0].kind, lines[0].attempts, first),
            (kind, attempts, category),
            "{name}"
        );
        assert_eq!(
            lines[0].details.num_errors > 0,
            kind != OutcomeKind::Associated,
            "{name}"
        );
    }
    assert_eq!(done.status(), ExitStatus::SomeRowsNot);
}
