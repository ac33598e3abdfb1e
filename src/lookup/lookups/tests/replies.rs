//! What follows from replies that do not decide all keys.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::api::lookup_call::Route;
use crate::domain::outcome::Details;
use crate::domain::row_keys::MatchKind;
use crate::lookup::lookups::replies::AfterReply;
use crate::lookup::lookups::tests::fixture::{Fixture, LIMITS, company, contact, found};
use crate::lookup::reply::refusal::Common;
use crate::lookup::result::Answer;

#[test]
fn a_batch_read_that_leaves_keys_open_is_asked_in_halves_until_each_is_decided() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push_all((0..4).map(|number| format!("user{number}@x.de")));
    fixture.lookups.end_input();
    let mut asked = Vec::new();
    while let Some(request) = fixture.lookups.pop_request(Route::BatchRead) {
        asked.push(request.keys.len());
        let inputs = fixture.body(&request)["inputs"].to_string();
        let results = if inputs.contains("user2") {
            vec![]
        } else {
            request
                .keys
                .iter()
                .map(|&key| contact(u64::from(key) + 1, fixture.lookups.keys.text(key)))
                .collect()
        };
        fixture.reply(request, &json!({"results": results}));
    }
    assert_eq!(asked, [4, 2, 2, 1, 1]);
    let not_found: Vec<_> = fixture
        .rows()
        .into_iter()
        .filter(|(_, answer)| *answer == Answer::NotFound)
        .collect();
    assert_eq!(not_found, [(2, Answer::NotFound)]);
}

#[test]
fn a_retried_request_comes_back_after_its_delay_and_before_others() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push_all((0..200).map(|number| format!("user{number}@x.de")));
    let mut request = fixture.pop(Route::BatchRead);
    request
        .counts
        .count(crate::verdict::classify::Class::Transient);
    let keys = request.keys.clone();
    fixture
        .lookups
        .retry(request, Duration::from_secs(2), fixture.now);
    assert_eq!(
        fixture.lookups.next_due(),
        Some(fixture.now + Duration::from_secs(2))
    );
    fixture.pass(Duration::from_secs(2));
    let request = fixture.pop(Route::BatchRead);
    assert_eq!((request.counts.sent, request.keys), (1, keys));
    assert!(fixture.lookups.is_ready(Route::BatchRead));
}

#[test]
fn a_failed_request_fails_the_rows_of_its_keys_only() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push(0, "ann@x.de");
    fixture.push(1, "x.de");
    fixture.lookups.end_input();
    let details = Arc::new(Details {
        message: "no reply".to_owned(),
        ..Details::default()
    });
    let request = fixture.pop(Route::BatchRead);
    fixture.lookups.fail(&request, &details);
    assert_eq!(fixture.rows(), [(0, Answer::Failed(details))]);
    let request = fixture.pop(Route::Search);
    fixture.reply(
        request,
        &json!({"total": 1, "results": [company(8, "x.de")]}),
    );
    assert_eq!(fixture.rows(), [(1, found(8, MatchKind::Search))]);
    assert_eq!(fixture.lookups.answered_and_matched(fixture.emails), (0, 0));
    assert_eq!(
        fixture.lookups.answered_and_matched(fixture.domains),
        (1, 1)
    );
}

#[test]
fn a_refused_property_rejects_its_rows_and_all_later_ones() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push_all((0..250).map(|number| format!("user{number}@x.de")));
    let request = fixture.pop(Route::BatchRead);
    let body = json!({"status": "error", "message": "Property email is not unique"}).to_string();
    let after = fixture
        .lookups
        .reply(request, 400, body.as_bytes(), fixture.now);
    let AfterReply::Refused {
        request,
        common: Common::NotUnique,
        details,
    } = after
    else {
        panic!("{after:?}");
    };
    fixture.lookups.refuse(&request, &details);
    fixture.push(250, "late@x.de");
    let rows = fixture.rows();
    assert_eq!(rows.len(), 251);
    let refused = Answer::Refused(details);
    assert!(rows.iter().all(|(_, answer)| *answer == refused));
    assert!(!fixture.lookups.is_ready(Route::BatchRead));
}

#[test]
fn the_status_of_other_replies_is_left_to_the_rules_of_all_requests() {
    let mut fixture = Fixture::new(LIMITS);
    fixture.push(0, "ann@x.de");
    fixture.lookups.end_input();
    let request = fixture.pop(Route::BatchRead);
    let body = br#"{"category":"MISSING_SCOPES","context":{"requiredScopes":["crm.objects.contacts.read"]}}"#;
    let after = fixture.lookups.reply(request, 403, body, fixture.now);
    assert!(matches!(after, AfterReply::ByStatus(_)), "{after:?}");
    assert_eq!(fixture.lookups.len(), 1);
}
