//! Tests of the removals: replies one by one, and whole removals against an API in memory.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::api::link_call::LinkRoute;
use crate::domain::label_set::LabelSet;
use crate::domain::outcome::Details;
use crate::domain::pair::{ObjectType, Pair, Record, RecordId};
use crate::links::after_reply::AfterReply;
use crate::links::removal::removal_request::Removal;
use crate::links::removal::removals::Removals;

fn pair(types: [&str; 2], ids: [&str; 2]) -> Pair {
    let record = |object_type: &str, id: &str| Record {
        object_type: ObjectType::new(object_type).unwrap(),
        id: RecordId::new(id).unwrap(),
    };
    Pair {
        from: record(types[0], ids[0]),
        to: record(types[1], ids[1]),
    }
}

const TYPES: [&str; 2] = ["contacts", "companies"];

/// Removals of the pairs with these ids, each row with the number of its pair.
fn removals(pairs: impl IntoIterator<Item = (u64, u64)>) -> Removals<usize> {
    let mut removals = Removals::new();
    for (row, (from, to)) in pairs.into_iter().enumerate() {
        let pair = pair(TYPES, [&from.to_string(), &to.to_string()]);
        removals.push(row, &pair, None);
    }
    removals.flush();
    removals
}

fn pairs_of<R>(removals: &Removals<R>, request: &Removal) -> Vec<(u64, u64)> {
    let body: Value = serde_json::from_slice(&removals.call(request).body).unwrap();
    let number = |record: &Value| record["id"].as_str().unwrap().parse::<u64>().unwrap();
    let mut pairs = Vec::new();
    for input in body["inputs"].as_array().unwrap() {
        let to = input["to"].as_array().unwrap().iter();
        pairs.extend(to.map(|to| (number(&input["from"]), number(to))));
    }
    pairs
}

/// The rows that have left, by their numbers: the message of those that failed.
fn left(removals: &mut Removals<usize>) -> Vec<(usize, Option<String>)> {
    let rows = std::iter::from_fn(|| removals.pop_row());
    let mut rows: Vec<_> = rows
        .map(|(row, result)| (row, result.err().map(|details| details.message.clone())))
        .collect();
    rows.sort_unstable();
    rows
}

#[test]
fn labels_are_removed_by_a_call_of_their_own_and_halved_as_links_are() {
    let labels = LabelSet::parse("USER_DEFINED:37:Billing");
    let mut removals = Removals::new();
    for (row, ids) in [["1", "9"], ["2", "9"], ["3", "9"]].into_iter().enumerate() {
        let labels = labels.clone().filter(|_| row != 1);
        removals.push(row, &pair(TYPES, ids), labels);
    }
    removals.flush();
    let mut routes = Vec::new();
    while let Some(request) = removals.pop_request() {
        let route = removals.call(&request).route;
        routes.push((route, request.pairs()));
        if request.pairs() == 2 {
            removals.refused(request, &Details::default());
        }
    }
    routes.sort_unstable_by_key(|&(route, pairs)| (route == LinkRoute::ArchiveLabels, pairs));
    let labels = LinkRoute::ArchiveLabels;
    assert_eq!(
        routes,
        [
            (LinkRoute::Archive, 1),
            (labels, 1),
            (labels, 1),
            (labels, 2)
        ]
    );
}

#[test]
fn pairs_of_the_same_first_record_share_an_input() {
    let mut removals = Removals::new();
    for ids in [["041001", "1"], ["2", "3"], ["041001", "2"]] {
        removals.push((), &pair(TYPES, ids), None);
    }
    removals.push((), &pair(["deals", "companies"], ["5", "6"]), None);
    assert!(!removals.is_ready());
    removals.flush();
    let mut bodies = Vec::new();
    while let Some(request) = removals.pop_request() {
        let call = removals.call(&request);
        assert_eq!(call.route, LinkRoute::Archive);
        assert_eq!(call.to_type.as_str(), "companies");
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        bodies.push((call.from_type.as_str().to_owned(), body));
    }
    bodies.sort_by(|one, other| one.0.cmp(&other.0));
    let contacts = json!({"inputs": [
        {"from": {"id": "041001"}, "to": [{"id": "1"}, {"id": "2"}]},
        {"from": {"id": "2"}, "to": [{"id": "3"}]},
    ]});
    let deals = json!({"inputs": [{"from": {"id": "5"}, "to": [{"id": "6"}]}]});
    let expected = [
        ("contacts".to_owned(), contacts),
        ("deals".to_owned(), deals),
    ];
    assert_eq!(bodies, expected);
}

