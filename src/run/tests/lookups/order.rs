//! Rows keep their order, and share what was found.

use std::time::Duration;

use crate::domain::category::Category;
use crate::domain::fixtures::label_set;
use crate::domain::known_links::KnownLinks;
use crate::domain::labels::AskedLabels;
use crate::domain::outcome::OutcomeKind;
use crate::exit_status::ExitStatus;
use crate::input::row::{CheckedRow, InvalidRow, RawValues, RowContent};
use crate::input::skip::Skips;
use crate::report::checkpoint::{Checkpoint, RowStatus};
use crate::report::row_identity::{RowIdentity, fingerprint_of_outcome};
use crate::run::batch::groups::BatchSettings;
use crate::run::tests::lookups::crm::*;
use crate::run::tests::support::{pair, row, settings};

#[tokio::test(start_paused = true)]
async fn rows_are_sent_in_the_order_of_the_input_whatever_lookup_ends_first() {
    let rows = (1..=500).map(|number| match number % 5 {
        0 => row(number),
        1 => by_email_and_domain(number, &format!("user{number}@x.de"), "company7.com"),
        _ => by_email(number, &format!("user{number}@x.de")),
    });
    let mut run = LookupRun::of(rows);
    run.settings = settings(1, 6);
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    let order: Vec<u64> = ended.pairs().into_iter().map(|(from, _)| from).collect();
    assert_eq!(order, (1..=500).collect::<Vec<_>>());
    assert!(ended.asked.len() <= 6, "{}", ended.asked.len());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_only_looks_up_ends_rows_in_the_order_of_the_input_and_links_nothing() {
    let rows = (1..=500).map(|number| match number % 5 {
        0 => row(number),
        1 => by_email_and_domain(number, &format!("user{number}@x.de"), "company7.com"),
        2 => by_email(number, &format!("missing{number}@x.de")),
        3 => by_email_and_domain(number, &format!("user{number}@x.de"), "many3.com"),
        _ => by_email(number, &format!("user{number}@x.de")),
    });
    let mut run = LookupRun::of(rows);
    run.settings.lookup_only = true;
    let ended = run.run().await;
    assert_eq!(ended.pairs(), []);
    assert_eq!(ended.of(OutcomeKind::Skipped), 300);
    assert_eq!(ended.of(OutcomeKind::Rejected), 200);
    let order = ended.outcomes.iter().map(|outcome| outcome.key.row);
    assert!(order.eq(1..=500));
    let last = ended.outcomes.last().unwrap();
    assert_eq!(last.details.message, "");
}

#[tokio::test(start_paused = true)]
async fn invalid_rows_end_without_a_lookup() {
    let invalid = RowContent::Invalid(InvalidRow {
        problems: Vec::new(),
        values: RawValues::default(),
    });
    let invalid = CheckedRow {
        content: invalid,
        labels: None,
        ..row(1)
    };
    let ended = LookupRun::of([invalid, by_email(2, "user2@x.de")])
        .run()
        .await;
    assert_eq!(ended.of(OutcomeKind::Invalid), 1);
    assert_eq!(ended.keys(), ["user2@x.de"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_of_many_rows_and_of_the_parts_of_a_split_row_is_asked_once() {
    let split = [
        by_email(300, "user1@x.de"),
        by_email(300, "user2@x.de"),
        by_email(300, "USER3@x.de"),
    ];
    let rows = (1..300).map(|row| by_email(row, &format!("user{}@x.de", row % 3 + 1)));
    let ended = LookupRun::of(rows.chain(split)).run().await;
    assert_eq!(ended.outcomes.len(), 302);
    let mut keys = ended.keys();
    keys.sort_unstable();
    assert_eq!(keys, ["user1@x.de", "user2@x.de", "user3@x.de"]);
    let last: Vec<_> = ended.outcomes[299..]
        .iter()
        .map(|outcome| outcome.target.values()[1].clone())
        .collect();
    assert_eq!(last, ["1", "2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn duplicates_and_known_pairs_are_skipped_by_the_ids_that_were_found() {
    let mut known = KnownLinks::default();
    known.insert(&pair(9), None);
    let to_company_1 = |row, email: &str| keyed(row, key("contacts", email), id(1_000_001));
    let mut run = LookupRun::of([
        to_company_1(1, "user1@x.de"),
        to_company_1(2, "alias1@x.de"),
        by_email(9, "user9@x.de"),
    ]);
    run.skips = Skips::new(known, true);
    let ended = run.run().await;
    assert_eq!(ended.pairs(), [(1, 1_000_001)]);
    assert_eq!(ended.with(Category::Duplicate), 1);
    assert_eq!(ended.with(Category::AlreadyAssociated), 1);
    let skipped = &ended.outcomes[1];
    let key = skipped.keys.as_ref().and_then(|keys| keys.from.as_ref());
    assert_eq!(key.map(|key| &*key.cell), Some("alias1@x.de"));
    assert_eq!(skipped.target.values()[1], "1");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_would_replace_the_labels_of_an_earlier_one_is_invalid_by_the_ids_that_were_found()
 {
    let labels = |text| Some(AskedLabels::Known(label_set(text)));
    let row = CheckedRow {
        labels: labels("USER_DEFINED:2:B"),
        ..keyed(2, key("contacts", "alias1@x.de"), id(1_000_001))
    };
    let mut run = LookupRun::of([row.clone()]);
    run.skips = Skips::new(KnownLinks::default(), false).replacing_labels(true);
    run.skips
        .begin_with_labels(1, &pair(1), &label_set("USER_DEFINED:1:A"));
    let ended = run.run().await;
    assert!(ended.pairs().is_empty());
    let [outcome] = &ended.outcomes[..] else {
        panic!("{:?}", ended.outcomes);
    };
    assert_eq!(outcome.kind, OutcomeKind::Invalid);
    assert_eq!(outcome.target.values()[1], "1");
    let message = &outcome.details.message;
    assert!(
        message.starts_with("row 1 asks for other labels"),
        "{message}"
    );
    // A resume finds its line, although the row is valid until its keys are looked up.
    let mut checkpoint = Checkpoint::default();
    checkpoint.insert(2, fingerprint_of_outcome(outcome), true);
    let status = RowIdentity::of(&row).status_in(&checkpoint, 2);
    assert_eq!(status, Some(RowStatus::Reported));
}

#[tokio::test(start_paused = true)]
async fn looked_up_rows_are_sent_in_batches_too() {
    let rows = (1..=1000).map(|row| by_email(row, &format!("user{row}@x.de")));
    let mut run = LookupRun::of(rows);
    run.settings.batch = Some(BatchSettings {
        size: 100.try_into().unwrap(),
        concurrency: 4.try_into().unwrap(),
    });
    let ended = run.run().await;
    assert_eq!(ended.status(), ExitStatus::Done);
    let counts = &ended.ending.counts;
    assert_eq!(ended.of(OutcomeKind::Associated), 1000);
    assert_eq!((counts.lookup.calls, counts.requests), (10, 20));
}

#[tokio::test(start_paused = true)]
async fn lookups_run_ahead_of_the_requests_that_link() {
    let rows = (1..=3000).map(|row| by_email(row, &format!("user{row}@x.de")));
    let ended = LookupRun::of(rows).run().await;
    let last = ended.asked.last().unwrap().at;
    assert_eq!(ended.asked.len(), 30);
    // Eight at a time, each of a tenth of a second.
    assert!(last < Duration::from_secs(1), "{last:?}");
}
