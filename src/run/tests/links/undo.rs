//! Runs that remove links.

use std::time::Duration;

use serde_json::json;

use crate::api::response::headers::Reply;
use crate::domain::outcome::OutcomeKind;
use crate::domain::proof::UndoOutcome;
use crate::exit_status::ExitStatus;
use crate::input::row::{CheckedRow, RowContent, SkippedRow};
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::stop_reason::StopReason;
use crate::run::tests::links::crm::*;
use crate::run::tests::links::world::*;
use crate::run::tests::support::{pair, row};

#[tokio::test(start_paused = true)]
async fn links_are_removed_and_read_back_unless_they_have_changed() {
    let mut world = World::linked(1..=400);
    for row in 1..=5 {
        let types = world.links.get_mut(&ids(row)).unwrap();
        types.push(label("Partner"));
    }
    for row in 6..=9 {
        world.links.remove(&ids(row));
    }
    let ended = LinkRun::undo(1..=300).in_world(world).run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    let left: Vec<Ids> = ended.world.links.into_keys().collect();
    let expected: Vec<Ids> = (1..=5).chain(301..=400).map(ids).collect();
    assert_eq!(left, expected);
    let ended = Ended {
        world: World::default(),
        ..ended
    };
    assert_eq!(ended.with(UndoOutcome::Kept), 5);
    assert_eq!(ended.with(UndoOutcome::Gone), 4);
    assert_eq!(ended.with(UndoOutcome::Removed), 291);
    assert!(ended.undone()[0].reason.contains("Partner"));
    assert_eq!(ended.of(OutcomeKind::Skipped), 300);
    assert_eq!(ended.calls(Kind::Put), 0);
    let counts = ended.ending.counts.links;
    assert_eq!(counts.removals, 3);
    assert_eq!(counts.reads, ended.calls(Kind::Read) as u64);
}