#[test]
fn a_request_has_up_to_100_pairs_and_none_twice() {
    let mut all = removals((1..=250).map(|id| (id, 7)));
    let sizes: Vec<usize> = std::iter::from_fn(|| all.pop_request())
        .map(|request| request.pairs())
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
    let mut twice = Removals::new();
    for ids in [["1", "2"], ["01", "2"], ["2", "1"]] {
        twice.push((), &pair(["contacts", "contacts"], ids), None);
    }
    twice.flush();
    let sizes: Vec<usize> = std::iter::from_fn(|| twice.pop_request())
        .map(|request| request.pairs())
        .collect();
    assert_eq!(sizes, [1, 2]);
}

#[test]
fn a_success_ends_the_removal_of_all_pairs_but_those_that_it_names() {
    let error = json!({"category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.FROM_OBJECT_NOT_FOUND",
        "message": "No contact with ID 2 exists", "context": {"fromObjectId": ["2"]}});
    let unnamed = json!({"category": "VALIDATION_ERROR", "message": "m"});
    for (status, body, failed) in [
        (204, String::new(), None),
        (
            200,
            json!({"status": "COMPLETE", "results": []}).to_string(),
            None,
        ),
        (
            200,
            json!({"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [error]})
                .to_string(),
            Some("No contact with ID 2 exists (fromObjectId: 2)"),
        ),
        (
            207,
            json!({"status": "COMPLETE", "errors": [error]}).to_string(),
            Some("No contact with ID 2 exists (fromObjectId: 2)"),
        ),
        // What names no pair is said of none: every pair is read again.
        (
            207,
            json!({"numErrors": 1, "errors": [unnamed]}).to_string(),
            None,
        ),
    ] {
        let mut removals = removals([(1, 7), (2, 7), (3, 7)]);
        let request = removals.pop_request().unwrap();
        let after = removals.reply(request, status, body.as_bytes());
        assert!(matches!(after, AfterReply::Stored), "{after:?}");
        let expected = [(0, None), (1, failed.map(str::to_owned)), (2, None)];
        assert_eq!(left(&mut removals), expected, "{body}");
        assert_eq!((removals.len(), removals.is_ready()), (0, false));
    }
}

#[test]
fn a_refusal_that_names_a_pair_fails_that_pair_and_the_others_are_sent_again() {
    for status in [400, 404] {
        let mut removals = removals([(1, 7), (2, 7), (3, 8)]);
        let request = removals.pop_request().unwrap();
        let body = json!({"category": "VALIDATION_ERROR", "message": "m", "correlationId": "c7",
            "context": {"INVALID_OBJECT_IDS": ["CONTACT=2 is not valid"], "objectId": ["2"], "objectType": ["CONTACT"]}});
        let after = removals.reply(request, status, body.to_string().as_bytes());
        assert!(matches!(after, AfterReply::Stored), "{after:?}");
        let (row, result) = removals.pop_row().unwrap();
        let details = result.unwrap_err();
        assert_eq!((row, details.http_status), (1, Some(status)));
        assert_eq!(details.correlation_id.as_deref(), Some("c7"));
        let request = removals.pop_request().unwrap();
        assert_eq!(pairs_of(&removals, &request), [(1, 7), (3, 8)]);
    }
}

#[test]
fn other_replies_are_classified_by_the_rules_of_all_requests() {
    for (status, body, expected) in [
        (200, "<html>", "Unreadable"),
        (200, r#"{"status":"PENDING"}"#, "Unreadable"),
        (400, r#"{"message":"m"}"#, "ByStatus"),
        (400, "", "ByStatus"),
        (404, "<html>", "ByStatus"),
        (401, r#"{"context":{"fromObjectId":["1"]}}"#, "ByStatus"),
        (403, r#"{"category":"MISSING_SCOPES"}"#, "ByStatus"),
        (413, "", "ByStatus"),
        (429, "{}", "ByStatus"),
        (500, r#"{"context":{"fromObjectId":["1"]}}"#, "ByStatus"),
    ] {
        let mut removals = removals([(1, 7)]);
        let request = removals.pop_request().unwrap();
        let after = format!("{:?}", removals.reply(request, status, body.as_bytes()));
        assert!(after.starts_with(expected), "{status} {body}: {after}");
        assert_eq!(removals.len(), 1);
    }
}

fn refusal(status: u16, message: &str) -> Details {
    Details {
        http_status: Some(status),
        num_errors: 1,
        message: message.to_owned(),
        ..Details::default()
    }
}

#[test]
fn a_refusal_for_the_number_of_pairs_makes_all_later_requests_smaller() {
    for (status, message, size) in [
        (400, "inputs must number 1 to 30, but there are 100", 30),
        (413, "", 50),
    ] {
        let mut removals = removals((1..=200).map(|id| (id, 7)));
        let request = removals.pop_request().unwrap();
        removals.refused(request, &refusal(status, message));
        let mut pairs = BTreeSet::new();
        while let Some(request) = removals.pop_request() {
            assert!(request.pairs() <= size, "{} {message}", request.pairs());
            for pair in pairs_of(&removals, &request) {
                assert!(pairs.insert(pair), "{pair:?}");
            }
        }
        assert_eq!(pairs.len(), 200, "{message}");
    }
}

#[test]
fn a_removal_without_a_reply_is_sent_again_when_it_is_due_or_fails() {
    let mut removals = removals([(1, 7), (2, 7)]);
    let now = Instant::now();
    let later = now + Duration::from_secs(3);
    let request = removals.pop_request().unwrap();
    removals.retry(request, Duration::from_secs(3), now);
    removals.advance(now);
    assert_eq!(
        (removals.next_due(), removals.is_ready()),
        (Some(later), false)
    );
    removals.advance(later);
    let request = removals.pop_request().unwrap();
    removals.fail(&request, &refusal(0, "timeout").into());
    let failed = Some("timeout".to_owned());
    assert_eq!(left(&mut removals), [(0, failed.clone()), (1, failed)]);
    assert_eq!(removals.len(), 0);
}

/// How an API answers a request with pairs that it refuses.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// 204: it removes the others, and says nothing.
    Silent,
    /// 200 with errors.
    Named,
    /// 400, which names the pairs.
    RefusedNamed,
    /// 400, which names none.
    Refused,
}

proptest! {
    #[test]
    fn every_row_leaves_once_and_only_pairs_that_the_api_refuses_fail(
        style in select(vec![Style::Silent, Style::Named, Style::RefusedNamed, Style::Refused]),
        pairs in prop::collection::vec((1..30_u64, 1..6_u64), 1..250),
        bad in prop::collection::btree_set(1..30_u64, 0..3),
        max in select(vec![7_usize, 100, 1000]),
    ) {
        let mut removals = removals(pairs.iter().copied());
        let mut removed = BTreeSet::new();
        while let Some(request) = removals.pop_request() {
            let asked = pairs_of(&removals, &request);
            prop_assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len());
            let named: BTreeSet<String> = asked.iter().map(|(from, _)| from).filter(|from| bad.contains(from)).map(u64::to_string).collect();
            let error = json!({"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"fromObjectId": named}});
            if asked.len() > max {
                removals.refused(request, &refusal(400, &format!("the batch has at most {max} inputs")));
                continue;
            }
            let (status, body) = match style {
                _ if named.is_empty() => (204, String::new()),
                Style::Silent => (204, String::new()),
                Style::Named => (200, json!({"status": "COMPLETE", "errors": [error]}).to_string()),
                Style::RefusedNamed => (400, error.to_string()),
                Style::Refused => (400, json!({"message": "bad"}).to_string()),
            };
            if status < 300 {
                removed.extend(asked.iter().copied().filter(|(from, _)| !bad.contains(from)));
            }
            match removals.reply(request, status, body.as_bytes()) {
                AfterReply::Stored => {}
                AfterReply::ByStatus(request) => removals.refused(request, &refusal(400, "bad")),
                after @ AfterReply::Unreadable { .. } => panic!("{after:?}"),
            }
        }
        let left = left(&mut removals);
        prop_assert_eq!(left.len(), pairs.len());
        for (index, (row, failure)) in left.into_iter().enumerate() {
            prop_assert_eq!(row, index);
            let is_bad = bad.contains(&pairs[row].0) && !matches!(style, Style::Silent);
            prop_assert_eq!(failure.is_some(), is_bad, "{} {:?}", row, failure);
        }
        let good: BTreeSet<_> = pairs.into_iter().filter(|(from, _)| !bad.contains(from)).collect();
        prop_assert_eq!(removed, good);
        prop_assert_eq!(removals.len(), 0);
    }
}
