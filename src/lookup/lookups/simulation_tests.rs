//! Lookups of any rows, against a server that answers truthfully in any of the forms that the API has, in any order and
//! with any delays.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::api::lookup_call::Route;
use crate::domain::pair::ObjectType;
use crate::domain::row_keys::MatchKind;
use crate::input::validate::key::read_key::read_key;
use crate::lookup::limits::Limits;
use crate::lookup::lookup_request::{LookupRequest, PropertyNumber};
use crate::lookup::lookups::Lookups;
use crate::lookup::lookups::replies::AfterReply;
use crate::lookup::property::LookupProperty;
use crate::lookup::result::Answer;

/// What the server holds for one key.
#[derive(Clone, Copy, Debug)]
enum Truth {
    Missing,
    One { is_secondary: bool, is_late: bool },
    Several(u64),
}

/// A cell: which key, and whether it is in capitals.
type Cell = (usize, bool);

#[derive(Clone, Debug)]
struct Scenario {
    /// By property (0 is an email, 1 is a domain) and number.
    truths: [Vec<Truth>; 2],
    rows: Vec<[Option<Cell>; 2]>,
    /// The choices of the server and of the order of events.
    choices: Vec<u8>,
    limits: Limits,
}

const KEYS: usize = 12;

fn any_truth() -> impl Strategy<Value = Truth> {
    let one = (any::<bool>(), any::<bool>());
    prop_oneof![
        2 => Just(Truth::Missing),
        4 => one.prop_map(|(is_secondary, is_late)| Truth::One { is_secondary, is_late }),
        1 => (2..14_u64).prop_map(Truth::Several),
    ]
}

fn any_scenario() -> impl Strategy<Value = Scenario> {
    let truths = || prop::collection::vec(any_truth(), KEYS);
    let cell = || prop::option::of((0..KEYS, any::<bool>()));
    let limits = (
        2..20_usize,
        30..300_usize,
        prop_oneof![Just(0), Just(1 << 20)],
    );
    (
        [truths(), truths()],
        prop::collection::vec([cell(), cell()], 0..40),
        prop::collection::vec(any::<u8>(), 1..200),
        limits,
    )
        .prop_map(
            |(truths, rows, choices, (rows_limit, row_bytes, cache_bytes))| Scenario {
                truths,
                rows,
                choices,
                limits: Limits {
                    rows: rows_limit,
                    row_bytes,
                    cache_bytes,
                },
            },
        )
}

fn text_of(property: usize, number: usize) -> String {
    match property {
        0 => format!("user{number}@example.com"),
        _ => format!("company{number}.com"),
    }
}

fn first_id(property: usize, number: usize) -> u64 {
    (property as u64 + 1) * 1000 + number as u64 * 50
}

