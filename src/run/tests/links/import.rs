//! Imports that read the links of pairs before they write them.

use std::time::Duration;

use serde_json::json;

use crate::domain::category::Category;
use crate::domain::keyed_pair::{KeyedPair, RecordName};
use crate::domain::outcome::OutcomeKind;
use crate::domain::pair::{ObjectType, RowKey};
use crate::domain::proof::ExistedBefore;
use crate::domain::property_name::PropertyName;
use crate::exit_status::ExitStatus;
use crate::input::row::{CheckedRow, InvalidRow, RawValues, RowContent};
use crate::rate_limit::rate::Share;
use crate::run::context::{LinkLabelUse, LinkPurpose, LookupSettings};
use crate::run::stop_reason::{Signal, StopRequest};
use crate::run::tests::links::crm::*;
use crate::run::tests::links::world::*;
use crate::run::tests::support::{pair, row};

const SKIP: LinkPurpose = LinkPurpose::Import {
    skip_existing: true,
    labels: LinkLabelUse::Ignored,
};

#[tokio::test(start_paused = true)]
async fn each_row_notes_whether_its_pair_was_linked_before_it_was_sent() {
    let run = LinkRun::import(1..=300).in_world(World::linked(1..=100));
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    assert_eq!(ended.of(OutcomeKind::Associated), 300);
    assert_eq!(ended.existed(ExistedBefore::Yes), 100);
    assert_eq!(ended.existed(ExistedBefore::No), 200);
    for outcome in &ended.outcomes {
        let expected = if outcome.key.row <= 100 {
            ExistedBefore::Yes
        } else {
            ExistedBefore::No
        };
        assert_eq!(outcome.existed_before, Some(expected));
    }
    assert_eq!(ended.world, World::linked(1..=300));
    let counts = &ended.ending.counts;
    assert_eq!(counts.links.reads, ended.calls(Kind::Read) as u64);
    assert_eq!(counts.requests, 300 + counts.links.calls());
    assert!(ended.calls(Kind::Read) <= 2, "{:?}", counts.links);
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_is_linked_is_skipped_if_that_is_asked_for() {
    let mut run = LinkRun::import(1..=300).in_world(World::linked(1..=100));
    run.purpose = SKIP;
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    assert_eq!(ended.of(OutcomeKind::Skipped), 100);
    assert_eq!(ended.calls(Kind::Put), 200);
    let skipped = &ended.outcomes[0];
    assert_eq!(skipped.details.categories, [Category::Exists.as_str()]);
    assert_eq!(skipped.existed_before, Some(ExistedBefore::Yes));
    assert_eq!(ended.existed(ExistedBefore::No), 200);
}

#[tokio::test(start_paused = true)]
async fn a_row_whose_links_cannot_be_read_is_sent_as_usual() {
    for skip_existing in [false, true] {
        let mut run = LinkRun::import(1..=30)
            .in_world(World::linked(1..=10))
            .faulty(Kind::Read, |_| true, || raw(500, &json!({"message": "m"})));
        run.purpose = LinkPurpose::Import {
            skip_existing,
            labels: LinkLabelUse::Ignored,
        };
        let ended = run.run().await;
        assert_eq!(ended.status(), ExitStatus::Done);
        assert_eq!(ended.of(OutcomeKind::Associated), 30);
        assert_eq!(ended.existed(ExistedBefore::Unknown), 30);
        assert!(ended.events.contains(&"LinkCallFailed".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn one_record_that_cannot_be_read_leaves_the_others_of_its_call_known() {
    let ended = LinkRun::import(1..=300)
        .in_world(World::linked(1..=100))
        .answering(|asked, _| {
            let is_bad = asked.kind == Kind::Read && asked.ids.contains(&ids(7).0);
            is_bad.then(|| Fault::Instead(raw(503, &json!({}))))
        })
        .run()
        .await;
    assert_eq!(ended.existed(ExistedBefore::Unknown), 1);
    assert_eq!(ended.existed(ExistedBefore::Yes), 99);
    assert_eq!(ended.existed(ExistedBefore::No), 200);
    assert_eq!(ended.of(OutcomeKind::Associated), 300);
}

#[tokio::test(start_paused = true)]
async fn calls_that_all_fail_are_not_divided_for_each_record() {
    let ended = LinkRun::import(1..=300)
        .faulty(Kind::Read, |_| true, || raw(500, &json!({"message": "m"})))
        .run()
        .await;
    assert_eq!(ended.existed(ExistedBefore::Unknown), 300);
    let reads = ended.calls(Kind::Read);
    assert!(reads <= 150, "{reads}");
}

#[tokio::test(start_paused = true)]
async fn a_read_is_retried_by_the_rules_of_all_requests() {
    let ended = LinkRun::import(1..=30)
        .in_world(World::linked(1..=10))
        .faulty(Kind::Read, |number| number < 4, || raw(503, &json!({})))
        .run()
        .await;
    assert_eq!(ended.existed(ExistedBefore::Yes), 10);
    assert_eq!(ended.existed(ExistedBefore::Unknown), 0);
    assert!(ended.ending.counts.links.reads >= 5);
}

#[tokio::test(start_paused = true)]
async fn rows_that_are_not_sent_need_no_read() {
    let invalid = CheckedRow {
        content: RowContent::Invalid(InvalidRow {
            problems: Vec::new(),
            values: RawValues::default(),
        }),
        labels: None,
        ..row(1)
    };
    let mut run = LinkRun::import([]);
    run.rows = vec![invalid, row(2)];
    let ended = run.run().await;
    assert_eq!(ended.of(OutcomeKind::Invalid), 1);
    assert_eq!(ended.of(OutcomeKind::Associated), 1);
    let read = ended.asked.iter().filter(|asked| asked.kind == Kind::Read);
    let ids: Vec<u64> = read.flat_map(|asked| asked.ids.clone()).collect();
    assert!(ids.iter().all(|id| *id == 2 || *id == 1_000_002), "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn rows_with_keys_are_read_once_their_records_are_found() {
    let keyed = |number: u64| CheckedRow {
        key: RowKey {
            row: number,
            line: number + 1,
        },
        content: RowContent::Keyed(Box::new(KeyedPair {
            from: RecordName::Key {
                object_type: ObjectType::new("contacts").unwrap(),
                cell: format!("user{number}@x.de").into(),
            },
            to: RecordName::Id(pair(number).to),
        })),
        labels: None,
    };
    let mut run = LinkRun::import([]).in_world(World::linked(1..=100));
    run.purpose = SKIP;
    run.rows = (1..=250).map(keyed).collect();
    run.settings.lookup = Some(LookupSettings {
        from: PropertyName::new("email"),
        to: None,
        allow_search: false,
        is_unlimited: true,
        share: Share::ALL,
    });
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    assert_eq!(ended.of(OutcomeKind::Skipped), 100);
    assert_eq!(ended.of(OutcomeKind::Associated), 150);
    for outcome in &ended.outcomes {
        let keys = outcome.keys.as_ref().and_then(|keys| keys.from.as_ref());
        let cell = format!("user{}@x.de", outcome.key.row);
        assert_eq!(keys.map(|key| &*key.cell), Some(cell.as_str()));
        assert!(outcome.existed_before.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn the_input_is_not_read_on_while_the_rows_wait_to_be_sent() {
    let mut run = LinkRun::import(1..=60_000);
    run.stops = vec![(
        Duration::from_secs(20),
        StopRequest::Gracefully(Signal::Interrupt),
    )];
    let ended = run.run().await;
    let read = ended.outcomes.len() as u64 + ended.ending.counts.without_outcome;
    assert!(ended.outcomes.len() > 500, "{}", ended.outcomes.len());
    // Few rows are read long before they are sent: their links can change in the meantime.
    assert!(read <= 3000, "{read}");
    // 1,000 records a call, although rows leave one by one.
    let reads = ended.calls(Kind::Read);
    assert!(reads <= 3, "{reads}");
}

#[tokio::test(start_paused = true)]
async fn rows_are_read_ahead_of_the_requests_that_link() {
    let ended = LinkRun::import(1..=5000).run().await;
    // No request that links waits for a read, except for the first one.
    let puts = ended.asked.iter().filter(|asked| asked.kind == Kind::Put);
    let puts: Vec<_> = puts.map(|asked| asked.at).collect();
    let gaps = puts.windows(2).map(|two| two[1].saturating_sub(two[0]));
    let longest = gaps.max().unwrap();
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    assert_eq!(puts.len(), 5000);
    assert_eq!(ended.existed(ExistedBefore::No), 5000);
}
