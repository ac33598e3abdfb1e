//! How rows and keys become requests, and rows get their answers.

use std::time::Duration;

use serde_json::json;

use crate::api::lookup_call::Route;
use crate::domain::pair::ObjectType;
use crate::domain::row_keys::MatchKind;
use crate::lookup::limits::{LINGER, Limits};
use crate::lookup::lookups::tests::fixture::{Fixture, LIMITS, company, contact, found};
use crate::lookup::property::LookupProperty;
use crate::lookup::result::Answer;

#[test]
fn a_key_is_asked_once_and_each_row_gets_its_answer_as_its_cell_was_written() {
    let mut fixture = Fixture::new(LIMITS);
    for (row, cell) in [
        (0, "ann@x.de"),
        (1, "ANN@x.de"),
        (2, "bob@x.de"),
        (3, "ann@x.de"),
    ] {
        fixture.push(row, cell);
    }
    fixture.lookups.end_input();
    let request = fixture.pop(Route::BatchRead);
    let expected = json!([{"id": "ann@x.de"}, {"id": "bob@x.de"}]);
    assert_eq!(fixture.body(&request)["inputs"], expected);
    assert_eq!(fixture.rows(), []);
    fixture.reply(request, &json!({"results": [contact(7, "ann@x.de")]}));
    let exact = found(7, MatchKind::Exact);
    let not_found = Answer::NotFound;
    let expected = [
        (0, exact.clone()),
        (1, found(7, MatchKind::Folded)),
        (2, not_found),
        (3, exact),
    ];
    assert_eq!(fixture.rows(), expected);
    let counts = fixture.lookups.counts();
    assert_eq!(
        (counts.calls, counts.keys(), counts.exact, counts.not_found),
        (1, 2, 1, 1)
    );
    fixture.push(5, "Ann@X.de");
    assert_eq!(
        fixture.rows(),
        [(5, found(7, MatchKind::Folded))],
        "the answer is known"
    );
}

#[test]
fn a_row_without_keys_only_keeps_its_place() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push(0, "ann@x.de");
    fixture.lookups.push(1, [None, None]);
    assert_eq!(fixture.lookups.pop_row(), None);
    fixture.lookups.end_input();
    let request = fixture.pop(Route::BatchRead);
    fixture.reply(request, &json!({"results": [contact(7, "ann@x.de")]}));
    let answers = [Some(found(7, MatchKind::Exact)), None];
    assert_eq!(fixture.lookups.pop_row(), Some((0, answers)));
    assert_eq!(fixture.lookups.pop_row(), Some((1, [None, None])));
}

#[test]
fn a_row_behind_another_one_waits_for_it() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push(0, "x.de");
    fixture.push(1, "ann@x.de");
    fixture.lookups.end_input();
    let (domains, emails) = (fixture.pop(Route::Search), fixture.pop(Route::BatchRead));
    fixture.reply(emails, &json!({"results": [contact(7, "ann@x.de")]}));
    assert_eq!(fixture.rows(), []);
    fixture.reply(
        domains,
        &json!({"total": 1, "results": [company(8, "x.de")]}),
    );
    let expected = [
        (0, found(8, MatchKind::Search)),
        (1, found(7, MatchKind::Exact)),
    ];
    assert_eq!(fixture.rows(), expected);
}

#[test]
fn a_request_is_sent_when_it_has_a_hundred_keys() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push_all((0..250).map(|number| format!("user{number}@x.de")));
    for expected in [100, 100] {
        let request = fixture.pop(Route::BatchRead);
        assert_eq!(request.keys.len(), expected);
    }
    assert!(!fixture.lookups.is_ready(Route::BatchRead));
    fixture.lookups.end_input();
    assert_eq!(fixture.pop(Route::BatchRead).keys.len(), 50);
}

#[test]
fn an_incomplete_request_is_sent_once_half_of_the_rows_came_after_its_first_key() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push(0, "ann@x.de");
    for row in 1..499 {
        fixture.push(row, "ann@x.de");
    }
    assert!(!fixture.lookups.is_ready(Route::BatchRead));
    fixture.push(499, "bob@x.de");
    assert_eq!(fixture.pop(Route::BatchRead).keys.len(), 2);
}

#[test]
fn an_incomplete_request_is_sent_when_the_first_row_has_waited_a_second_for_it() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push_all((0..100).map(|number| format!("user{number}@x.de")));
    fixture.push(100, "late@x.de");
    assert_eq!(
        fixture.lookups.next_due(),
        None,
        "the first row waits for a complete request"
    );
    let request = fixture.pop(Route::BatchRead);
    let results: Vec<_> = (0..100)
        .map(|number| contact(number + 1, &format!("user{number}@x.de")))
        .collect();
    fixture.reply(request, &json!({"results": results}));
    assert_eq!(fixture.rows().len(), 100);
    assert_eq!(fixture.lookups.next_due(), Some(fixture.now + LINGER));
    fixture.pass(LINGER / 2);
    assert!(!fixture.lookups.is_ready(Route::BatchRead));
    fixture.pass(LINGER / 2);
    assert!(fixture.lookups.is_ready(Route::BatchRead));
}

#[test]
fn rows_are_bounded_by_their_number_and_by_the_length_of_their_keys() {
    let small = Limits {
        rows: 4,
        row_bytes: 1000,
        ..LIMITS
    };
    let mut fixture = Fixture::new(small);
    fixture.push_all((0..3).map(|number| format!("user{number}@x.de")));
    assert!(fixture.lookups.has_capacity());
    fixture.push(3, "user3@x.de");
    assert!(!fixture.lookups.has_capacity());
    let mut fixture = Fixture::new(Limits {
        row_bytes: 10,
        ..LIMITS
    });
    fixture.push(0, "user0@x.de");
    assert!(!fixture.lookups.has_capacity());
    // With no room for more rows there is nothing to wait for.
    fixture.pass(Duration::ZERO);
    let request = fixture.pop(Route::BatchRead);
    fixture.reply(request, &json!({"results": [contact(7, "user0@x.de")]}));
    assert_eq!(fixture.rows(), [(0, found(7, MatchKind::Exact))]);
    assert!(fixture.lookups.has_capacity());
}

#[test]
fn keys_that_no_row_needs_are_removed_when_the_memory_is_used_up() {
    let mut fixture = Fixture::new(Limits {
        cache_bytes: 0,
        ..LIMITS
    });
    for round in 0..50 {
        fixture.push_all((0..100).map(|number| format!("user{round}-{number}@x.de")));
        let request = fixture.pop(Route::BatchRead);
        fixture.reply(request, &json!({"results": [contact(9, "other@x.de")]}));
        let expected: Vec<_> = (0..100).map(|row| (row, Answer::NotFound)).collect();
        assert_eq!(fixture.rows(), expected);
        assert!(
            fixture.lookups.keys.len() <= 400,
            "{}",
            fixture.lookups.keys.len()
        );
    }
}

#[test]
fn the_spellings_of_a_type_share_their_keys_and_there_are_a_thousand_types_at_most() {
    let mut fixture = Fixture::new(LIMITS);
    let mut number = |object_type: &str| {
        let object_type = ObjectType::new(object_type).unwrap();
        let property = LookupProperty::new(object_type, "email".into(), Route::BatchRead);
        fixture.lookups.property_number(&property)
    };
    assert_eq!(number("0-1"), Some(0));
    assert_eq!(number("2-1"), Some(2));
    for more in 2..999 {
        assert!(number(&format!("2-{more}")).is_some());
    }
    assert_eq!(number("2-9999"), None);
    assert_eq!(number("Contact"), Some(0));
}
