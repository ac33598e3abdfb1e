//! Reads of any rows, against a server that has any links and answers truthfully in any of the forms that the API has, in any
//! order and with any delays.

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

/// A record: its type, and its number among those of the type.
type Node = (usize, u64);

const TYPES: [&str; 3] = ["contacts", "companies", "0-1"];
const IDS: u64 = 12;

/// A link, and from which of its records it shows.
#[derive(Clone, Copy, Debug)]
struct Link {
    has_label: bool,
    shows: [bool; 2],
}

#[derive(Clone, Debug)]
struct Scenario {
    links: BTreeMap<(Node, Node), Link>,
    rows: Vec<(Node, Node)>,
    limits: ReadLimits,
    expectation: Expectation,
    page: usize,
    /// Whether requests may be refused, and records have errors.
    has_faults: bool,
    /// A record that the server refuses in every request.
    refused: Option<u64>,
    choices: Vec<u8>,
}

/// Most rows link a contact to one of two companies, which are cheaper to read.
fn any_ends() -> impl Strategy<Value = (Node, Node)> {
    let any_node = || (0..TYPES.len(), 1..=IDS);
    prop_oneof![
        3 => (1..=IDS, 1..=2_u64).prop_map(|(contact, company)| ((0, contact), (1, company))),
        1 => (any_node(), any_node()),
    ]
}

/// Ids that HubSpot will hardly have, but may: above 64 bits, and of one digit.
fn id_of(number: u64) -> String {
    match number {
        1 => "7".to_owned(),
        2 => "99999999999999999999".to_owned(),
        3 => "18446744073709551616".to_owned(),
        other => format!("4100{other}"),
    }
}

fn number_of(id: &str) -> u64 {
    (1..=IDS).find(|&number| id_of(number) == id).unwrap()
}

fn any_scenario() -> impl Strategy<Value = Scenario> {
    let shows = prop_oneof![
        6 => Just([true, true]),
        1 => Just([true, false]),
        1 => Just([false, true]),
    ];
    let link = (any::<bool>(), shows).prop_map(|(has_label, shows)| Link { has_label, shows });
    let links = prop::collection::vec((any_ends(), link), 0..40);
    let limits = (1..60_usize, 1..4_usize, 200..3000_usize, any::<bool>());
    let expectation = prop_oneof![
        Just(Expectation::Present),
        Just(Expectation::Absent),
        Just(Expectation::Open)
    ];
    let rows = prop::collection::vec(any_ends(), 0..60);
    let refused = prop::option::weighted(0.2, 1..=IDS);
    let rest = (1..5_usize, any::<bool>(), refused);
    let choices = prop::collection::vec(any::<u8>(), 1..100);
    (links, rows, limits, expectation, rest, choices).prop_map(
        |(links, rows, (pairs, records, reply_bytes, is_detailed), expectation, rest, choices)| {
            let mut known = BTreeMap::new();
            for ((a, b), link) in links {
                if !known.contains_key(&(b, a)) {
                    known.insert((a, b), link);
                }
            }
            let (page, has_faults, refused) = rest;
            Scenario {
                links: known,
                rows,
                limits: ReadLimits {
                    pairs,
                    records,
                    reply_bytes,
                    is_detailed,
                    ..ReadLimits::BATCH
                },
                expectation,
                page,
                has_faults,
                refused: refused.filter(|_| has_faults),
                choices,
            }
        },
    )
}

/// The types of a link that runs in this direction. Those of a type with itself are the same in both.
fn types_of(from: usize, to: usize, has_label: bool) -> BTreeSet<u64> {
    let base = (from.min(to) * 10 + from.max(to) * 100) as u64;
    let direction = u64::from(from > to);
    let label = has_label.then_some(base + 4 + direction);
    label.into_iter().chain([base + 2 + direction]).collect()
}

struct Simulation {
    scenario: Scenario,
    next_choice: usize,
    reads: LinkReads<usize>,
    now: Instant,
    in_flight: Vec<LinkRead>,
    popped: BTreeSet<usize>,
    /// Whether a reply was not plain, so that more may be unknown than the server does not say.
    was_disturbed: bool,
}

