//! What is read when, from which side, and what follows from each reply.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::domain::outcome::Details;
use crate::domain::pair::{ObjectType, Pair, Record, RecordId};
use crate::links::after_reply::AfterReply;
use crate::links::read::found::LinksFound;
use crate::links::read::limits::{Expectation, ReadLimits};
use crate::links::read::link_read::LinkRead;
use crate::links::read::link_reads::LinkReads;

fn pair(contact: u64, company: u64) -> Pair {
    let record = |name: &str, id: u64| Record {
        object_type: ObjectType::new(name).unwrap(),
        id: RecordId::new(&id.to_string()).unwrap(),
    };
    Pair {
        from: record("contacts", contact),
        to: record("companies", company),
    }
}

fn reads(limits: ReadLimits, expectation: Expectation) -> LinkReads<(u64, u64)> {
    LinkReads::new(limits, expectation)
}

fn push(reads: &mut LinkReads<(u64, u64)>, contact: u64, company: u64, now: Instant) {
    reads.push((contact, company), &pair(contact, company), now);
}

/// The type of the first records, and their ids with the page to continue after.
fn inputs(reads: &LinkReads<(u64, u64)>, request: &LinkRead) -> (String, Vec<(u64, usize)>) {
    let call = reads.call(request);
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let inputs = body["inputs"].as_array().unwrap().iter().map(|input| {
        let after = input["after"].as_str().unwrap_or("0");
        (
            input["id"].as_str().unwrap().parse().unwrap(),
            after.parse().unwrap(),
        )
    });
    (call.from_type.as_str().to_owned(), inputs.collect())
}

/// A server with these links, by the ids of contacts and companies.
struct Server(Vec<(u64, u64)>);

impl Server {
    fn reply(&self, from: &str, inputs: &[(u64, usize)]) -> String {
        let mut by_record: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for &(contact, company) in &self.0 {
            let (own, other) = match from {
                "contacts" => (contact, company),
                _ => (company, contact),
            };
            by_record.entry(own).or_default().push(other);
        }
        let type_id = if from == "contacts" { 279 } else { 280 };
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for &(id, after) in inputs {
            let all = by_record.get(&id).map(Vec::as_slice).unwrap_or_default();
            let page = &all[after.min(all.len())..all.len().min(after + 500)];
            let types = json!([{"category": "HUBSPOT_DEFINED", "typeId": type_id}]);
            let links = page
                .iter()
                .map(|other| json!({"toObjectId": other, "associationTypes": types}));
            let links: Vec<Value> = links.collect();
            if links.is_empty() {
                errors.push(json!({"subCategory": "NO_ASSOCIATIONS_FOUND", "context": {"fromObjectId": [id.to_string()]}}));
                continue;
            }
            let mut result = json!({"from": {"id": id.to_string()}, "to": links});
            if after + 500 < all.len() {
                result["paging"] = json!({"next": {"after": (after + 500).to_string()}});
            }
            results.push(result);
        }
        json!({"status": "COMPLETE", "results": results, "errors": errors}).to_string()
    }
}

/// Answers all requests; returns the number of calls, and the rows.
fn run(
    reads: &mut LinkReads<(u64, u64)>,
    server: &Server,
    now: Instant,
) -> (usize, BTreeMap<(u64, u64), LinksFound>) {
    let mut calls = 0;
    let mut rows = BTreeMap::new();
    while let Some(request) = reads.pop_request() {
        calls += 1;
        let (from, inputs) = inputs(reads, &request);
        let reply = server.reply(&from, &inputs);
        let after = reads.reply(request, 207, reply.as_bytes(), now);
        assert!(matches!(after, AfterReply::Stored));
        rows.extend(std::iter::from_fn(|| reads.pop_row()));
    }
    (calls, rows)
}

fn type_ids(found: &LinksFound) -> Vec<u64> {
    match found {
        LinksFound::Known { types, .. } => types.iter().map(|one| one.type_id).collect(),
        LinksFound::Unknown(details) => panic!("{details:?}"),
    }
}

#[test]
fn a_thousand_records_take_one_call() {
    let now = Instant::now();
    let mut reads = reads(ReadLimits::BATCH, Expectation::Open);
    for contact in 1..=2500 {
        push(&mut reads, contact, contact + 10_000, now);
    }
    reads.end_input();
    let server = Server(
        (1..=2400)
            .map(|contact| (contact, contact + 10_000))
            .collect(),
    );
    let (calls, rows) = run(&mut reads, &server, now);
    assert_eq!((calls, rows.len()), (3, 2500));
    for ((contact, _), found) in rows {
        assert_eq!(type_ids(&found).is_empty(), contact > 2400, "{contact}");
    }
}