struct Simulation {
    scenario: Scenario,
    next_choice: usize,
    lookups: Lookups<usize>,
    now: Instant,
    in_flight: Vec<LookupRequest>,
    /// How often each key was asked, and may be.
    asked: HashMap<String, (u32, u32)>,
    popped: usize,
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
        let shape = self.choose(8);
        if self.next_choice > 3000 { 0 } else { shape }
    }

    fn keys_of(&self, request: &LookupRequest) -> (Vec<String>, Value) {
        let body: Value = serde_json::from_slice(&self.lookups.call(request).body).unwrap();
        let texts = |list: &Value, name: Option<&str>| -> Vec<String> {
            let values = list.as_array().unwrap().iter();
            let value = |value: &Value| name.map_or(value.clone(), |name| value[name].clone());
            values
                .map(|each| value(each).as_str().unwrap().to_owned())
                .collect()
        };
        let keys = if request.route == Route::Search {
            texts(&body["filterGroups"][0]["filters"][0]["values"], None)
        } else {
            texts(&body["inputs"], Some("id"))
        };
        (keys, body)
    }

    fn truth(&self, key: &str) -> (usize, usize, Truth) {
        let property = usize::from(key.starts_with("company"));
        let digits: String = key.chars().filter(char::is_ascii_digit).collect();
        let number: usize = digits.parse().unwrap();
        (property, number, self.scenario.truths[property][number])
    }

    /// The records that match a key. A new record is found only when it is asked for again.
    fn records(&self, key: &str) -> Vec<Value> {
        let (property, number, truth) = self.truth(key);
        let id = first_id(property, number);
        let record = |id: u64, is_secondary: bool| {
            let properties = match (property, is_secondary) {
                (0, true) => {
                    json!({"email": "main@example.com", "hs_additional_emails": format!("a@b.c;{key}")})
                }
                (0, false) => json!({"email": key}),
                _ => json!({"domain": key}),
            };
            json!({"id": id.to_string(), "properties": properties})
        };
        match truth {
            Truth::Missing => Vec::new(),
            Truth::One { is_late: true, .. } if property == 1 && self.asked[key].0 < 2 => {
                Vec::new()
            }
            Truth::One { is_secondary, .. } => vec![record(id, is_secondary)],
            Truth::Several(count) => (0..count).map(|more| record(id + more, false)).collect(),
        }
    }

    /// Whether the program may ask for the key again.
    fn allow(&mut self, keys: &[String]) {
        for key in keys {
            self.asked.get_mut(key).unwrap().1 += 1;
        }
    }

    fn send(&mut self, route: Route) {
        let Some(request) = self.lookups.pop_request(route) else {
            return;
        };
        let (keys, body) = self.keys_of(&request);
        assert!(!keys.is_empty() && keys.len() <= 100 && body.to_string().len() <= 3000);
        for key in keys {
            let (asked, allowed) = self.asked.entry(key.clone()).or_insert((0, 1));
            *asked += 1;
            let is_unbounded = self.scenario.limits.cache_bytes == 0;
            assert!(
                asked <= allowed || is_unbounded,
                "{key} was asked {asked} times"
            );
        }
        self.in_flight.push(request);
    }

    fn receive(&mut self) {
        let place = self.choose(self.in_flight.len());
        let request = self.in_flight.remove(place);
        let (keys, body) = self.keys_of(&request);
        let (status, reply) = match self.shape() {
            7 => (503, "<html>".to_owned()),
            6 => (200, "{\"results\":".to_owned()),
            shape if request.route == Route::Search => self.search_page(&keys, &body, shape),
            shape => self.batch_read(&keys, shape),
        };
        match self
            .lookups
            .reply(request, status, reply.as_bytes(), self.now)
        {
            AfterReply::Stored => {}
            AfterReply::Unreadable { request, .. } | AfterReply::ByStatus(request) => {
                self.allow(&keys);
                let delay = Duration::from_millis(self.choose(4) as u64 * 500);
                self.lookups.retry(request, delay, self.now);
            }
            AfterReply::Refused { .. } => panic!("{reply}"),
        }
    }

    fn batch_read(&mut self, keys: &[String], shape: usize) -> (u16, String) {
        let mut records: Vec<Value> = keys.iter().flat_map(|key| self.records(key)).collect();
        records.reverse();
        let missing: Vec<&String> = keys
            .iter()
            .filter(|key| self.records(key).is_empty())
            .collect();
        let error = |ids: &[&String]| json!({"category": "OBJECT_NOT_FOUND", "message": "m", "context": {"ids": ids}});
        let half = &missing[..missing.len() / 2];
        let is_all = records.is_empty();
        let (status, body) = match shape {
            _ if missing.is_empty() => (200, json!({"results": records})),
            0 => (
                207,
                json!({"results": records, "numErrors": 1, "errors": [error(&missing)]}),
            ),
            1 if is_all => (404, error(&missing)),
            2 if is_all => (404, error(&[])),
            3 => (
                207,
                json!({"results": [], "numErrors": 1, "errors": [error(half)]}),
            ),
            4 => (200, json!({"results": []})),
            _ => (200, json!({"results": records})),
        };
        self.allow(keys);
        (status, body.to_string())
    }

    fn search_page(&mut self, keys: &[String], body: &Value, shape: usize) -> (u16, String) {
        let records: Vec<Value> = keys.iter().flat_map(|key| self.records(key)).collect();
        self.allow(keys);
        if shape == 1 && keys.len() > 1 {
            return (
                200,
                json!({"total": 10_001, "results": [], "paging": {"next": {"after": "200"}}})
                    .to_string(),
            );
        }
        if shape == 2 && keys.len() > 1 {
            return (
                400,
                json!({"message": "There was a problem with the request."}).to_string(),
            );
        }
        let start: usize = body["after"]
            .as_str()
            .map_or(0, |after| after.parse().unwrap());
        let page: Vec<&Value> = records.iter().skip(start).take(3).collect();
        let end = start + page.len();
        let mut reply = json!({"total": records.len(), "results": page});
        if end < records.len() {
            reply["paging"] = json!({"next": {"after": end.to_string()}});
        }
        (200, reply.to_string())
    }

    fn expected(&self, property: usize, cell: Cell) -> Answer {
        let (number, is_capital) = cell;
        let id = first_id(property, number);
        let kind = |is_secondary| match (property, is_secondary, is_capital) {
            (1, ..) => MatchKind::Search,
            (_, true, _) => MatchKind::Secondary,
            (_, false, true) => MatchKind::Folded,
            (_, false, false) => MatchKind::Exact,
        };
        match self.scenario.truths[property][number] {
            Truth::Missing => Answer::NotFound,
            Truth::One { is_secondary, .. } => Answer::Found {
                id,
                kind: kind(is_secondary),
            },
            Truth::Several(count) => Answer::Ambiguous((id..id + count).take(10).collect()),
        }
    }

    fn pop_rows(&mut self) {
        while let Some((row, answers)) = self.lookups.pop_row() {
            assert_eq!(row, self.popped, "rows leave in the order of the input");
            self.popped += 1;
            for (property, answer) in answers.into_iter().enumerate() {
                let cell = self.scenario.rows[row][property];
                let expected = cell.map(|cell| self.expected(property, cell));
                let sorted = answer.map(|answer| match answer {
                    Answer::Ambiguous(mut ids) => {
                        ids.sort_unstable();
                        Answer::Ambiguous(ids)
                    }
                    other => other,
                });
                match (&sorted, &expected) {
                    // Of more than ten records, any ten.
                    (Some(Answer::Ambiguous(ids)), Some(Answer::Ambiguous(all))) => {
                        assert_eq!(ids.len(), all.len());
                    }
                    _ => assert_eq!(sorted, expected, "row {row}"),
                }
            }
        }
    }

    fn push_row(&mut self, properties: &[(PropertyNumber, LookupProperty); 2], row: usize) {
        let texts = [0, 1].map(|property| {
            let (number, is_capital) = self.scenario.rows[row][property]?;
            let text = text_of(property, number);
            Some(if is_capital {
                text.to_uppercase()
            } else {
                text
            })
        });
        let key = |side: usize| {
            let text = texts[side].as_ref()?;
            Some(read_key(text, properties[side].1.kind).unwrap())
        };
        let keys = [key(0), key(1)];
        let keys = [0, 1].map(|side| {
            let key = keys[side].as_ref()?;
            Some(self.lookups.add_key(properties[side].0, key, self.now))
        });
        self.lookups.push(row, keys);
    }

    /// Lets time pass until something is due.
    fn wait(&mut self, has_ended: bool) {
        let can_send = Route::BOTH
            .into_iter()
            .any(|route| self.lookups.is_ready(route));
        if can_send || !self.in_flight.is_empty() {
            return;
        }
        match self.lookups.next_due() {
            Some(due) => self.now = self.now.max(due),
            None => assert!(!has_ended, "a row waits for ever: {:?}", self.lookups),
        }
    }

    fn run(mut self) {
        let property = |object_type: &str, name: &str, route| {
            LookupProperty::new(ObjectType::new(object_type).unwrap(), name.into(), route)
        };
        let properties = [
            property("contacts", "email", Route::BatchRead),
            property("companies", "domain", Route::Search),
        ]
        .map(|property| (self.lookups.property_number(&property).unwrap(), property));
        let rows = self.scenario.rows.len();
        let mut pushed = 0;
        let mut has_ended = false;
        while self.popped < rows {
            if pushed < rows && self.lookups.has_capacity() {
                self.push_row(&properties, pushed);
                pushed += 1;
            } else if pushed == rows && !has_ended && self.choose(2) == 0 {
                self.lookups.end_input();
                has_ended = true;
            }
            if self.choose(3) > 0 {
                let route = Route::BOTH[self.choose(2)];
                self.send(route);
            }
            if !self.in_flight.is_empty() && self.choose(3) > 0 {
                self.receive();
            }
            self.now += Duration::from_millis(10);
            self.lookups.release_due(self.now);
            self.pop_rows();
            if self.popped < rows {
                self.wait(has_ended);
            }
            assert!(
                self.next_choice < 50_000,
                "it does not end: {:?}",
                self.lookups
            );
        }
        assert_eq!(self.lookups.len(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn each_row_gets_the_answers_of_its_own_keys_in_order_and_no_key_is_asked_without_need(scenario in any_scenario()) {
        let simulation = Simulation {
            lookups: Lookups::new(scenario.limits),
            scenario,
            next_choice: 0,
            now: Instant::now(),
            in_flight: Vec::new(),
            asked: HashMap::new(),
            popped: 0,
        };
        simulation.run();
    }
}
