//! Tests of the reads of records: replies one by one, and whole reads against an API in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::domain::pair::{ObjectType, Pair, Record, RecordId};
use crate::domain::proof::RecordState;
use crate::domain::proof::RecordState::{Deleted, Exists, Unknown};
use crate::links::after_reply::AfterReply;
use crate::links::records::record_reads::RecordReads;
use crate::links::records::reply::{MERGED_IDS, RecordReply, read};
use crate::links::records::states::{RecordKey, RecordStates};

fn id(number: u64) -> RecordId {
    RecordId::new(&number.to_string()).unwrap()
}

fn merged(survivor: u64) -> RecordState {
    RecordState::MergedInto(id(survivor))
}

fn pair(from: &str, from_id: &str, to: &str, to_id: &str) -> Pair {
    let record = |object_type: &str, id: &str| Record {
        object_type: ObjectType::new(object_type).unwrap(),
        id: RecordId::new(id).unwrap(),
    };
    Pair {
        from: record(from, from_id),
        to: record(to, to_id),
    }
}

fn result(id: u64, merged_ids: &Value) -> Value {
    json!({"id": id.to_string(), "properties": {MERGED_IDS: merged_ids}, "archived": false})
}

fn not_found(ids: &[&str]) -> Value {
    json!({"status": "error", "category": "OBJECT_NOT_FOUND", "message": "m", "context": {"ids": ids}})
}