#[test]
fn few_records_with_many_rows_are_read_from_the_other_side_and_missing_links_asked_again() {
    let now = Instant::now();
    let mut reads = reads(ReadLimits::VERIFY, Expectation::Present);
    let company = |contact: u64| contact % 20 + 1;
    for contact in 1..=8000 {
        push(&mut reads, contact, company(contact), now);
    }
    reads.end_input();
    let missing = |contact: u64| contact % 100 == 7;
    let links = (1..=8000)
        .filter(|&contact| !missing(contact))
        .map(|contact| (contact, company(contact)));
    // Two pages of no interest.
    let server = Server(
        links
            .chain((20_000..21_000).map(|contact| (contact, 1)))
            .collect(),
    );
    let (calls, rows) = run(&mut reads, &server, now);
    assert_eq!(rows.len(), 8000);
    for ((contact, _), found) in rows {
        let types: &[u64] = if missing(contact) { &[] } else { &[279] };
        assert_eq!(type_ids(&found), types, "{contact}");
    }
    // The 20 companies, the further pages of the first of them, and the contacts of missing links and of three others.
    assert!(calls <= 4, "{calls} instead of 8");
}

#[test]
fn a_window_without_a_link_is_read_once_where_none_is_expected() {
    let now = Instant::now();
    let mut reads = reads(ReadLimits::BATCH, Expectation::Absent);
    for contact in 1..=5000 {
        push(&mut reads, contact, contact % 3 + 1, now);
    }
    reads.end_input();
    let (calls, rows) = run(&mut reads, &Server(Vec::new()), now);
    assert_eq!((calls, rows.len()), (5, 5000));
    assert!(rows.values().all(|found| type_ids(found).is_empty()));
}

#[test]
fn a_record_is_read_no_further_than_to_its_last_wanted_link() {
    let now = Instant::now();
    let mut reads = reads(ReadLimits::VERIFY, Expectation::Present);
    push(&mut reads, 1, 600, now);
    push(&mut reads, 2, 9999, now);
    reads.end_input();
    let links = (1..=5000).flat_map(|company| [(1, company), (2, company)]);
    let (calls, rows) = run(&mut reads, &Server(links.collect()), now);
    assert_eq!(type_ids(&rows[&(1, 600)]), [279]);
    let LinksFound::Known { types, seen } = &rows[&(2, 9999)] else {
        panic!("{rows:?}")
    };
    // Contact 2 has links, so it exists; that company 9999 does is not shown by any.
    assert_eq!((types.len(), *seen), (0, [true, false]));
    // Ten pages of contact 2; contact 1 is in the first two calls.
    assert_eq!(calls, 10);
}

#[test]
fn a_record_that_another_listed_link_names_is_seen() {
    let now = Instant::now();
    let mut reads = reads(ReadLimits::VERIFY, Expectation::Present);
    push(&mut reads, 1, 50, now);
    push(&mut reads, 2, 50, now);
    reads.end_input();
    let (_, rows) = run(&mut reads, &Server(vec![(1, 50)]), now);
    let seen = [false, true];
    assert_eq!(
        rows[&(2, 50)],
        LinksFound::Known {
            types: vec![],
            seen
        }
    );
}

#[test]
fn a_window_is_read_when_it_is_full_idle_or_old() {
    let limits = ReadLimits {
        pairs: 3,
        ..ReadLimits::BATCH
    };
    let start = Instant::now();
    let at = |millis: u64| start + Duration::from_millis(millis);
    let mut full = reads(limits, Expectation::Open);
    for contact in 1..=3 {
        assert!(full.has_room() && !full.is_ready());
        push(&mut full, contact, 1, start);
    }
    assert!(full.is_ready() && !full.has_room());

    let mut idle = reads(ReadLimits::BATCH, Expectation::Open);
    push(&mut idle, 1, 1, at(0));
    push(&mut idle, 2, 1, at(90));
    assert_eq!(idle.next_due(), Some(at(190)));
    idle.advance(at(189));
    assert!(!idle.is_ready());
    idle.advance(at(190));
    assert!(idle.is_ready());
    let request = idle.pop_request().unwrap();
    // Rows that come while a reply is awaited wait for it.
    push(&mut idle, 3, 1, at(200));
    assert_eq!(idle.next_due(), None);
    idle.retry(request, Duration::from_mins(1), at(210));
    assert_eq!(idle.next_due(), Some(at(300)));

    let mut old = reads(ReadLimits::BATCH, Expectation::Open);
    for time in 0..21 {
        push(&mut old, time + 1, 1, at(time * 99));
    }
    assert_eq!(old.next_due(), Some(at(2000)));
}

