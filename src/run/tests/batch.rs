//! Batch mode against an API in memory that reports bad pairs in every plausible way.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::input::row::{CheckedRow, RowContent};
use crate::run::context::RunSettings;
use crate::run::dispatcher::run;
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::stop_reason::{Signal, StopReason, StopRequest};
use crate::run::tests::batch_api::*;
use crate::run::tests::support::*;
use crate::verdict::retry::FatalCause;

#[test]
fn good_rows_take_the_minimum_number_of_batches() {
    let ended = block_on(send(
        &Api::new(Way::Listed),
        contacts(10_001),
        batches_of(2000),
        &[],
    ));
    let mut request_sizes = ended.request_sizes.clone();
    request_sizes.sort_unstable();
    assert_eq!(request_sizes, [1, 2000, 2000, 2000, 2000, 2000]);
    assert!(ended.outcomes.iter().all(|outcome| {
        outcome.kind == OutcomeKind::Associated
            && outcome.attempts == 1
            && outcome.details.association_type_ids.len() <= 1
    }));
    assert_eq!(ended.ending.counts.requests, 6);
    assert!(ended.ending.stop.is_none());
}

#[test]
fn one_percent_of_bad_rows_costs_few_requests_in_every_way() {
    let rows = 6000;
    let bad: Vec<u64> = (0..60).map(|index| 1 + index * 97 + index % 13).collect();
    let full = rows / 2000;
    for way in WAYS {
        let api = Api::new(way).missing(bad.iter().map(|id| format!("contacts {id}")));
        let ended = block_on(send(&api, contacts(rows), batches_of(2000), &[]));
        let rejected: Vec<u64> = ended
            .outcomes
            .iter()
            .filter(|outcome| outcome.kind == OutcomeKind::Rejected)
            .map(|outcome| outcome.key.row)
            .collect();
        assert_eq!(rejected, bad, "{way:?}");
        assert_eq!(ended.outcomes.len(), rows, "{way:?}");
        let max = match way {
            Way::Listed | Way::ListedByType | Way::ListedById | Way::ListedByPair => full,
            Way::NamedSentences => 2 * full,
            Way::NamedFirst => full + bad.len(),
            Way::Counted | Way::LeftOut => full + 3 * bad.len(),
            Way::NamedOther | Way::Unnamed => full + 11 * bad.len(),
            // A batch never confirms anything here, so each row is sent by itself.
            Way::Silent => full + rows + bad.len(),
        };
        assert!(
            ended.request_sizes.len() <= max,
            "{way:?}: {} requests",
            ended.request_sizes.len()
        );
    }
}

#[test]
fn a_refusal_that_names_a_pair_by_its_ids_rejects_no_row_that_shares_a_record_with_it() {
    // Contacts 1 to 5 with companies 501 to 505, in all combinations.
    let rows: Vec<CheckedRow> = (0..25_usize)
        .map(|row| {
            let ids = [1 + row as u64 / 5, 501 + row as u64 % 5];
            typed_row(row, ["contacts", "companies"], ids)
        })
        .collect();
    let mut api = Api::new(Way::Listed);
    api.refused = Some([3, 504]);
    let ended = block_on(send(&api, rows, batches_of(2000), &[]));
    let rejected: Vec<u64> = ended
        .outcomes
        .iter()
        .filter(|outcome| outcome.kind != OutcomeKind::Associated)
        .map(|outcome| outcome.key.row)
        .collect();
    assert_eq!((rejected, ended.outcomes.len()), (vec![14], 25));
    assert_eq!(ended.request_sizes, [25, 24]);
}

#[test]
fn one_401_among_good_batches_is_retried_once_and_a_revoked_token_ends_the_run_soon() {
    for (unauthorized, rows, requests) in [(5..6, 2000, 20 + 1), (5..usize::MAX, 400, 4 + 4 + 20)] {
        let mut api = Api::new(Way::Listed);
        api.unauthorized = unauthorized;
        let ended = block_on(send(&api, contacts(2000), batches_of(100), &[]));
        assert_eq!(ended.outcomes.len(), rows);
        let is_good = |outcome: &Outcome| outcome.kind == OutcomeKind::Associated;
        assert!(ended.outcomes.iter().all(is_good));
        assert!(
            ended.request_sizes.len() <= requests,
            "{:?}",
            ended.request_sizes
        );
        let halted = matches!(
            ended.ending.stop,
            Some(StopReason::Fatal {
                cause: FatalCause::Unauthorized,
                ..
            })
        );
        assert_eq!(halted, rows < 2000);
    }
}

#[test]
fn a_batch_with_a_forbidden_row_fails_no_other_row() {
    for row in [1, 150, 400] {
        let mut api = Api::new(Way::Listed);
        let rows = contacts(400);
        if let RowContent::Pair(pair) = &rows[row - 1].content {
            api.forbidden = Some(format!("contacts {}", pair.from.id));
        }
        let ended = block_on(send(&api, rows, batches_of(100), &[]));
        assert!(
            ended.ending.stop.is_none(),
            "{row}: {:?}",
            ended.ending.stop
        );
        let bad: Vec<_> = ended
            .kinds()
            .into_iter()
            .filter(|(_, kind)| *kind != OutcomeKind::Associated)
            .collect();
        assert_eq!(bad, [(row as u64, OutcomeKind::Rejected)]);
        assert_eq!(ended.outcomes.len(), 400);
    }
}