#[tokio::test(start_paused = true)]
async fn a_row_whose_link_is_kept_for_what_the_report_says_needs_no_request() {
    let kept = CheckedRow {
        content: RowContent::Skipped(SkippedRow::Kept(pair(1), "it existed before".into())),
        labels: None,
        ..row(1)
    };
    let mut run = LinkRun::undo([]).in_world(World::linked(1..=1));
    run.rows = vec![kept];
    let ended = run.run().await;
    assert_eq!(ended.with(UndoOutcome::Kept), 1);
    assert_eq!(ended.undone()[0].reason, "it existed before");
    assert!(ended.asked.is_empty(), "{:?}", ended.asked);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_stays_although_its_removal_was_accepted_fails() {
    let mut world = World::linked(1..=50);
    world.staying.insert(ids(7));
    let ended = LinkRun::undo(1..=50).in_world(world).run().await;
    assert_eq!(ended.status(), ExitStatus::SomeRowsNot);
    assert_eq!(ended.with(UndoOutcome::Removed), 49);
    assert_eq!(ended.undone()[6].outcome, UndoOutcome::Failed);
    assert_eq!(ended.outcomes[6].kind, OutcomeKind::Failed);
    assert_eq!(ended.outcomes[6].details.num_errors, 1);
}

#[tokio::test(start_paused = true)]
async fn a_removal_whose_reply_is_lost_is_sent_again() {
    let ended = LinkRun::undo(1..=50)
        .in_world(World::linked(1..=50))
        .answering(|asked, number| {
            let is_lost = asked.kind == Kind::Removal && number < 2;
            is_lost.then_some(Fault::After(Reply::TimedOut))
        })
        .run()
        .await;
    assert_eq!(ended.with(UndoOutcome::Removed), 50);
    assert_eq!(ended.calls(Kind::Removal), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_read_back_decides_and_not_the_reply_to_the_removal() {
    // The first reply is lost, and the API refuses to remove what is absent.
    let ended = LinkRun::undo(1..=20)
        .in_world(World::linked(1..=20))
        .answering(|asked, number| {
            let body = json!({"status": "error", "category": "VALIDATION_ERROR", "message": "no such association"});
            match (asked.kind, number) {
                (Kind::Removal, 0) => Some(Fault::After(Reply::TimedOut)),
                (Kind::Removal, _) => Some(Fault::Instead(raw(400, &body))),
                _ => None,
            }
        })
        .run()
        .await;
    assert_eq!(ended.with(UndoOutcome::Removed), 20);
    assert_eq!(ended.status(), ExitStatus::Done);
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_the_api_refuses_to_remove_fails_alone() {
    let ended = LinkRun::undo(1..=100)
        .in_world(World::linked(1..=100))
        .answering(|asked, _| {
            let body = json!({"status": "error", "category": "VALIDATION_ERROR", "message": "not allowed"});
            let is_refused = asked.kind == Kind::Removal && asked.ids.contains(&42);
            is_refused.then(|| Fault::Instead(raw(400, &body)))
        })
        .run()
        .await;
    assert_eq!(ended.with(UndoOutcome::Removed), 99);
    assert_eq!(ended.with(UndoOutcome::Failed), 1);
    assert!(ended.undone()[41].reason.contains("not allowed"));
    assert_eq!(ended.outcomes[41].details.http_status, Some(400));
    assert_eq!(ended.world, World::linked([42]));
}

#[tokio::test(start_paused = true)]
async fn a_removal_with_too_many_pairs_is_sent_in_smaller_groups() {
    let ended = LinkRun::undo(1..=500)
        .in_world(World::linked(1..=500))
        .answering(|asked, _| {
            let body = json!({"status": "error", "message": "inputs must have 1 to 30 pairs, but there are 100"});
            let is_too_large = asked.kind == Kind::Removal && asked.ids.len() > 30;
            is_too_large.then(|| Fault::Instead(raw(400, &body)))
        })
        .run()
        .await;
    assert_eq!(ended.with(UndoOutcome::Removed), 500);
    assert!(
        ended.calls(Kind::Removal) < 40,
        "{}",
        ended.calls(Kind::Removal)
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_that_could_not_be_read_first() {
    let ended = LinkRun::undo(1..=50)
        .in_world(World::linked(1..=50))
        .faulty(
            Kind::Read,
            |_| true,
            || raw(500, &json!({"message": "broken"})),
        )
        .run()
        .await;
    assert_eq!(ended.with(UndoOutcome::Failed), 50);
    assert_eq!(ended.calls(Kind::Removal), 0);
    assert_eq!(ended.world, World::linked(1..=50));
    assert_eq!(ended.outcomes[0].details.message, "broken");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_cannot_be_read_back_is_not_called_removed() {
    let ended = LinkRun::undo(1..=50)
        .in_world(World::linked(1..=50))
        .faulty(
            Kind::Read,
            |number| number > 0,
            || raw(500, &json!({"message": "broken"})),
        )
        .run()
        .await;
    assert_eq!(ended.with(UndoOutcome::Failed), 50);
    assert!(ended.world.links.is_empty());
}

#[tokio::test(start_paused = true)]
async fn failed_rows_count_towards_the_failure_limit_among_all_that_were_decided() {
    let undo = |failing: u64| {
        let mut world = World::linked(1..=2000);
        world.staying = (1..=2000)
            .filter(|row| row % 10 < failing)
            .map(ids)
            .collect();
        let mut run = LinkRun::undo(1..=2000).in_world(world);
        run.settings.failure_limit = FailureLimit::default();
        run.run()
    };
    let ended = undo(3).await;
    assert!(ended.ending.stop.is_none(), "{:?}", ended.ending.stop);
    assert_eq!(ended.with(UndoOutcome::Failed), 600);
    let ended = undo(8).await;
    assert!(
        matches!(ended.ending.stop, Some(StopReason::FailureLimit(_))),
        "{:?}",
        ended.ending.stop
    );
}

#[tokio::test(start_paused = true)]
async fn little_time_passes_between_the_read_of_a_link_and_its_removal() {
    let ended = LinkRun::undo(1..=8000)
        .in_world(World::linked(1..=8000))
        .run()
        .await;
    assert_eq!(ended.with(UndoOutcome::Removed), 8000);
    let mut read_at = std::collections::HashMap::new();
    for asked in &ended.asked {
        for id in &asked.ids {
            let contact = id % 1_000_000;
            match asked.kind {
                Kind::Read => drop(read_at.insert(contact, asked.at)),
                Kind::Removal => {
                    let waited = asked.at.saturating_sub(read_at[&contact]);
                    assert!(waited < Duration::from_secs(4), "{waited:?}");
                }
                Kind::Put | Kind::Records => panic!("{asked:?}"),
            }
        }
    }
}