#[test]
fn while_results_wait_to_be_taken_half_a_window_is_read_ahead() {
    let limits = ReadLimits {
        pairs: 4,
        ..ReadLimits::BATCH
    };
    let now = Instant::now();
    let mut reads = reads(limits, Expectation::Open);
    for contact in 1..=4 {
        push(&mut reads, contact, 1, now);
    }
    let request = reads.pop_request().unwrap();
    let reply = Server(Vec::new()).reply("contacts", &inputs(&reads, &request).1);
    assert!(matches!(
        reads.reply(request, 207, reply.as_bytes(), now),
        AfterReply::Stored
    ));
    assert!(!reads.has_room());
    for contact in 5..=6 {
        assert!(!reads.is_ready());
        reads.pop_row().unwrap();
        push(&mut reads, contact, 1, now);
    }
    assert!(reads.is_ready());
}

#[test]
fn rows_to_be_read_at_once_share_their_records() {
    let now = Instant::now();
    let mut reads = reads(ReadLimits::VERIFY, Expectation::Absent);
    for company in [1, 2, 1] {
        reads.push_asked((7, company), &pair(7, company));
    }
    assert!(reads.is_ready());
    let request = reads.pop_request().unwrap();
    assert_eq!(
        inputs(&reads, &request),
        ("contacts".to_owned(), vec![(7, 0)])
    );
    let reply = Server(vec![(7, 2)]).reply("contacts", &[(7, 0)]);
    assert!(matches!(
        reads.reply(request, 200, reply.as_bytes(), now),
        AfterReply::Stored
    ));
    let rows: Vec<_> = std::iter::from_fn(|| reads.pop_row()).collect();
    let linked: Vec<_> = rows
        .iter()
        .filter(|(_, found)| !type_ids(found).is_empty())
        .collect();
    assert_eq!((rows.len(), linked.len()), (3, 1));
}

fn one_request(rows: u64) -> (LinkReads<(u64, u64)>, LinkRead) {
    let now = Instant::now();
    let mut reads = reads(ReadLimits::VERIFY, Expectation::Absent);
    for contact in 1..=rows {
        push(&mut reads, contact, contact, now);
    }
    reads.end_input();
    let request = reads.pop_request().unwrap();
    (reads, request)
}

#[test]
fn a_reply_that_is_too_long_halves_this_and_later_requests() {
    let (mut reads, request) = one_request(1500);
    reads.too_large(request);
    let mut sizes = Vec::new();
    while let Some(request) = reads.pop_request() {
        sizes.push(request.records());
    }
    assert_eq!(sizes, [500, 500, 500]);

    let (mut reads, request) = one_request(1);
    reads.too_large(request);
    let (_, found) = reads.pop_row().unwrap();
    assert!(
        matches!(found, LinksFound::Unknown(details) if details.message.contains("longer than"))
    );
}

#[test]
fn a_refused_record_is_found_by_halves_and_the_others_are_read() {
    let (mut reads, request) = one_request(8);
    let server = Server((1..=8).map(|id| (id, id)).collect());
    let mut requests = vec![request];
    let mut unknown = Vec::new();
    let mut linked = 0;
    while let Some(request) = requests.pop().or_else(|| reads.pop_request()) {
        let (from, inputs) = inputs(&reads, &request);
        if inputs.iter().any(|&(id, _)| id == 3) {
            reads.refused(request, &Arc::new(Details::default()));
        } else {
            let reply = server.reply(&from, &inputs);
            reads.reply(request, 200, reply.as_bytes(), Instant::now());
        }
        while let Some((row, found)) = reads.pop_row() {
            match found {
                LinksFound::Unknown(_) => unknown.push(row),
                LinksFound::Known { .. } => linked += 1,
            }
        }
    }
    assert_eq!((unknown, linked), (vec![(3, 3)], 7));
}

#[test]
fn a_record_that_no_reply_mentions_stays_unknown_after_few_calls() {
    let (mut reads, request) = one_request(1000);
    let mut requests = vec![request];
    let mut calls = 0;
    let mut rows = 0;
    while let Some(request) = requests.pop().or_else(|| reads.pop_request()) {
        calls += 1;
        let body = br#"{"status":"COMPLETE","results":[]}"#;
        assert!(matches!(
            reads.reply(request, 200, body, Instant::now()),
            AfterReply::Stored
        ));
        while let Some((_, found)) = reads.pop_row() {
            assert!(matches!(found, LinksFound::Unknown(_)));
            rows += 1;
        }
    }
    assert_eq!(rows, 1000);
    assert!(calls <= 60, "{calls}");
}

