//! Any mix of rows, keys and replies: each row ends once, with the answer to its own keys.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::json;

use crate::api::lookup_call::Route;
use crate::domain::category::Category;
use crate::domain::outcome::OutcomeKind;
use crate::run::batch::groups::BatchSettings;
use crate::run::tests::batch_api::block_on;
use crate::run::tests::lookups::crm::*;
use crate::run::tests::support::{row, throttled};

/// The beginnings of keys: what they find depends on them.
const STARTS: [&str; 5] = ["user", "User", "alias", "many", "missing"];

#[derive(Clone, Copy, Debug)]
enum TestRow {
    Id,
    Email(usize, u64),
    Both(usize, u64, usize, u64),
}

fn any_row() -> impl Strategy<Value = TestRow> {
    let start = || 0..STARTS.len();
    let domain = prop_oneof![Just(0_usize), Just(3), Just(4)];
    prop_oneof![
        1 => Just(TestRow::Id),
        3 => (start(), 1..30_u64).prop_map(|(start, number)| TestRow::Email(start, number)),
        2 => (start(), 1..30_u64, domain, 1..30_u64)
            .prop_map(|(start, number, domain, other)| TestRow::Both(start, number, domain, other)),
    ]
}

fn email(start: usize, number: u64) -> String {
    format!("{}{number}@x.de", STARTS[start])
}

fn domain(start: usize, number: u64) -> String {
    match STARTS[start] {
        "user" => format!("company{number}.com"),
        other => format!("{other}{number}.com"),
    }
}

/// The categories that a side causes.
fn category(start: usize) -> Option<Category> {
    match STARTS[start] {
        "many" => Some(Category::KeyAmbiguous),
        "missing" => Some(Category::KeyNotFound),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn each_row_ends_once_with_the_answer_to_its_own_keys(
        rows in prop::collection::vec(any_row(), 1..150),
        trouble in prop::collection::vec(0..6_u8, 2),
        is_batch in any::<bool>(),
    ) {
        let checked = (1..).zip(&rows).map(|(number, test_row)| match *test_row {
            TestRow::Id => row(number),
            TestRow::Email(start, key) => by_email(number, &email(start, key)),
            TestRow::Both(start, key, other, second) => {
                by_email_and_domain(number, &email(start, key), &domain(other, second))
            }
        });
        let mut run = LookupRun::of(checked).answering(move |_, number| match trouble.get(number)? {
            0 => Some(throttled(1)),
            1 => Some(raw_text(503, "<html>")),
            2 => Some(raw_text(200, "{\"results\":")),
            3 => Some(raw(500, &json!({"message": "m"}))),
            _ => None,
        });
        if is_batch {
            run.settings.batch = Some(BatchSettings { size: 20.try_into().unwrap(), concurrency: 2.try_into().unwrap() });
        }
        let ended = block_on(run.run());
        prop_assert!(ended.ending.stop.is_none());
        prop_assert_eq!(ended.outcomes.len(), rows.len());
        for (outcome, test_row) in ended.outcomes.iter().zip(&rows) {
            let (number, values) = (outcome.key.row, outcome.target.values());
            let (expected, ids) = match *test_row {
                TestRow::Id => (vec![], [Some(number), Some(number + 1_000_000)]),
                TestRow::Email(start, key) => {
                    let found = category(start).is_none().then_some(key);
                    (vec![category(start)], [found, Some(number + 1_000_000)])
                }
                TestRow::Both(start, key, other, second) => {
                    let found = [(start, key), (other, second)].map(|(start, key)| category(start).is_none().then_some(key));
                    (vec![category(start), category(other)], found)
                }
            };
            let mut categories: Vec<&str> = expected.into_iter().flatten().map(Category::as_str).collect();
            categories.dedup();
            let kind = if categories.is_empty() { OutcomeKind::Associated } else { OutcomeKind::Rejected };
            prop_assert_eq!(outcome.kind, kind, "{:?} {:?}", test_row, outcome);
            prop_assert_eq!(&outcome.details.categories, &categories);
            let shown = ids.map(|id| id.map_or(String::new(), |id| id.to_string()));
            prop_assert_eq!([&values[1], &values[3]], [&shown[0], &shown[1]]);
        }
        // Searches ask once more for what they do not find, and every troubled request is repeated.
        let mut asked: HashMap<(Route, &str), usize> = HashMap::new();
        for call in &ended.asked {
            for key in &call.keys {
                *asked.entry((call.route, key)).or_default() += 1;
            }
        }
        let repeated = asked.values().filter(|times| **times > 2 + 2).count();
        prop_assert_eq!(repeated, 0);
    }
}
