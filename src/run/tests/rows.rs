//! Every row of the input gets one outcome, whatever the replies are.

use std::time::Duration;

use proptest::prelude::*;

use crate::api::endpoint::Endpoint;
use crate::api::link_call::LinkCall;
use crate::api::lookup_call::LookupCall;
use crate::api::response::headers::Reply;
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::OutcomeKind;
use crate::exit_status::ExitStatus;
use crate::input::fixtures;
use crate::run::context::RunSettings;
use crate::run::dispatcher::run;
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::stop_reason::{Signal, StopReason, StopRequest};
use crate::run::tests::support::*;

#[tokio::test(start_paused = true)]
async fn every_row_is_sent_once_and_gets_one_line() {
    let done = TestRun::of(200).run().await;
    let expected: Vec<_> = (1..=200)
        .map(|row| (row, OutcomeKind::Associated, 1))
        .collect();
    assert_eq!(done.lines(), expected);
    assert_eq!((done.requests(), done.status()), (200, ExitStatus::Done));
    assert_eq!(done.seen.lock().unwrap().max_in_flight, 4);
    assert_eq!(done.ending.counts.requests, 200);
}

#[tokio::test(start_paused = true)]
async fn an_empty_input_is_no_error() {
    let done = TestRun::of(0).run().await;
    assert_eq!((done.lines(), done.status()), (vec![], ExitStatus::Done));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_flushed_then_counted_then_shown() {
    let done = TestRun::of(120).run().await;
    let written: Vec<_> = done.flushed.iter().map(|outcome| outcome.key.row).collect();
    assert_eq!(done.observer.shown, written);
    assert_eq!(
        done.observer.counted_when_shown,
        (1..=120).collect::<Vec<_>>()
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_does_not_keep_outcomes_from_the_report() {
    let mut test_run =
        TestRun::of(2).server_says(2, [answer(502, ""), answer(502, ""), answer(502, "")]);
    test_run.draw = 1.0;
    test_run.stops = vec![(
        Duration::from_millis(200),
        StopRequest::Now(Signal::Interrupt),
    )];
    let done = test_run.run().await;
    assert_eq!(done.observer.shown, [1]);
}

#[tokio::test(start_paused = true)]
async fn rows_before_a_broken_one_are_sent_to_their_end() {
    let text =
        "from_type,from_id,to_type,to_id\ncontacts,1,companies,2\ncontacts,\"3,companies,4\n";
    let mut input = fixtures::open(text).unwrap();
    let first = fixtures::next_row(&mut input).unwrap().unwrap();
    let error = fixtures::next_row(&mut input).unwrap_err();
    let mut test_run = TestRun::of(0).server_says(1, [answer(502, "")]);
    test_run.rows = vec![Ok(first), Err(error)];
    let done = test_run.run().await;
    assert_eq!(done.flushed.len(), 1);
    assert_eq!(done.status(), ExitStatus::Usage);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_row_is_never_sent_and_lists_all_its_problems() {
    let text = "from_type,from_id,to_type,to_id\ncontacts,,companies,1.0\n";
    let mut input = fixtures::open(text).unwrap();
    let mut test_run = TestRun::of(0);
    test_run.rows = vec![Ok(fixtures::next_row(&mut input).unwrap().unwrap())];
    let done = test_run.run().await;
    assert_eq!(
        (done.requests(), done.lines()),
        (0, vec![(1, OutcomeKind::Invalid, 0)])
    );
    let details = &done.flushed[0].details;
    assert_eq!(
        (details.num_errors, details.categories.as_slice()),
        (2, &["CLIENT_INVALID_ROW".to_owned()][..])
    );
}

/// Any reply that a server may send.
fn any_reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        Just(answer(502, "")),
        Just(answer(500, "")),
        Just(answer(423, "")),
        Just(answer(404, "")),
        Just(answer(409, "")),
        Just(answer(200, "{}")),
        Just(answer(200, r#"{"status":"PENDING"}"#)),
        Just(answer(200, "<html>")),
        Just(throttled(0)),
        Just(throttled(7)),
        Just(Reply::TimedOut),
        Just(Reply::Disconnected {
            why: "reset".into()
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_row_gets_one_outcome_and_no_limit_is_exceeded_with_any_replies(
        scripts in proptest::collection::vec(proptest::collection::vec(any_reply(), 0..8), 1..60),
        concurrency in 1_usize..9,
        draw in 0.0..1.0,
        stop_at in proptest::option::of(0_u64..60_000),
        away in proptest::option::of((0_u64..5000, 1_u64..5_000_000)),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time().start_paused(true).build().unwrap();
        let rows = scripts.len() as u64;
        let mut test_run = TestRun::of(rows);
        test_run.scripts = (1..).zip(scripts).collect();
        test_run.concurrency = concurrency;
        test_run.draw = draw;
        test_run.rate = "20/s";
        test_run.away = away.map(|(start, lasted)| {
            let start = Duration::from_millis(start);
            start..start + Duration::from_millis(lasted)
        });
        test_run.stops = stop_at
            .map(|at| (Duration::from_millis(at), StopRequest::Gracefully(Signal::Interrupt)))
            .into_iter().collect();
        let done = runtime.block_on(test_run.run());

        let mut lines: Vec<u64> = done.lines().into_iter().map(|(row, ..)| row).collect();
        let written = lines.len();
        lines.dedup();
        prop_assert_eq!(lines.len(), written, "a row has two lines");
        let seen = done.seen.lock().unwrap();
        prop_assert!(seen.max_in_flight <= concurrency);
        for window in seen.requests.windows(21) {
            prop_assert!(window[20].1.duration_since(window[0].1) >= Duration::from_secs(1));
        }
        let associated: Vec<u64> = done.flushed.iter()
            .filter(|line| line.kind == OutcomeKind::Associated).map(|line| line.key.row).collect();
        let mut confirmed = seen.confirmed.clone();
        confirmed.sort_unstable();
        let mut sorted = associated.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, confirmed, "what the server confirmed is what the report says");
        for line in &done.flushed {
            let sent = seen.requests.iter().filter(|(row, _)| *row == line.key.row).count();
            prop_assert_eq!(sent, line.attempts as usize);
        }
        if done.ending.stop.is_none() {
            prop_assert_eq!(written as u64, rows);
        }
        prop_assert_eq!(done.ending.counts.finished(), written as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_worker_is_reported_and_every_other_reply_is_kept() {
    #[derive(Clone)]
    struct Buggy(Scripted);
    impl Endpoint for Buggy {
        async fn links(&self, _call: &LinkCall) -> Reply {
            unreachable!("a run that does not read links")
        }

        async fn lookup(&self, _call: &LookupCall) -> Reply {
            unreachable!("rows with ids")
        }

        async fn associate_all<P: LinkRequest + Sync>(&self, pairs: &[P]) -> Reply {
            self.0.associate_all(pairs).await
        }

        async fn associate<R: LinkRequest + Sync>(&self, row: &R) -> Reply {
            let pair = row.pair();
            assert!(pair.from.id.as_str() != "50", "out of cheese");
            self.0.associate(pair).await
        }
    }
    let rows = input_of((1..=100).map(row));
    let mut report = Memory::default();
    let mut observer = TestObserver::default();
    let endpoint = Scripted {
        latency: Duration::from_millis(100),
        ..Scripted::default()
    };
    let ending = run(
        Buggy(endpoint.clone()),
        RunSettings {
            failure_limit: FailureLimit::default(),
            ..settings(4, 6)
        },
        context(rows, no_stops(), &mut report, &mut observer),
    )
    .await;
    let Some(StopReason::Bug(what)) = &ending.stop else {
        panic!("{:?}", ending.stop);
    };
    assert_eq!(what, "out of cheese");
    let answered = endpoint.seen.lock().unwrap().confirmed.len();
    assert_eq!(report.flushed.lock().unwrap().len(), answered);
    assert!((48..60).contains(&answered), "{answered}");
}