#[test]
fn a_record_whose_error_may_pass_is_asked_again_later_and_in_the_end_unknown() {
    let (mut reads, request) = one_request(2);
    let body = br#"{"results":[{"from":{"id":"2"},"to":[{"toObjectId":2,"associationTypes":[{"category":"U","typeId":1}]}]}],
        "errors":[{"category":"RATE_LIMITS","message":"later","context":{"fromObjectId":["1"]}}]}"#;
    let mut now = Instant::now();
    let mut delays = Vec::new();
    let mut next = Some(request);
    while let Some(request) = next.take() {
        assert!(matches!(
            reads.reply(request, 207, body, now),
            AfterReply::Stored
        ));
        if let Some(due) = reads.next_due() {
            delays.push((due - now).as_secs());
            now = due;
            reads.advance(now);
            next = reads.pop_request();
        }
    }
    assert_eq!(delays, [1, 2, 4, 8]);
    let found: BTreeMap<_, _> = std::iter::from_fn(|| reads.pop_row()).collect();
    assert!(
        matches!(&found[&(1, 1)], LinksFound::Unknown(details) if details.message.starts_with("later"))
    );
    assert_eq!(type_ids(&found[&(2, 2)]), [1]);
}

#[test]
fn pages_that_do_not_end_leave_the_links_unknown() {
    for (links, after) in [("", 0), (r#"{"toObjectId":99,"associationTypes":[]}"#, 1)] {
        let (mut reads, request) = one_request(1);
        let mut request = Some(request);
        let mut calls = 0;
        while let Some(next) = request.take() {
            calls += 1;
            let after = calls * (1 - after);
            let body = format!(
                r#"{{"results":[{{"from":{{"id":"1"}},"to":[{links}],"paging":{{"next":{{"after":"p{after}"}}}}}}]}}"#
            );
            assert!(matches!(
                reads.reply(next, 200, body.as_bytes(), Instant::now()),
                AfterReply::Stored
            ));
            request = reads.pop_request();
        }
        assert_eq!(calls, 2);
        assert!(matches!(reads.pop_row().unwrap().1, LinksFound::Unknown(_)));
    }
}

#[test]
fn other_statuses_are_left_to_the_rules_of_all_requests() {
    for status in [400, 401, 403, 404, 429, 477, 500, 503] {
        let (mut reads, request) = one_request(1);
        let after = reads.reply(request, status, b"{}", Instant::now());
        assert!(matches!(after, AfterReply::ByStatus(_)), "{status}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn calls_are_no_more_than_the_arithmetic_of_a_side_allows(
        pairs in prop::collection::btree_set((1..60_u64, 1..20_u64), 1..150),
        linked in prop::collection::vec(any::<bool>(), 150),
        records in 1..12_usize,
        share in 0..3_usize,
    ) {
        let now = Instant::now();
        let limits = ReadLimits { records, ..ReadLimits::VERIFY };
        let expectation = [Expectation::Present, Expectation::Absent, Expectation::Open][share];
        let mut reads = reads(limits, expectation);
        for &(contact, company) in &pairs {
            push(&mut reads, contact, company, now);
        }
        reads.end_input();
        let links = pairs.iter().zip(&linked).filter(|(_, is_linked)| **is_linked);
        let links: Vec<_> = links.map(|(&pair, _)| pair).collect();
        let (calls, rows) = run(&mut reads, &Server(links.clone()), now);
        prop_assert_eq!(rows.len(), pairs.len());
        for (pair, found) in &rows {
            let expected: &[u64] = if links.contains(pair) { &[279] } else { &[] };
            prop_assert_eq!(type_ids(found), expected);
        }
        let calls_for = |ids: BTreeSet<u64>| ids.len().div_ceil(records);
        let asked = calls_for(pairs.iter().map(|pair| pair.0).collect());
        let inverse = calls_for(pairs.iter().map(|pair| pair.1).collect());
        let missing = pairs.iter().filter(|pair| !links.contains(pair));
        let again = calls_for(missing.map(|pair| pair.0).collect());
        // Samples of the types are in the same requests as missing links, but may be of other records.
        prop_assert!(calls <= asked.max(inverse + again + 3), "{} > {}", calls, asked.max(inverse + again));
        if expectation == Expectation::Absent {
            prop_assert_eq!(calls, asked);
        }
    }
}