#[test]
fn an_outage_costs_time_but_no_row_and_splits_no_batch() {
    block_on(async {
        let mut api = Api::new(Way::Listed);
        api.away = Some(Instant::now() + Duration::from_secs(100));
        let ended = send(&api, contacts(20_000), batches_of(2000), &[]).await;
        let associated = |outcome: &Outcome| outcome.kind == OutcomeKind::Associated;
        assert!(ended.outcomes.iter().all(associated));
        assert_eq!(
            (ended.outcomes.len(), ended.ending.stop.is_none()),
            (20_000, true)
        );
        assert!(
            ended.request_sizes.iter().all(|&pairs| pairs == 2000),
            "{:?}",
            ended.request_sizes
        );
        assert!(
            ended.request_sizes.len() < 10 + 4 + 8,
            "{} requests",
            ended.request_sizes.len()
        );
    });
}

#[test]
fn rows_are_sent_one_by_one_where_over_a_tenth_is_bad() {
    let bad = (1..=2000).filter(|id| id % 4 == 0);
    let api = Api::new(Way::Unnamed).missing(bad.map(|id| format!("contacts {id}")));
    let ended = block_on(send(&api, contacts(2000), batches_of(2000), &[]));
    assert_eq!(ended.outcomes.len(), 2000);
    assert!(
        ended.request_sizes.len() < 2500,
        "{} requests",
        ended.request_sizes.len()
    );
}

#[test]
fn a_size_limit_is_learned_from_one_refusal_for_each_pair_of_types() {
    let rows: Vec<CheckedRow> = (0..6000)
        .map(|row| {
            let to = ["companies", "deals"][row % 2];
            typed_row(row, ["contacts", to], [1 + row as u64, 1 + row as u64])
        })
        .collect();
    let ended = block_on(send(
        &Api::new(Way::Listed).max(100),
        rows,
        batches_of(2000),
        &[],
    ));
    let refused = ended
        .request_sizes
        .iter()
        .filter(|&&pairs| pairs > 100)
        .count();
    assert_eq!((refused, ended.request_sizes.len()), (2, 62));
    assert!(
        ended
            .outcomes
            .iter()
            .all(|outcome| outcome.kind == OutcomeKind::Associated)
    );
}

#[test]
fn a_limit_of_one_pair_leads_to_single_requests() {
    let ended = block_on(send(
        &Api::new(Way::Listed).max(1),
        contacts(50),
        batches_of(2000),
        &[],
    ));
    assert_eq!(ended.request_sizes.len(), 51);
    assert!(
        ended
            .outcomes
            .iter()
            .all(|outcome| outcome.kind == OutcomeKind::Associated)
    );
}

#[test]
fn a_record_that_breaks_every_batch_fails_alone() {
    let api = Api::new(Way::Listed).poison(["contacts 777".to_owned()]);
    let ended = block_on(send(&api, contacts(2000), batches_of(2000), &[]));
    for outcome in &ended.outcomes {
        let expected = if outcome.key.row == 777 {
            OutcomeKind::Failed
        } else {
            OutcomeKind::Associated
        };
        assert_eq!(outcome.kind, expected, "row {}", outcome.key.row);
    }
    assert!(
        ended.request_sizes.len() < 60,
        "{} requests",
        ended.request_sizes.len()
    );
}

#[test]
fn a_pair_that_occurs_again_waits_for_the_next_batch() {
    let rows = (0..300)
        .map(|row| typed_row(row, ["contacts", "companies"], [1 + row as u64 % 100, 7]))
        .collect();
    let ended = block_on(send(&Api::new(Way::Listed), rows, batches_of(2000), &[]));
    assert_eq!(ended.request_sizes, [100, 100, 100]);
    let attempts: HashSet<u32> = ended
        .outcomes
        .iter()
        .map(|outcome| outcome.attempts)
        .collect();
    assert_eq!((ended.outcomes.len(), attempts), (300, HashSet::from([1])));
}

#[test]
fn a_file_with_only_one_pair_ends() {
    let rows = (0..500)
        .map(|row| typed_row(row, ["contacts", "companies"], [5, 7]))
        .collect();
    let ended = block_on(send(&Api::new(Way::Listed), rows, batches_of(10), &[]));
    assert_eq!(ended.outcomes.len(), 500);
}

#[test]
fn more_pairs_of_types_than_may_fill_at_once_are_all_sent() {
    let types: Vec<String> = (0..200).map(|index| format!("p_{index}")).collect();
    let rows = (0..4000)
        .map(|row| typed_row(row, ["contacts", &types[row % 200]], [1 + row as u64, 7]))
        .collect();
    let ended = block_on(send(&Api::new(Way::Listed), rows, batches_of(2000), &[]));
    assert_eq!(ended.outcomes.len(), 4000);
    assert!(
        ended
            .outcomes
            .iter()
            .all(|outcome| outcome.kind == OutcomeKind::Associated)
    );
}