impl Simulation {
    fn choose(&mut self, among: usize) -> usize {
        let choices = &self.scenario.choices;
        let choice = choices[self.next_choice % choices.len()];
        self.next_choice += 1;
        // The number of the choice is mixed in, so that few choices do not repeat one decision for ever.
        let mixed = (self.next_choice.wrapping_mul(2_654_435_761) >> 8) ^ usize::from(choice);
        mixed % among
    }

    /// The form of an answer. Later answers are plain, so that the run ends.
    fn shape(&mut self) -> usize {
        let shape = self.choose(16);
        if self.next_choice > 4000 { 15 } else { shape }
    }

    /// The links that show from a record: the other records with their types.
    fn listed(&self, from: Node, to_type: usize) -> Vec<(u64, BTreeSet<u64>)> {
        let each = self.scenario.links.iter();
        let mut found: Vec<_> = each
            .filter_map(|(&(a, b), link)| {
                let other = match from {
                    _ if a == from && b.0 == to_type && link.shows[0] => b,
                    _ if b == from && a.0 == to_type && link.shows[1] => a,
                    _ => return None,
                };
                Some((other.1, types_of(from.0, to_type, link.has_label)))
            })
            .collect();
        found.dedup();
        found
    }

    /// The types that show from this side of a row.
    fn shown(&self, from: Node, to: Node) -> Option<BTreeSet<u64>> {
        let listed = self.listed(from, to.0).into_iter();
        let mut own = listed.filter(|(other, _)| *other == to.1);
        own.next().map(|(_, types)| types)
    }

    fn pair(&self, row: usize) -> Pair {
        let (from, to) = self.scenario.rows[row];
        let record = |(object_type, number): Node, zeros: &str| Record {
            object_type: ObjectType::new(TYPES[object_type]).unwrap(),
            id: RecordId::new(&match id_of(number) {
                id if id.len() < 10 => format!("{zeros}{id}"),
                id => id,
            })
            .unwrap(),
        };
        Pair {
            from: record(from, ["", "00"][row % 2]),
            to: record(to, ["0", ""][row % 2]),
        }
    }

    fn send(&mut self) {
        let Some(request) = self.reads.pop_request() else {
            assert!(!self.reads.is_ready());
            return;
        };
        let (_, _, inputs) = self.inputs(&request);
        let distinct: BTreeSet<_> = inputs.iter().map(|(number, _)| number).collect();
        assert!(!inputs.is_empty() && distinct.len() == inputs.len());
        assert!(inputs.len() <= self.scenario.limits.records);
        self.in_flight.push(request);
    }

    /// The types of a request, and its records with the link that each continues after.
    fn inputs(&self, request: &LinkRead) -> (usize, usize, Vec<(u64, usize)>) {
        let call = self.reads.call(request);
        let place = |name: &ObjectType| TYPES.iter().position(|known| *known == name.as_str());
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        let inputs = body["inputs"].as_array().unwrap().iter().map(|input| {
            let after = input
                .get("after")
                .map_or("0", |after| after.as_str().unwrap());
            (
                number_of(input["id"].as_str().unwrap()),
                after.parse().unwrap(),
            )
        });
        let (from, to) = (
            place(&call.from_type).unwrap(),
            place(&call.to_type).unwrap(),
        );
        (from, to, inputs.collect())
    }

