//! What stops a run that reads or removes links, and how it ends then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use crate::domain::outcome::OutcomeKind;
use crate::domain::proof::{ExistedBefore, UndoOutcome};
use crate::exit_status::ExitStatus;
use crate::run::stop_reason::{Signal, StopReason, StopRequest};
use crate::run::tests::links::crm::*;
use crate::run::tests::links::world::*;
use crate::run::tests::support::row;
use crate::verdict::retry::FatalCause;

const GRACEFULLY: StopRequest = StopRequest::Gracefully(Signal::Interrupt);
const NOW: StopRequest = StopRequest::Now(Signal::Interrupt);

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[tokio::test(start_paused = true)]
async fn a_missing_scope_stops_the_run_and_is_named() {
    let missing = || {
        let body = json!({"status": "error", "category": "MISSING_SCOPES", "message": "m",
            "context": {"requiredScopes": ["crm.objects.companies.read"]}});
        raw(403, &body)
    };
    for (kind, run) in [
        (Kind::Read, LinkRun::import(1..=300)),
        (Kind::Read, LinkRun::verify(1..=300)),
        (Kind::Records, LinkRun::verify(1..=300)),
        (Kind::Read, LinkRun::undo(1..=300)),
        (Kind::Removal, LinkRun::undo(1..=300)),
    ] {
        let linked = if kind == Kind::Removal { 300 } else { 0 };
        let run = run.in_world(World::linked(1..=linked));
        let ended = run.faulty(kind, |_| true, missing).run().await;
        assert_eq!(ended.status(), ExitStatus::Credentials, "{kind:?}");
        let Some(StopReason::Fatal { cause, scopes, .. }) = &ended.ending.stop else {
            panic!("{kind:?} {:?}", ended.ending.stop);
        };
        assert_eq!(*cause, FatalCause::MissingScopes);
        assert_eq!(scopes, &["crm.objects.companies.read"]);
        assert_eq!(ended.outcomes.len(), 0, "{kind:?}");
        assert_eq!(ended.ending.counts.without_outcome, 300, "{kind:?}");
        assert_eq!(ended.calls(Kind::Put), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_stops_the_run_and_a_single_refusal_does_not() {
    let refused = || raw(401, &json!({"category": "INVALID_AUTHENTICATION"}));
    let ended = LinkRun::verify(1..=30)
        .faulty(Kind::Read, |_| true, refused)
        .run()
        .await;
    assert_eq!(ended.status(), ExitStatus::Credentials);
    assert_eq!(ended.outcomes.len(), 0);
    let ended = LinkRun::verify(1..=6000)
        .in_world(World::linked(1..=6000))
        .faulty(Kind::Read, |number| number == 4, refused)
        .run()
        .await;
    assert_eq!(ended.status(), ExitStatus::Done, "{:?}", ended.ending.stop);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_does_not_wait_for_reads() {
    let mut run = LinkRun::verify(1..=300).in_world(World::linked(1..=300));
    run.latency = seconds(20.0);
    run.stops = vec![(seconds(5.0), GRACEFULLY)];
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Interrupted);
    assert!(ended.took < seconds(6.0), "{:?}", ended.took);
    assert_eq!(ended.outcomes.len(), 0);
    assert_eq!(ended.ending.counts.without_outcome, 300);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_import_leaves_no_line_for_rows_that_were_only_read() {
    let mut run = LinkRun::import(1..=300);
    run.stops = vec![(seconds(2.0), GRACEFULLY)];
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Interrupted);
    assert_eq!(ended.outcomes.len(), ended.calls(Kind::Put));
    assert_eq!(ended.of(OutcomeKind::Associated), ended.outcomes.len());
    let without = ended.ending.counts.without_outcome;
    assert_eq!(ended.outcomes.len() as u64 + without, 300);
    assert!(without > 0);
    assert_eq!(ended.existed(ExistedBefore::No), ended.outcomes.len());
}

/// An undo whose requests take a second each: the read ends after one, the removals after two.
fn slow_undo(rows: u64) -> LinkRun {
    let mut run = LinkRun::undo(1..=rows).in_world(World::linked(1..=rows));
    run.latency = seconds(1.0);
    run
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_undo_waits_for_removals_and_reads_back_what_it_removed() {
    let mut run = slow_undo(1000);
    // Four removals are in flight then.
    run.stops = vec![(seconds(1.5), GRACEFULLY)];
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Interrupted);
    assert_eq!(ended.calls(Kind::Removal), 4);
    assert_eq!(ended.with(UndoOutcome::Removed), 400);
    assert_eq!(ended.outcomes.len(), 400);
    assert_eq!(ended.world.links.len(), 600);
    assert_eq!(ended.ending.counts.without_outcome, 600);
    assert!(ended.took < seconds(6.0), "{:?}", ended.took);
}

#[tokio::test(start_paused = true)]
async fn a_second_interrupt_leaves_no_line_for_what_is_being_removed() {
    let mut run = slow_undo(1000);
    run.stops = vec![(seconds(1.5), GRACEFULLY), (seconds(1.6), NOW)];
    let ended = run.run().await;
    assert!(ended.took < seconds(1.7), "{:?}", ended.took);
    assert_eq!(ended.outcomes.len(), 0);
    assert_eq!(ended.ending.counts.without_outcome, 1000);
}

#[tokio::test(start_paused = true)]
async fn a_read_back_that_fails_after_an_interrupt_is_not_awaited_for_long() {
    let mut run = slow_undo(100).faulty(Kind::Read, |number| number > 0, || raw(503, &json!({})));
    run.stops = vec![(seconds(1.5), GRACEFULLY)];
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Interrupted);
    assert_eq!(ended.outcomes.len(), 0);
    assert!(ended.took < seconds(4.0), "{:?}", ended.took);
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_stops_for_its_credentials_reads_nothing_back() {
    let refused = || raw(403, &json!({"category": "MISSING_SCOPES", "message": "m"}));
    let run = slow_undo(1000).faulty(Kind::Removal, |number| number == 0, refused);
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Credentials);
    assert_eq!(ended.outcomes.len(), 0);
    assert_eq!(ended.calls(Kind::Removal), 4);
    assert_eq!(
        ended.world.links.len(),
        700,
        "the removals in flight are awaited"
    );
}

/// Undoes these rows with a kill after each of these times, and returns the outcome of each row and the state at the end.
async fn undo_with_kills(
    world: World,
    rows: u64,
    kills: &[f64],
) -> (World, BTreeMap<u64, UndoOutcome>) {
    let mut outcomes = BTreeMap::new();
    let mut world = world;
    for kill in kills.iter().map(Some).chain([None]) {
        let mut run = LinkRun::undo([]).in_world(world);
        let open = (1..=rows).filter(|row| !outcomes.contains_key(row));
        run.rows = open.map(row).collect();
        run.stops = kill.map(|&kill| (seconds(kill), NOW)).into_iter().collect();
        let ended = run.run().await;
        for (outcome, undone) in ended.outcomes.iter().zip(ended.undone()) {
            let earlier = outcomes.insert(outcome.key.row, undone.outcome);
            assert_eq!(earlier, None);
        }
        world = ended.world;
    }
    (world, outcomes)
}

#[tokio::test(start_paused = true)]
async fn a_killed_undo_that_is_resumed_removes_the_same_links() {
    let mut before = World::linked(1..=1200);
    let kept: BTreeSet<Ids> = (1..=1200).filter(|row| row % 7 == 0).map(ids).collect();
    for link in &kept {
        before.links.get_mut(link).unwrap().push(label("Partner"));
    }
    let left = World {
        links: before
            .links
            .clone()
            .into_iter()
            .filter(|(link, _)| kept.contains(link))
            .collect(),
        ..World::default()
    };
    for kills in [
        &[][..],
        &[0.05, 0.15, 0.25, 0.3, 0.42, 0.2],
        &[0.25; 6],
        &[0.61],
    ] {
        let (world, outcomes) = undo_with_kills(before.clone(), 1200, kills).await;
        assert_eq!(world, left, "{kills:?}");
        assert_eq!(outcomes.len(), 1200);
        for (row, outcome) in outcomes {
            let is_kept = kept.contains(&ids(row));
            assert_eq!(outcome == UndoOutcome::Kept, is_kept, "{kills:?} {row}");
            assert_ne!(outcome, UndoOutcome::Failed);
        }
    }
}