#[test]
fn a_stop_leaves_no_line_for_rows_without_an_answer() {
    let slow = Api {
        latency: Duration::from_millis(60),
        ..Api::new(Way::Unnamed).missing(["contacts 30".to_owned()])
    };
    let stop = StopRequest::Gracefully(Signal::Interrupt);
    for (stops, lines) in [
        (vec![stop], 300),
        (vec![stop, StopRequest::Now(Signal::Interrupt)], 0),
    ] {
        // The first batch is sent alone; four are in flight when the stop comes.
        let slow = Api {
            latency: if lines == 0 {
                Duration::from_secs(9)
            } else {
                slow.latency
            },
            ..slow.clone()
        };
        let ended = block_on(send(&slow, contacts(5000), batches_of(100), &stops));
        let counts = &ended.ending.counts;
        assert!(ended.outcomes.len() <= lines, "{}", ended.outcomes.len());
        assert_eq!(counts.finished(), ended.outcomes.len() as u64);
        assert!(counts.without_outcome >= 100, "{}", counts.without_outcome);
        assert_eq!(counts.requests, ended.request_sizes.len() as u64);
        assert!(matches!(ended.ending.stop, Some(StopReason::Signal(_))));
    }
}

#[test]
fn rows_from_a_slow_pipe_are_sent_after_a_second() {
    let api = Api::new(Way::Listed);
    let seen = Arc::clone(&api.request_sizes);
    block_on(async {
        let (sender, rows) = mpsc::channel(8);
        let mut report = Memory::default();
        let lines = Arc::clone(&report.flushed);
        let mut observer = TestObserver::default();
        tokio::spawn(async move {
            for row in contacts(5) {
                sender.send(Ok(row)).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(1500)).await;
            assert_eq!(*seen.lock().unwrap(), [5]);
            assert_eq!(lines.lock().unwrap().len(), 5);
        });
        let context = context(rows, no_stops(), &mut report, &mut observer);
        let settings = RunSettings {
            batch: Some(batches_of(2000)),
            failure_limit: FailureLimit::default(),
            ..settings(4, 6)
        };
        let ending = run(api.clone(), settings, context).await;
        assert_eq!(ending.counts.finished(), 5);
    });
    assert_eq!(*api.request_sizes.lock().unwrap(), [5]);
}

#[test]
fn rows_that_one_reply_names_do_not_reach_the_failure_limit_before_the_good_ones_count() {
    // A twentieth is bad; all of them are named before any good one is confirmed.
    let api = Api::new(Way::NamedSentences).missing(
        (1..=4000)
            .filter(|id| id % 20 == 0)
            .map(|id| format!("contacts {id}")),
    );
    let ended = block_on(send(&api, contacts(4000), batches_of(2000), &[]));
    let mut outcomes = ended.outcomes;
    outcomes.sort_by_key(|outcome| outcome.attempts);
    assert_eq!(ended.ending.counts.of(OutcomeKind::Rejected), 200);
    // Named by the first batch, finished after the second.
    assert!(outcomes.iter().all(|outcome| {
        outcome.attempts
            == if outcome.kind == OutcomeKind::Rejected {
                1
            } else {
                2
            }
    }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn single_and_batch_outcomes_agree_row_by_row(
        way in proptest::sample::select(&WAYS[..]),
        rows in proptest::collection::vec((0..4_usize, 1..40_u64, 1..40_u64), 1..160),
        missing in proptest::collection::vec((any::<bool>(), 1..40_u64), 0..6),
        poison in proptest::collection::vec((any::<bool>(), 1..40_u64), 0..2),
        size in 1..60_usize,
        max in 1..80_usize,
    ) {
        let types = [
            ["contacts", "companies"],
            ["companies", "contacts"],
            ["contacts", "contacts"],
            ["0-1", "companies"],
        ];
        let name = |(contact, id): &(bool, u64)| {
            let types: &[&str] = if *contact { &["contacts", "0-1"] } else { &["companies"] };
            types.iter().map(|name| format!("{name} {id}")).collect::<Vec<_>>()
        };
        let api = Api::new(way)
            .max(max)
            .missing(missing.iter().flat_map(name))
            .poison(poison.iter().flat_map(name));
        let rows: Vec<CheckedRow> = rows
            .iter()
            .enumerate()
            .map(|(row, (kind, from, to))| typed_row(row, types[*kind], [*from, *to]))
            .collect();
        let single = block_on(send(&api, rows.clone(), None, &[]));
        let batched = block_on(send(&api, rows.clone(), batches_of(size), &[]));
        prop_assert_eq!(single.kinds(), batched.kinds());
        prop_assert_eq!(batched.kinds().len(), rows.len());
        prop_assert_eq!(batched.ending.counts.requests, batched.request_sizes.len() as u64);
        let carried: usize = batched.request_sizes.iter().sum();
        let attempts: u32 = batched.outcomes.iter().map(|outcome| outcome.attempts).sum();
        prop_assert_eq!(attempts as usize, carried, "attempts count the batches that contained a row");
    }
}