    fn receive(&mut self) {
        let place = self.choose(self.in_flight.len());
        let request = self.in_flight.remove(place);
        let shape = self.shape();
        let (from, to, inputs) = self.inputs(&request);
        let refuses = inputs
            .iter()
            .any(|&(number, _)| self.scenario.refused == Some(number));
        let delay = Duration::from_millis(self.choose(4) as u64 * 500);
        let details = Arc::new(Details::default());
        match shape {
            _ if refuses => {
                self.was_disturbed = true;
                return self.reads.refused(request, &details);
            }
            0 => return self.reads.retry(request, delay, self.now),
            1 if request.records() > 1 => return self.reads.too_large(request),
            2 if self.scenario.has_faults => {
                self.was_disturbed = true;
                return self.reads.fail(&request, &details);
            }
            _ => {}
        }
        let (status, reply) = match shape {
            3 => (503, "<html>".to_owned()),
            4 => (
                200,
                r#"{"status":"COMPLETE","results":[{"from":"#.to_owned(),
            ),
            5 => (200, json!({"status": "PENDING", "results": []}).to_string()),
            _ => self.page(from, to, &inputs, shape),
        };
        match self
            .reads
            .reply(request, status, reply.as_bytes(), self.now)
        {
            AfterReply::Stored => assert!(!(3..=5).contains(&shape), "{reply}"),
            AfterReply::Unreadable { request, .. } | AfterReply::ByStatus(request) => {
                assert!((3..=5).contains(&shape), "{reply}");
                self.reads.retry(request, delay, self.now);
            }
        }
    }