/// The records that are asked for, the status and the body of the reply, and the states.
type Case = (&'static [u128], u16, Value, Vec<Option<RecordState>>);

#[test]
fn a_reply_says_of_each_record_what_it_proves() {
    let plain = |id: u64| result(id, &Value::Null);
    let other = json!({"category": "VALIDATION_ERROR", "message": "m", "context": {"ids": ["1"]}});
    let cases: Vec<Case> = vec![
        (
            &[1, 2],
            200,
            json!({"results": [plain(2), plain(1)]}),
            vec![Some(Exists), Some(Exists)],
        ),
        // One error names several records.
        (
            &[1, 2, 3],
            207,
            json!({"status": "COMPLETE", "results": [plain(2)], "numErrors": 1, "errors": [not_found(&["1", "3"])]}),
            vec![Some(Deleted), Some(Exists), Some(Deleted)],
        ),
        // An error inside another one names the record.
        (
            &[1, 2],
            207,
            json!({"results": [plain(2)], "errors": [{"category": "OBJECT_NOT_FOUND", "message": "m", "context": {},
                "errors": [{"message": "m", "context": {"id": ["1"]}}]}]}),
            vec![Some(Deleted), Some(Exists)],
        ),
        (
            &[1, 2],
            207,
            json!({"results": [plain(2)], "errors": [other]}),
            vec![Some(Unknown), Some(Exists)],
        ),
        // The merged ids of a result, in both forms of an id.
        (
            &[1, 2, 9],
            200,
            json!({"results": [{"id": 9, "properties": {MERGED_IDS: "1;2;7"}}]}),
            vec![Some(merged(9)), Some(merged(9)), Some(Exists)],
        ),
        (
            &[1],
            207,
            json!({"results": [result(9, &json!("1"))], "errors": [not_found(&["1"])]}),
            vec![Some(merged(9))],
        ),
        // A list that is no list of ids proves nothing.
        (
            &[1, 2],
            200,
            json!({"results": [result(9, &json!("key9;1"))]}),
            vec![None, None],
        ),
        // The only record that is left, and the only other result.
        (
            &[1, 2, 3],
            207,
            json!({"results": [plain(2), plain(9)], "errors": [not_found(&["3"])]}),
            vec![Some(merged(9)), Some(Exists), Some(Deleted)],
        ),
        (
            &[1, 2],
            200,
            json!({"results": [plain(2)]}),
            vec![None, Some(Exists)],
        ),
        (&[1, 2], 200, json!({"results": []}), vec![None, None]),
        (&[1], 200, json!({"results": []}), vec![Some(Deleted)]),
        (
            &[1],
            200,
            json!({"results": [plain(9)]}),
            vec![Some(merged(9))],
        ),
        (
            &[1],
            207,
            json!({"results": [], "errors": [{"category": "INTERNAL", "message": "m"}]}),
            vec![Some(Unknown)],
        ),
        (
            &[1],
            200,
            json!({"results": [{"id": "1", "archived": true}]}),
            vec![Some(Deleted)],
        ),
        // Refusals of the whole request.
        (&[1, 2], 404, not_found(&["1"]), vec![Some(Deleted), None]),
        (&[1, 2], 404, not_found(&[]), vec![None, None]),
        (&[1], 404, not_found(&[]), vec![Some(Deleted)]),
        (
            &[1, 2],
            400,
            json!({"category": "VALIDATION_ERROR", "message": "m", "context": {"ids": ["1"]}}),
            vec![Some(Unknown), None],
        ),
    ];
    for (asked, status, body, expected) in cases {
        let reply = read(asked, status, body.to_string().as_bytes());
        assert_eq!(reply, RecordReply::Records(expected), "{status} {body}");
    }
}

#[test]
fn a_reply_that_is_not_about_records_proves_nothing() {
    let no_property = json!({"category": "VALIDATION_ERROR", "message": format!("Property \"{MERGED_IDS}\" does not exist")});
    for (status, body, expected) in [
        (404, r#"{"message":"resource not found"}"#, "ByStatus"),
        (404, "<html>", "ByStatus"),
        (404, "", "ByStatus"),
        (
            400,
            r#"{"category":"VALIDATION_ERROR","message":"m"}"#,
            "ByStatus",
        ),
        (
            404,
            r#"{"category":"OBJECT_NOT_FOUND","message":"Unable to infer object type from: widgets"}"#,
            "ByStatus",
        ),
        (400, &no_property.to_string(), "WithoutMergedIds"),
        (403, r#"{"category":"MISSING_SCOPES"}"#, "ByStatus"),
        (413, "", "ByStatus"),
        (429, "{}", "ByStatus"),
        (500, r#"{"results":[]}"#, "ByStatus"),
        (200, "", "Unreadable"),
        (200, "<html>", "Unreadable"),
        (200, "{}", "Unreadable"),
        (200, r#"{"status":"PENDING","results":[]}"#, "Unreadable"),
        (200, r#"{"results":[{"id":"x"}]}"#, "Unreadable"),
        (200, r#"{"results":[{"id":"8"},{"id":"9"}]}"#, "Unreadable"),
    ] {
        let reply = format!("{:?}", read(&[1], status, body.as_bytes()));
        assert!(reply.starts_with(expected), "{status} {body}: {reply}");
    }
}

/// How an API answers for records that it does not find.
#[derive(Clone, Copy, Debug)]
enum Style {
    Named,
    Unnamed,
    /// One record that is not found empties the results.
    Emptied,
    /// Unless one is found, the status is 404.
    Refused,
}

#[derive(Clone, Debug)]
struct Api {
    style: Style,
    lists_merged: bool,
    states: BTreeMap<u64, RecordState>,
}

impl Api {
    fn answer(&self, asked: &[u64]) -> (u16, String) {
        let of = |state: &RecordState| {
            let ids = asked.iter().filter(|id| self.states[id] == *state);
            ids.copied().collect::<Vec<u64>>()
        };
        let missing = of(&Deleted);
        let survivor = |id: &u64| match self.states[id] {
            RecordState::MergedInto(id) => id.as_str().parse().unwrap(),
            _ => *id,
        };
        let found = asked.iter().filter(|id| !missing.contains(id));
        let found: BTreeSet<u64> = found.map(survivor).collect();
        let records = found.iter().map(|&survivor| {
            let into = RecordState::MergedInto(id(survivor));
            let ids = self.states.iter().filter(|(_, state)| **state == into);
            let ids: Vec<String> = ids.map(|(id, _)| id.to_string()).collect();
            let list = if self.lists_merged {
                ids.join(";")
            } else {
                "key7".to_owned()
            };
            result(survivor, &json!(list))
        });
        let mut records: Vec<Value> = records.collect();
        records.reverse();
        let names: Vec<String> = missing.iter().map(u64::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (status, body) = match self.style {
            _ if names.is_empty() => (200, json!({"results": records})),
            Style::Refused if records.is_empty() => (404, not_found(&[])),
            Style::Named | Style::Refused => (
                207,
                json!({"status": "COMPLETE", "results": records, "numErrors": 1, "errors": [not_found(&names)]}),
            ),
            Style::Unnamed => (200, json!({"results": records})),
            Style::Emptied => (200, json!({"results": []})),
        };
        (status, body.to_string())
    }
}

fn ids_of<R>(reads: &RecordReads<R>, request: &super::record_read::RecordRead) -> Vec<u64> {
    let body: Value = serde_json::from_slice(&reads.call(request).body).unwrap();
    let inputs = body["inputs"].as_array().unwrap().iter();
    let ids = inputs.map(|input| input["id"].as_str().unwrap().parse().unwrap());
    ids.collect()
}

/// Answers all requests, and returns their sizes.
fn answer<R>(reads: &mut RecordReads<R>, api: &Api) -> Vec<usize> {
    let mut sizes = Vec::new();
    while let Some(request) = reads.pop_request() {
        let asked = ids_of(reads, &request);
        sizes.push(asked.len());
        let (status, body) = api.answer(&asked);
        let after = reads.reply(request, status, body.as_bytes());
        assert!(matches!(after, AfterReply::Stored), "{after:?}");
    }
    sizes
}

fn fate() -> impl Strategy<Value = RecordState> {
    prop_oneof![
        3 => Just(Exists),
        3 => Just(Deleted),
        2 => select(vec![1_u64, 2, 3, 1001]).prop_map(merged),
    ]
}

proptest! {
    #[test]
    fn whatever_the_form_of_the_replies_every_row_leaves_once_with_the_true_states(
        fates in prop::collection::vec(fate(), 40),
        style in select(vec![Style::Named, Style::Unnamed, Style::Emptied, Style::Refused]),
        lists_merged: bool,
        rows in prop::collection::vec((1..40_u64, 1..40_u64, any::<[bool; 2]>(), 0..4_u8), 0..80),
        capacity in select(vec![1_usize, 5, 1000]),
    ) {
        // The records 1 to 3 and 1001 exist: others were merged into them.
        let mut states: BTreeMap<u64, RecordState> = (1..).zip(fates).collect();
        states.extend([1, 2, 3, 1001].map(|id| (id, Exists)));
        let api = Api { style, lists_merged, states };
        let mut reads = RecordReads::with_states(RecordStates::with_capacity(capacity));
        let mut left = BTreeSet::new();
        let mut take = |reads: &mut RecordReads<usize>| {
            while let Some((row, states)) = reads.pop_row() {
                let (from, to, ..) = rows[row];
                assert_eq!(states, [from, to].map(|id| api.states[&id]), "row {row}");
                assert!(left.insert(row));
            }
        };
        for (index, &(from, to, seen, flush)) in rows.iter().enumerate() {
            // Records that links prove to exist are said to exist, some by another spelling of their type.
            let seen = [(from, seen[0]), (to, seen[1])].map(|(id, seen)| seen && api.states[&id] == Exists);
            let spelling = if index % 2 == 0 { "contacts" } else { "0-1" };
            let row = pair(spelling, &from.to_string(), "contact", &format!("00{to}"));
            reads.push(index, &row, seen);
            if flush == 0 {
                reads.flush();
                answer(&mut reads, &api);
                take(&mut reads);
            }
        }
        reads.end_input();
        answer(&mut reads, &api);
        take(&mut reads);
        prop_assert_eq!(left.len(), rows.len());
        prop_assert_eq!(reads.len(), 0);
    }

    #[test]
    fn no_reply_makes_a_read_of_records_panic(status in 100_u16..600, body in "\\{\"(errors|context|results)\":[\\[\\]{}:,\"0-9a-zA-Z=;]{0,60}\\}") {
        drop(read(&[1, 2, 3], status, body.as_bytes()));
    }
}

#[test]
fn a_record_is_asked_for_once_and_one_that_was_seen_not_at_all() {
    let api = Api {
        style: Style::Named,
        lists_merged: false,
        states: (1..=2000)
            .map(|id| (id, if id % 3 == 0 { Deleted } else { Exists }))
            .collect(),
    };
    let mut reads = RecordReads::new();
    // 1,000 pairs of 250 contacts, 100 of them seen, with 10 companies.
    for row in 0..1000_u64 {
        let contact = row / 4 + 1;
        let pair = pair(
            "contacts",
            &contact.to_string(),
            "companies",
            &(row % 10 + 1).to_string(),
        );
        reads.push((), &pair, [contact % 5 < 2 && contact % 3 != 0, false]);
    }
    reads.flush();
    let mut sizes = answer(&mut reads, &api);
    sizes.sort_unstable();
    let seen = (1..=250)
        .filter(|contact| contact % 5 < 2 && contact % 3 != 0)
        .count();
    assert_eq!(sizes, [10, 250 - seen - 100, 100]);
    assert_eq!(std::iter::from_fn(|| reads.pop_row()).count(), 1000);
    // Later rows with the same records need no request.
    reads.push((), &pair("contact", "3", "company", "2"), [false; 2]);
    reads.flush();
    assert!(!reads.is_ready());
    assert_eq!(reads.pop_row(), Some(((), [Deleted, Exists])));
}

#[test]
fn a_call_asks_for_the_merged_ids_unless_the_type_has_none() {
    let mut reads = RecordReads::new();
    reads.push(
        (),
        &pair("2-7", "0041", "2-7", "99999999999999999999"),
        [false; 2],
    );
    reads.end_input();
    let request = reads.pop_request().unwrap();
    let body = |reads: &RecordReads<()>, request: &_| -> Value {
        let call = reads.call(request);
        assert_eq!(call.object_type.as_str(), "2-7");
        serde_json::from_slice(&call.body).unwrap()
    };
    let inputs = json!([{"id": "41"}, {"id": "99999999999999999999"}]);
    let mut expected =
        json!({"inputs": inputs, "properties": [MERGED_IDS], "propertiesWithHistory": []});
    assert_eq!(body(&reads, &request), expected);
    let refusal = json!({"message": format!("Property {MERGED_IDS} does not exist")}).to_string();
    let after = reads.reply(request, 400, refusal.as_bytes());
    assert!(matches!(after, AfterReply::Stored), "{after:?}");
    let request = reads.pop_request().unwrap();
    expected["properties"] = json!([]);
    assert_eq!(body(&reads, &request), expected);
    // The same refusal of a request without the property is one of the request itself.
    let after = reads.reply(request, 400, refusal.as_bytes());
    assert!(matches!(after, AfterReply::ByStatus(_)), "{after:?}");
}

fn contacts(reads: &mut RecordReads<u64>, ids: impl Iterator<Item = u64>) {
    for id in ids {
        let pair = pair("contacts", &id.to_string(), "companies", "1");
        reads.push(id, &pair, [false, true]);
    }
    reads.flush();
}

fn states(reads: &mut RecordReads<u64>) -> HashMap<u64, RecordState> {
    let rows = std::iter::from_fn(|| reads.pop_row());
    rows.map(|(id, [state, _])| (id, state)).collect()
}

#[test]
fn one_record_that_is_refused_does_not_spoil_the_others() {
    for odd in [1, 2, 50, 100] {
        let mut reads = RecordReads::new();
        contacts(&mut reads, 1..=100);
        let mut requests = 0;
        while let Some(request) = reads.pop_request() {
            requests += 1;
            let asked = ids_of(&reads, &request);
            if asked.contains(&odd) {
                reads.refused(request);
                continue;
            }
            let found: Vec<Value> = asked.iter().map(|&id| result(id, &json!(""))).collect();
            let body = json!({"results": found}).to_string();
            reads.reply(request, 200, body.as_bytes());
        }
        let states = states(&mut reads);
        let is_right = |(&id, &state): (&u64, &RecordState)| (state == Unknown) == (id == odd);
        assert!(states.len() == 100 && states.iter().all(is_right), "{odd}");
        assert!(requests <= 15, "{requests}");
    }
}

#[test]
fn a_type_whose_records_are_all_refused_is_given_up_after_three() {
    let mut reads = RecordReads::new();
    contacts(&mut reads, 1..=1050);
    let mut requests = 0;
    while let Some(request) = reads.pop_request() {
        requests += 1;
        reads.refused(request);
    }
    assert!(requests <= 12, "{requests}");
    contacts(&mut reads, 2000..=2200);
    assert!(!reads.is_ready());
    let states = states(&mut reads);
    assert_eq!(states.len(), 1050 + 201);
    assert!(states.values().all(|&state| state == Unknown));
}

#[test]
fn a_record_whose_read_failed_is_unknown_and_is_asked_for_when_it_comes_again() {
    let mut reads = RecordReads::new();
    contacts(&mut reads, 1..=2);
    let request = reads.pop_request().unwrap();
    assert_eq!(request.records(), 2);
    reads.fail(&request);
    assert_eq!(
        states(&mut reads),
        HashMap::from([(1, Unknown), (2, Unknown)])
    );
    contacts(&mut reads, 2..=2);
    assert_eq!(
        reads.pop_request().map(|request| request.records()),
        Some(1)
    );
}

#[test]
fn the_older_half_of_the_states_is_removed_once_there_are_too_many() {
    let mut states = RecordStates::with_capacity(2);
    let key = |number| RecordKey::new(7, &id(number));
    for (number, state) in [(1, Exists), (2, merged(9)), (3, Deleted)] {
        states.insert(key(number), state);
    }
    states.insert(key(5), Unknown);
    let known = [1, 2, 3, 5].map(|number| states.get(key(number)));
    assert_eq!(known, [Some(Exists), Some(merged(9)), Some(Deleted), None]);
    states.insert(key(4), Exists);
    let known = [1, 2, 3, 4].map(|number| states.get(key(number)));
    assert_eq!(known, [None, None, Some(Deleted), Some(Exists)]);
    assert_eq!(states.get(RecordKey::new(8, &id(3))), None);
}
