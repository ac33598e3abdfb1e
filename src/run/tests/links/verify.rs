//! Runs that only read links.

use serde_json::json;

use crate::api::response::headers::Reply;
use crate::domain::outcome::{OutcomeKind, RowTarget};
use crate::domain::pair::RecordId;
use crate::domain::proof::{LinkState, RecordState};
use crate::exit_status::ExitStatus;
use crate::run::context::LinkPurpose;
use crate::run::stop_reason::{StopReason, UniformFailure};
use crate::run::tests::links::crm::*;
use crate::run::tests::links::world::*;
use crate::run::tests::support::pair;

#[tokio::test(start_paused = true)]
async fn each_row_ends_with_what_was_found_and_nothing_is_written() {
    let mut world = World::linked(1..=200);
    world.links.get_mut(&ids(7)).unwrap().push(label("Partner"));
    for row in [11, 12, 13] {
        world.links.remove(&ids(row));
    }
    world.deleted.insert(12);
    world.merged.insert(1_000_013, 1_000_500);
    let before = world.clone();
    let ended = LinkRun::verify(1..=200).in_world(world).run().await;
    assert_eq!(ended.world, before);
    assert_eq!((ended.calls(Kind::Put), ended.calls(Kind::Removal)), (0, 0));
    assert_eq!(ended.in_state(LinkState::Present), 197);
    assert_eq!(ended.in_state(LinkState::Missing), 3);
    assert_eq!(ended.of(OutcomeKind::Skipped), 197);
    assert_eq!(ended.of(OutcomeKind::Rejected), 3);
    assert_eq!(ended.status(), ExitStatus::SomeRowsNot);
    let verified = ended.verified();
    assert_eq!(verified[6].types, [unlabelled(), label("Partner")]);
    let records = |row: usize| verified[row - 1].records;
    let exists = RecordState::Exists;
    assert_eq!(records(11), Some([exists, exists]));
    assert_eq!(records(12), Some([RecordState::Deleted, exists]));
    let survivor = RecordState::MergedInto(RecordId::new("1000500").unwrap());
    assert_eq!(records(13), Some([exists, survivor]));
    assert_eq!(records(1), None, "asked only where the link is missing");
    let missing = &ended.outcomes[10];
    assert_eq!(missing.target, RowTarget::Pair(pair(11)));
    assert_eq!(missing.details.num_errors, 1);
    let counts = ended.ending.counts.links;
    assert_eq!(counts.record_reads, ended.calls(Kind::Records) as u64);
    assert_eq!(counts.removals, 0);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_expected_to_be_absent_is_the_bad_one() {
    let mut run = LinkRun::verify(1..=50).in_world(World::linked(1..=3));
    run.purpose = LinkPurpose::Verify {
        expect_absent: true,
    };
    let ended = run.run().await;
    assert_eq!(ended.in_state(LinkState::Present), 3);
    assert_eq!(ended.in_state(LinkState::Missing), 47);
    assert_eq!(ended.of(OutcomeKind::Rejected), 3);
    assert_eq!(ended.of(OutcomeKind::Skipped), 47);
    assert_eq!(ended.calls(Kind::Records), 0);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_unknown_and_says_why() {
    let broken = || {
        let body = json!({"status": "error", "category": "RARE", "message": "broken", "correlationId": "c-1"});
        raw(500, &body)
    };
    let ended = LinkRun::verify(1..=50)
        .faulty(Kind::Read, |_| true, broken)
        .run()
        .await;
    assert_eq!(ended.in_state(LinkState::Unknown), 50);
    assert_eq!(ended.of(OutcomeKind::Failed), 50);
    assert_eq!(ended.calls(Kind::Records), 0);
    let details = &ended.outcomes[0].details;
    assert_eq!(details.http_status, Some(500));
    assert_eq!(details.categories, ["RARE"]);
    assert_eq!(details.message, "broken");
    assert_eq!(details.correlation_id.as_deref(), Some("c-1"));
    assert_eq!(details.num_errors, 1);
}

#[tokio::test(start_paused = true)]
async fn records_that_cannot_be_read_do_not_make_a_missing_link_unknown() {
    let ended = LinkRun::verify(1..=50)
        .faulty(Kind::Records, |_| true, || raw(500, &json!({})))
        .run()
        .await;
    assert_eq!(ended.in_state(LinkState::Missing), 50);
    let unknown = Some([RecordState::Unknown, RecordState::Unknown]);
    assert!(
        ended
            .verified()
            .iter()
            .all(|verified| verified.records == unknown)
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_rows_are_all_missing_ends_regularly() {
    let ended = LinkRun::verify(1..=2500).run().await;
    assert!(ended.ending.stop.is_none(), "{:?}", ended.ending.stop);
    assert_eq!(ended.in_state(LinkState::Missing), 2500);
    assert_eq!(ended.ending.counts.without_outcome, 0);
    // Two records for each of the 2,500 rows, a hundred a call.
    assert_eq!(ended.calls(Kind::Records), 50);
}

#[tokio::test(start_paused = true)]
async fn one_record_that_the_api_refuses_makes_only_its_own_row_unknown() {
    let refuses = |asked: &Asked| asked.ids.iter().any(|id| *id == 77 || *id == 1_000_077);
    let ended = LinkRun::verify(1..=300)
        .in_world(World::linked(1..=300))
        .answering(move |asked, _| {
            let body = json!({"status": "error", "category": "VALIDATION_ERROR", "message": "Invalid input"});
            (asked.kind == Kind::Read && refuses(asked)).then(|| Fault::Instead(raw(400, &body)))
        })
        .run()
        .await;
    assert_eq!(ended.in_state(LinkState::Present), 299);
    let unknown = ended.verified()[76];
    assert_eq!(unknown.state, LinkState::Unknown);
    assert!(ended.calls(Kind::Read) < 30, "{}", ended.calls(Kind::Read));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_the_api_refuses_as_too_large_is_divided() {
    let ended = LinkRun::verify(1..=1000)
        .in_world(World::linked(1..=1000))
        .answering(|asked, _| {
            let body = json!({"status": "error", "message": "inputs must number 1 to 100"});
            let is_too_large = asked.kind == Kind::Read && asked.ids.len() > 100;
            is_too_large.then(|| Fault::Instead(raw(400, &body)))
        })
        .run()
        .await;
    assert_eq!(ended.in_state(LinkState::Present), 1000);
}

#[tokio::test(start_paused = true)]
async fn a_reply_over_the_bound_is_asked_for_in_parts() {
    use crate::api::response::body::{Body, Unreadable};
    use crate::api::response::headers::{Answer, ReplyHeaders};
    let too_long = || {
        Reply::Answered(Answer {
            status: 207,
            headers: ReplyHeaders::default(),
            body: Body::Unread(Unreadable::TooLong),
        })
    };
    let ended = LinkRun::verify(1..=1000)
        .in_world(World::linked(1..=1000))
        .answering(move |asked, _| {
            let is_long = asked.kind == Kind::Read && asked.ids.len() > 300;
            is_long.then(|| Fault::Instead(too_long()))
        })
        .run()
        .await;
    assert_eq!(ended.in_state(LinkState::Present), 1000);
    assert!(!ended.events.contains(&"LinkCallFailed".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_path_that_does_not_exist_stops_the_run() {
    let ended = LinkRun::verify(1..=3000)
        .faulty(Kind::Read, |_| true, || raw(404, &json!({"message": "m"})))
        .run()
        .await;
    assert_eq!(ended.status(), ExitStatus::Usage);
    let Some(StopReason::UniformFailures { what, .. }) = &ended.ending.stop else {
        panic!("{:?}", ended.ending.stop);
    };
    assert_eq!(*what, UniformFailure::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_type_that_the_api_does_not_know_stops_the_run_after_few_reads() {
    let unknown_type = || {
        let message = "Unable to infer object type from: contcats";
        raw(
            400,
            &json!({"status": "error", "category": "VALIDATION_ERROR", "message": message}),
        )
    };
    let ended = LinkRun::verify(1..=3000)
        .faulty(Kind::Read, |_| true, unknown_type)
        .run()
        .await;
    assert_eq!(ended.status(), ExitStatus::Usage);
    assert!(ended.calls(Kind::Read) < 10, "{}", ended.calls(Kind::Read));
}
