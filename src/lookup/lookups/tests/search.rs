//! Searches: their size, their pages, and what they do not find.

use serde_json::json;

use crate::api::lookup_call::Route;
use crate::domain::row_keys::MatchKind;
use crate::lookup::limits::{RECHECK_WINDOW, SEARCH_LAG};
use crate::lookup::lookups::replies::AfterReply;
use crate::lookup::lookups::tests::fixture::{Fixture, LIMITS, company, found};
use crate::lookup::result::Answer;

#[test]
fn a_search_has_as_many_keys_as_its_body_may_hold() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push_all((0..120).map(|number| format!("{}{number:03}.com", "long".repeat(10))));
    fixture.lookups.end_input();
    let mut keys = Vec::new();
    while let Some(request) = fixture.lookups.pop_request(Route::Search) {
        let body = fixture.lookups.call(&request).body;
        assert!(body.len() <= 3000, "{}", body.len());
        keys.push(request.keys.len());
    }
    assert_eq!(keys.iter().sum::<usize>(), 120);
    assert_eq!(keys.len(), 3, "{keys:?}");
}

#[test]
fn a_key_that_the_search_does_not_find_is_asked_once_more_together_with_others() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push_all((0..150).map(|number| format!("company{number}.com")));
    fixture.lookups.end_input();
    let empty = json!({"total": 0, "results": []});
    let first_due = fixture.now + SEARCH_LAG;
    let first = fixture.pop(Route::Search);
    fixture.reply(first, &empty);
    fixture.pass(RECHECK_WINDOW);
    let second = fixture.pop(Route::Search);
    fixture.reply(second, &empty);
    assert_eq!(fixture.rows(), []);
    assert_eq!(fixture.lookups.next_due(), Some(first_due));
    fixture.pass(first_due - fixture.now);
    let again: Vec<_> = std::iter::from_fn(|| fixture.lookups.pop_request(Route::Search)).collect();
    assert_eq!(
        again
            .iter()
            .map(|request| fixture.values(request))
            .sum::<usize>(),
        150
    );
    assert_eq!(again.len(), 2);
    for request in again {
        fixture.reply(
            request,
            &json!({"total": 1, "results": [company(8, "company149.com")]}),
        );
    }
    let rows = fixture.rows();
    assert_eq!(rows.len(), 150);
    assert_eq!(rows[148], (148, Answer::NotFound));
    assert_eq!(rows[149], (149, found(8, MatchKind::Search)));
}

#[test]
fn the_pages_of_a_search_are_read_until_all_matches_are_known() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push_all(["a.com", "b.com"].map(str::to_owned));
    fixture.lookups.end_input();
    let mut pages = vec![
        (
            None,
            json!({"total": 3, "results": [company(1, "b.com")], "paging": {"next": {"after": "1"}}}),
        ),
        (
            Some("1"),
            json!({"total": 3, "results": [company(2, "a.com"), company(1, "b.com")], "paging": {"next": {"after": "2"}}}),
        ),
        (
            Some("2"),
            json!({"total": 3, "results": [company(3, "b.com")]}),
        ),
    ];
    for (after, page) in pages.drain(..) {
        let request = fixture.pop(Route::Search);
        assert_eq!(request.after.as_deref(), after);
        fixture.reply(request, &page);
    }
    let expected = [
        (0, found(2, MatchKind::Search)),
        (1, Answer::Ambiguous(vec![1, 3])),
    ];
    assert_eq!(fixture.rows(), expected);
}

#[test]
fn a_search_with_more_results_than_it_returns_is_asked_in_halves() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push_all(["a.com", "b.com"].map(str::to_owned));
    fixture.lookups.end_input();
    let many: Vec<_> = (1..=200).map(|id| company(id, "a.com")).collect();
    let page = json!({"total": 10_001, "results": many, "paging": {"next": {"after": "200"}}});
    let request = fixture.pop(Route::Search);
    fixture.reply(request, &page);
    let request = fixture.pop(Route::Search);
    assert_eq!(fixture.values(&request), 1);
    fixture.reply(request, &page);
    let request = fixture.pop(Route::Search);
    fixture.reply(
        request,
        &json!({"total": 1, "results": [company(900, "b.com")]}),
    );
    let rows = fixture.rows();
    assert_eq!(rows[0], (0, Answer::Ambiguous((1..=10).collect())));
    assert_eq!(rows[1], (1, found(900, MatchKind::Search)));
}

#[test]
fn a_search_whose_pages_do_not_end_is_unreadable() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push(0, "a.com");
    fixture.lookups.end_input();
    let page =
        json!({"total": 1, "results": [company(1, "a.com")], "paging": {"next": {"after": "7"}}})
            .to_string();
    for pages in 1.. {
        let request = fixture.pop(Route::Search);
        match fixture
            .lookups
            .reply(request, 200, page.as_bytes(), fixture.now)
        {
            AfterReply::Stored => {}
            AfterReply::Unreadable { request, .. } => {
                assert_eq!((pages, request.after), (50, None));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
}
