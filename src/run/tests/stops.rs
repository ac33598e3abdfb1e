//! What ends a run before the end of its input.

use std::time::Duration;

use crate::api::response::headers::Reply;
use crate::domain::quota::Quota;
use crate::exit_status::ExitStatus;
use crate::run::guards::daily_limit::DailyReset;
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::stop_reason::{Signal, StopRequest};
use crate::run::tests::support::*;

#[tokio::test(start_paused = true)]
async fn the_daily_limit_stops_the_run_on_a_refusal_or_a_header() {
    let refused = answer(429, r#"{"policyName":"DAILY"}"#);
    let mut last = good(&pair(10));
    if let Reply::Answered(answer) = &mut last {
        answer.headers.quota = Quota {
            daily_remaining: Some(0),
            ..Quota::default()
        };
    }
    for (reply, lines) in [(refused, 9), (last, 10)] {
        let mut test_run = TestRun::of(50).server_says(10, vec![reply]);
        test_run.concurrency = 1;
        let done = test_run.run().await;
        assert_eq!((done.lines().len(), done.requests()), (lines, 10));
        assert_eq!(done.status(), ExitStatus::StoppedEarly);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_the_daily_reset_resumes_after_midnight() {
    let refused = answer(429, r#"{"policyName":"DAILY"}"#);
    let mut last = good(&pair(10));
    if let Reply::Answered(answer) = &mut last {
        answer.headers.quota = Quota {
            daily_remaining: Some(0),
            ..Quota::default()
        };
    }
    for reply in [refused, last] {
        let mut test_run = TestRun::of(50).server_says(10, vec![reply]);
        // A zone in which the test's clock shows 23:00.
        let zone = Some(jiff::tz::TimeZone::fixed(jiff::tz::offset(23)));
        test_run.daily_reset = Some(DailyReset { zone });
        let done = test_run.run().await;
        assert_eq!((done.lines().len(), done.status()), (50, ExitStatus::Done));
        assert!(done.took > Duration::from_hours(1) && done.took < Duration::from_mins(62));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reason_to_stop_that_comes_with_the_last_row_is_ignored() {
    let mut last = good(&pair(3));
    if let Reply::Answered(answer) = &mut last {
        answer.headers.quota = Quota {
            daily_remaining: Some(0),
            ..Quota::default()
        };
    }
    let mut test_run = TestRun::of(3).server_says(3, [last]);
    test_run.concurrency = 1;
    let done = test_run.run().await;
    assert_eq!((done.lines().len(), done.status()), (3, ExitStatus::Done));
}

#[tokio::test(start_paused = true)]
async fn three_identical_type_errors_at_the_start_stop_the_run() {
    let mut test_run = TestRun::of(1000);
    for row in 1..=1000 {
        test_run = test_run.server_says(
            row,
            [answer(
                400,
                r#"{"message":"Unable to infer object type from: x"}"#,
            )],
        );
    }
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::Usage);
    assert!(done.requests() <= 3 + 4);
    assert_eq!(
        done.lines().len(),
        done.requests(),
        "every row with a reply has its line"
    );
}

#[tokio::test(start_paused = true)]
async fn a_row_associated_meanwhile_clears_the_uniform_failure() {
    let mut test_run = TestRun::of(50);
    for row in 1..=3 {
        let refused = answer(400, r#"{"message":"Unable to infer object type from: x"}"#);
        test_run = test_run.server_says(row, [refused]);
    }
    let done = test_run.run().await;
    assert_eq!(
        (done.lines().len(), done.status()),
        (50, ExitStatus::SomeRowsNot)
    );
}

#[tokio::test(start_paused = true)]
async fn the_first_request_to_stop_waits_for_the_requests_in_flight() {
    let mut test_run = TestRun::of(100).server_says(1, vec![answer(502, ""); 6]);
    test_run.draw = 1.0;
    test_run.concurrency = 3;
    test_run.stops = vec![(
        Duration::from_millis(450),
        StopRequest::Gracefully(Signal::Interrupt),
    )];
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::Interrupted);
    assert_eq!(done.took, Duration::from_millis(500));
    // Row 1 was waiting for its second attempt; every other row that was sent has a line.
    assert_eq!(done.lines().len(), done.requests() - 1);
    assert!(done.lines().iter().all(|(row, ..)| *row != 1));
    assert_eq!(done.ending.counts.without_outcome, 1);
    assert!(done.observer.kinds.contains(&"Stopping".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_handled_while_requests_are_paused_and_while_the_input_is_idle() {
    let mut paused = TestRun::of(50).server_says(1, [throttled(600)]);
    paused.stops = vec![(
        Duration::from_secs(5),
        StopRequest::Gracefully(Signal::Terminate),
    )];
    let mut idle = TestRun::of(3);
    idle.endless = true;
    idle.stops = vec![(
        Duration::from_secs(5),
        StopRequest::Gracefully(Signal::Terminate),
    )];
    for test_run in [paused, idle] {
        let done = test_run.run().await;
        assert_eq!(done.took, Duration::from_secs(5));
        assert_eq!(done.status(), ExitStatus::Terminated);
        assert!(!done.lines().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_request_to_stop_waits_for_no_reply() {
    let mut test_run = TestRun::of(10);
    test_run.latency = Duration::from_secs(30);
    test_run.stops = vec![
        (
            Duration::from_secs(1),
            StopRequest::Gracefully(Signal::Interrupt),
        ),
        (Duration::from_secs(2), StopRequest::Now(Signal::Interrupt)),
    ];
    let done = test_run.run().await;
    assert_eq!(
        (done.took, done.status()),
        (Duration::from_secs(2), ExitStatus::Interrupted)
    );
    assert_eq!(
        (done.lines(), done.ending.counts.without_outcome),
        (vec![], 4)
    );
}

#[tokio::test(start_paused = true)]
async fn a_report_that_cannot_be_written_stops_the_run_at_once() {
    let mut test_run = TestRun::of(1000);
    test_run.refuse_after = Some(20);
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::CannotWrite);
    assert!(done.lines().len() < 30);
    assert!(
        done.requests() <= done.lines().len() + 3 * 4,
        "{}",
        done.requests()
    );
    assert_eq!(
        done.ending.counts.finished(),
        done.lines().len() as u64,
        "only what is written counts"
    );
}

#[tokio::test(start_paused = true)]
async fn the_failure_limit_stops_the_run_after_about_a_hundred_rows() {
    let mut test_run = TestRun::of(5000);
    test_run.failure_limit = FailureLimit::default();
    for row in 1..=5000 {
        test_run = test_run.server_says(row, [answer(400, r#"{"category":"VALIDATION_ERROR"}"#)]);
    }
    let done = test_run.run().await;
    assert_eq!(done.status(), ExitStatus::StoppedEarly);
    assert!(done.requests() < 100 + 4, "{}", done.requests());
    assert_eq!(
        done.lines().len(),
        done.requests(),
        "every reply has its line"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_at_its_time_limit_even_while_it_waits_for_the_quota() {
    for (rate, least) in [("unlimited", 300), ("1/10s", 1)] {
        let mut test_run = TestRun::of(5000);
        test_run.rate = rate;
        test_run.time_limits.max_duration = Some(Duration::from_secs(9));
        let done = test_run.run().await;
        assert_eq!(done.status(), ExitStatus::StoppedEarly);
        assert!(done.took < Duration::from_millis(9500), "{:?}", done.took);
        assert!(done.lines().len() >= least, "{}", done.lines().len());
        assert_eq!(done.lines().len(), done.requests());
    }
}
