//! A machine that stops the process, or has no file descriptors left.

use std::time::Duration;

use crate::api::response::headers::Reply;
use crate::domain::outcome::OutcomeKind;
use crate::exit_status::ExitStatus;
use crate::run::guards::time_limit::TimeLimit;
use crate::run::stop_reason::StopReason;
use crate::run::tests::support::*;

fn no_descriptor() -> Reply {
    Reply::NoDescriptor {
        why: "Too many open files".to_owned(),
    }
}

fn kinds(done: &Done) -> Vec<OutcomeKind> {
    done.flushed.iter().map(|outcome| outcome.kind).collect()
}

/// Six rows of which the first four lose their connections, with one attempt each.
fn four_lose_their_connections() -> TestRun {
    let mut test_run = TestRun::of(6);
    for row in 1..=4 {
        test_run = test_run.server_says(row, [disconnected()]);
    }
    test_run.latency = Duration::from_secs(1);
    test_run.max_attempts = 1;
    test_run
}

/// Makes the process stand still for an hour, half a second after the start.
fn stand_still() {
    tokio::spawn(async {
        tokio::time::sleep(Duration::from_millis(550)).await;
        tokio::time::advance(Duration::from_hours(1)).await;
    });
}

#[tokio::test(start_paused = true)]
async fn rows_whose_connections_broke_while_the_process_was_stopped_do_not_fail() {
    let done = four_lose_their_connections().run().await;
    let failed = kinds(&done);
    let failed = failed.iter().filter(|kind| **kind == OutcomeKind::Failed);
    assert_eq!(failed.count(), 4);

    stand_still();
    let done = four_lose_their_connections().run().await;
    assert_eq!(kinds(&done), [OutcomeKind::Associated; 6]);
    assert!(done.took >= Duration::from_hours(1));
    assert!(done.observer.kinds.contains(&"StoodStill".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn time_in_which_the_process_stood_still_is_not_taken_from_the_run() {
    let with_limit = |limit| {
        let mut test_run = four_lose_their_connections();
        test_run.time_limits.max_duration = Some(limit);
        test_run
    };
    stand_still();
    let done = with_limit(Duration::from_mins(1)).run().await;
    assert!(done.ending.stop.is_none(), "{:?}", done.ending.stop);
    assert_eq!(done.flushed.len(), 6);
    let done = with_limit(Duration::from_millis(500)).run().await;
    assert!(matches!(
        done.ending.stop,
        Some(StopReason::TimeIsUp(TimeLimit::MaxDuration(_)))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_lack_of_descriptors_fails_no_row_and_lowers_the_requests_in_flight() {
    let mut test_run = TestRun::of(60);
    test_run.concurrency = 20;
    test_run.max_attempts = 1;
    for row in 1..=20 {
        test_run = test_run.server_says(row, [no_descriptor(), no_descriptor()]);
    }
    let done = test_run.run().await;
    assert_eq!(kinds(&done), [OutcomeKind::Associated; 60]);
    assert!(done.ending.stop.is_none(), "{:?}", done.ending.stop);
    let warnings = done.observer.kinds.iter();
    let warnings = warnings.filter(|kind| *kind == "FewerConnections").count();
    assert_eq!(warnings, 1);
    assert!(!done.observer.kinds.contains(&"ApiUnreachable".to_owned()));
    // After the first twenty, one at a time: 0.1 s each.
    assert!(done.took >= Duration::from_secs(6), "{:?}", done.took);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_gets_no_connection_for_lack_of_descriptors_ends_and_fails_no_row() {
    let mut test_run = TestRun::of(30);
    test_run.max_attempts = 1;
    for row in 1..=30 {
        test_run = test_run.server_says(row, vec![no_descriptor(); 1000]);
    }
    let done = test_run.run().await;
    let stop = done.ending.stop.unwrap();
    assert_eq!(stop.exit_status(), ExitStatus::StoppedEarly);
    assert!(matches!(stop, StopReason::NoDescriptor { .. }), "{stop:?}");
    assert_eq!(done.flushed, []);
    assert!(done.took < Duration::from_mins(3), "{:?}", done.took);
}
