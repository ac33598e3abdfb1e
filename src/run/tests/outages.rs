//! An API that is unreachable for a while.

use std::ops::Range;
use std::time::Duration;

use crate::domain::outcome::OutcomeKind;
use crate::exit_status::ExitStatus;
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::stop_reason::StopReason;
use crate::run::tests::support::*;

/// A run of 5,000 rows at 10 per second, 16 at a time, while the API is unreachable for some time.
async fn outage(away: Range<Duration>) -> Done {
    let mut test_run = TestRun::of(5000);
    test_run.rate = "100/10s";
    test_run.concurrency = 16;
    test_run.failure_limit = FailureLimit::default();
    test_run.away = Some(away);
    test_run.run().await
}

#[tokio::test(start_paused = true)]
async fn an_outage_costs_time_and_no_row() {
    let (start, end) = (Duration::from_mins(1), Duration::from_mins(50));
    let done = outage(start..end).await;
    assert_eq!(done.status(), ExitStatus::Done);
    assert_eq!(done.flushed.len(), 5000);
    let seen = done.seen.lock().unwrap();
    let sent = |during: Range<Duration>| {
        let first = seen.requests[0].1;
        let times = seen.requests.iter().map(|(_, at)| at.duration_since(first));
        times.filter(|at| during.contains(at)).count()
    };
    let while_away = sent(start..end);
    assert!((100..160).contains(&while_away), "{while_away}");
    let after = sent(end + Duration::from_secs(30)..end + Duration::from_mins(1));
    assert!(
        (290..=301).contains(&after),
        "{after}: the rate is unchanged"
    );
    let events: Vec<_> = done
        .observer
        .kinds
        .iter()
        .filter(|kind| kind.starts_with("Api"))
        .collect();
    assert_eq!(events, ["ApiUnreachable", "ApiRecovered"]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_does_not_end_ends_the_run_and_fails_no_row() {
    let hours = Duration::from_hours;
    for (start, max) in [
        (Duration::from_mins(1), hours(1) + Duration::from_mins(3)),
        (Duration::ZERO, Duration::from_mins(3)),
    ] {
        let done = outage(start..hours(9)).await;
        assert_eq!(done.status(), ExitStatus::StoppedEarly);
        assert!(matches!(
            done.ending.stop,
            Some(StopReason::ApiUnreachable { .. })
        ));
        assert!(
            done.flushed
                .iter()
                .all(|row| row.kind == OutcomeKind::Associated)
        );
        assert!(done.took < start + max, "{:?}", done.took);
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_each_get_their_own_error_are_no_outage() {
    let mut test_run = TestRun::of(200);
    for row in 1..=200 {
        test_run = test_run.server_says(row, vec![answer(500, ""); 3]);
    }
    let done = test_run.run().await;
    assert!(
        done.lines()
            .iter()
            .all(|&(_, kind, attempts)| (kind, attempts) == (OutcomeKind::Failed, 3))
    );
    assert!(done.took < Duration::from_mins(1), "{:?}", done.took);
}