    fn page(
        &mut self,
        from: usize,
        to: usize,
        inputs: &[(u64, usize)],
        shape: usize,
    ) -> (u16, String) {
        let (mut results, mut without) = (Vec::new(), Vec::new());
        let mut errors = Vec::new();
        for (place, &(number, after)) in inputs.iter().enumerate() {
            let id = id_of(number);
            // One of these is left out, or has an error, although it has links.
            let is_odd = place == inputs.len() / 2 && self.scenario.has_faults;
            if is_odd && (6..=8).contains(&shape) {
                self.was_disturbed = true;
                let category = ["", "RATE_LIMITS", "VALIDATION_ERROR"][shape - 6];
                let context = json!({"fromObjectId": [id]});
                if shape > 6 {
                    errors
                        .push(json!({"status": "error", "category": category, "context": context}));
                }
                continue;
            }
            let listed = self.listed((from, number), to);
            let end = listed.len().min(after + self.scenario.page);
            let links = listed[after.min(end)..end].iter();
            let links: Vec<Value> = links.map(|link| link_json(link, shape)).collect();
            if links.is_empty() {
                without.push(id);
                continue;
            }
            let mut result = json!({"from": {"id": id}, "to": links});
            if end < listed.len() {
                result["paging"] = json!({"next": {"after": end.to_string(), "link": "x"}});
            }
            results.push(result);
        }
        let nested = |context: &Value| json!([{"message": "m", "context": context, "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}]);
        let plain = |ids: &[String]| {
            let context = json!({"fromObjectId": ids, "toObjectType": ["x"]});
            match shape {
                10 => {
                    json!({"category": "OBJECT_NOT_FOUND", "context": {}, "errors": nested(&context)})
                }
                11 => {
                    json!({"category": "OBJECT_NOT_FOUND", "subCategory": {"name": "crm.associations.NO_ASSOCIATIONS_FOUND"}, "context": "fromObjectId", "errors": nested(&context)})
                }
                _ => {
                    json!({"subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND", "context": context})
                }
            }
        };
        match shape {
            12 if !without.is_empty() => errors.push(plain(&without)),
            // Records without links that are not named: asked again, in the end alone.
            13 if inputs.len() > 1 => {}
            _ => errors.extend(without.iter().map(|id| plain(std::slice::from_ref(id)))),
        }
        if shape == 14 {
            results.reverse();
        }
        let status = if errors.is_empty() { 200 } else { 207 };
        let body = json!({"status": "COMPLETE", "results": results, "numErrors": errors.len(), "errors": errors, "startedAt": "x"});
        (status, body.to_string())
    }

    fn check(&self, row: usize, found: LinksFound) {
        let (from, to) = self.scenario.rows[row];
        let forward = self.shown(from, to);
        let inverse = self.shown(to, from);
        let LinksFound::Known { types, seen } = found else {
            assert!(self.was_disturbed, "row {row} is unknown");
            return;
        };
        if types.is_empty() {
            assert_eq!(forward, None, "row {row} is linked");
        } else {
            assert!(
                forward.is_some() || inverse.is_some(),
                "row {row} is not linked"
            );
            let types: BTreeSet<u64> = types.iter().map(|one| one.type_id).collect();
            let is_plain = !self.was_disturbed && self.scenario.limits.is_detailed;
            match (&forward, &inverse) {
                (Some(forward), Some(_)) if is_plain => assert_eq!(&types, forward),
                _ => {
                    let both = [(from, to), (to, from)].map(|(from, to)| {
                        [true, false].map(|has_label| types_of(from.0, to.0, has_label))
                    });
                    assert!(both.as_flattened().contains(&types), "row {row}: {types:?}");
                }
            }
        }
        let is_anywhere = |node: Node| {
            (0..TYPES.len()).any(|other| !self.listed(node, other).is_empty())
                || self
                    .scenario
                    .links
                    .keys()
                    .any(|&(a, b)| a == node || b == node)
        };
        for (is_seen, node) in seen.into_iter().zip([from, to]) {
            assert!(
                !is_seen || is_anywhere(node),
                "row {row}: {node:?} was not seen"
            );
        }
    }

    fn pop_rows(&mut self) {
        while let Some((row, found)) = self.reads.pop_row() {
            assert!(self.popped.insert(row), "row {row} leaves twice");
            self.check(row, found);
        }
    }

    fn wait(&mut self, has_ended: bool) {
        if self.reads.is_ready() || !self.in_flight.is_empty() {
            return;
        }
        match self.reads.next_due() {
            Some(due) => self.now = self.now.max(due),
            None => assert!(!has_ended, "a row waits for ever: {:?}", self.reads),
        }
    }

    fn run(mut self) {
        let rows = self.scenario.rows.len();
        let mut pushed = 0;
        let mut has_ended = false;
        while self.popped.len() < rows {
            let is_read = pushed < rows && self.reads.has_room();
            if is_read && self.choose(4) > 0 {
                let pair = self.pair(pushed);
                if self.choose(8) == 0 {
                    self.reads.push_asked(pushed, &pair);
                } else {
                    self.reads.push(pushed, &pair, self.now);
                }
                pushed += 1;
                continue;
            }
            if pushed == rows && !has_ended && self.choose(2) == 0 {
                self.reads.end_input();
                has_ended = true;
            }
            if self.choose(3) > 0 {
                self.send();
            }
            if !self.in_flight.is_empty() && self.choose(3) > 0 {
                self.receive();
            }
            self.now += Duration::from_millis(10);
            self.reads.advance(self.now);
            self.pop_rows();
            assert_eq!(self.reads.len(), pushed - self.popped.len());
            if self.popped.len() < rows {
                self.wait(has_ended);
            }
            assert!(
                self.next_choice < 50_000,
                "it does not end: {:?}",
                self.reads
            );
        }
        assert!(!self.reads.is_ready() && self.in_flight.is_empty());
    }
}

fn link_json((number, types): &(u64, BTreeSet<u64>), shape: usize) -> Value {
    let types: Vec<Value> = types
        .iter()
        .map(|id| match shape % 3 {
            0 => json!({"category": "HUBSPOT_DEFINED", "typeId": id, "label": null}),
            1 => json!({"category": "HUBSPOT_DEFINED", "typeId": id.to_string()}),
            _ => json!({"category": "HUBSPOT_DEFINED", "typeId": id}),
        })
        .collect();
    let id = id_of(*number);
    let id = match shape % 2 {
        0 => json!(id),
        _ => serde_json::from_str(&id).unwrap(),
    };
    json!({"toObjectId": id, "associationTypes": types})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn each_row_leaves_once_and_what_is_known_about_it_is_true(scenario in any_scenario()) {
        let simulation = Simulation {
            reads: LinkReads::new(scenario.limits, scenario.expectation),
            scenario,
            next_choice: 0,
            now: Instant::now(),
            in_flight: Vec::new(),
            popped: BTreeSet::new(),
            was_disturbed: false,
        };
        simulation.run();
    }
}
