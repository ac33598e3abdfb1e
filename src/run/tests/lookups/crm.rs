//! An API in memory that finds records by keys and links them, and a run against it.
//!
//! `user7@…` is contact 7, `alias7@…` a secondary address of it, `company7.com` company 7; `many…` are the keys of three
//! records, and `missing…` of none.

use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::api::endpoint::Endpoint;
use crate::api::link_call::LinkCall;
use crate::api::lookup_call::{LookupCall, Route};
use crate::api::response::body::Body;
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::domain::category::Category;
use crate::domain::keyed_pair::{KeyedPair, RecordName};
use crate::domain::known_links::KnownLinks;
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};
use crate::domain::property_name::PropertyName;
use crate::exit_status::ExitStatus;
use crate::input::row::{CheckedRow, RowContent};
use crate::input::skip::Skips;
use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::rate_limit::rate::Share;
use crate::run::context::{LookupSettings, RunContext, RunOutcome, RunSettings};
use crate::run::dispatcher::run;
use crate::run::stop_reason::StopRequest;
use crate::run::tests::support::*;

/// A reply to a lookup.
pub(super) fn raw(status: u16, body: &Value) -> Reply {
    raw_text(status, &body.to_string())
}

pub(super) fn raw_text(status: u16, body: &str) -> Reply {
    Reply::Answered(Answer {
        status,
        headers: ReplyHeaders::default(),
        body: Body::Raw(body.as_bytes().to_vec()),
    })
}

/// A lookup that was received.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) route: Route,
    pub(super) keys: Vec<String>,
    pub(super) at: Duration,
}

type Script = Arc<dyn Fn(&Asked, usize) -> Option<Reply> + Send + Sync>;

/// The API.
#[derive(Clone)]
pub(super) struct Crm {
    started: Instant,
    /// The reply to a lookup, by its number from 0, where it is not the truth.
    script: Script,
    lookup_latency: Duration,
    away: Option<Range<Duration>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    linked: Arc<Mutex<Vec<(u64, u64, Duration)>>>,
    /// The reply to the first request that links.
    first_link: Arc<Mutex<Option<Reply>>>,
}

fn keys_of(call: &LookupCall) -> Vec<String> {
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let values = match call.route {
        Route::BatchRead => body["inputs"].as_array().unwrap(),
        Route::Search => body["filterGroups"][0]["filters"][0]["values"]
            .as_array()
            .unwrap(),
    };
    let text = |value: &Value| match call.route {
        Route::BatchRead => value["id"].as_str().unwrap().to_owned(),
        Route::Search => value.as_str().unwrap().to_owned(),
    };
    values.iter().map(text).collect()
}

fn number_in(key: &str) -> u64 {
    let digits: String = key.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// The records that have a key.
fn records(call: &LookupCall, key: &str) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let property = body["properties"][0].as_str().unwrap().to_owned();
    let record =
        |id: u64, properties: Value| json!({"id": id.to_string(), "properties": properties});
    let own = |id| record(id, json!({&property: key}));
    if key.starts_with("missing") {
        Vec::new()
    } else if key.starts_with("many") {
        (1..=3)
            .map(|more| own(number_in(key) * 1000 + more))
            .collect()
    } else if key.starts_with("alias") {
        let properties = json!({"email": "main@x.de", "hs_additional_emails": key});
        vec![record(number_in(key), properties)]
    } else {
        vec![own(number_in(key))]
    }
}

/// The truth about the keys of a call.
pub(super) fn truth(call: &LookupCall) -> Reply {
    let keys = keys_of(call);
    let found: Vec<Value> = keys.iter().flat_map(|key| records(call, key)).collect();
    if call.route == Route::Search {
        return raw(200, &json!({"total": found.len(), "results": found}));
    }
    let missing: Vec<&String> = keys
        .iter()
        .filter(|key| key.starts_with("missing"))
        .collect();
    if missing.is_empty() {
        return raw(200, &json!({"status": "COMPLETE", "results": found}));
    }
    let error =
        json!({"category": "OBJECT_NOT_FOUND", "message": "m", "context": {"ids": missing}});
    let body = json!({"status": "COMPLETE", "results": found, "numErrors": 1, "errors": [error]});
    raw(207, &body)
}

impl Crm {
    fn is_away(&self) -> bool {
        let passed = self.started.elapsed();
        self.away
            .as_ref()
            .is_some_and(|away| away.contains(&passed))
    }

    fn link(&self, pair: &Pair) {
        let [from, to] = [&pair.from, &pair.to].map(|record| record.id.as_str().parse().unwrap());
        let mut linked = self.linked.lock().unwrap();
        linked.push((from, to, self.started.elapsed()));
    }
}

impl Endpoint for Crm {
    async fn associate<R: LinkRequest + Sync>(&self, row: &R) -> Reply {
        let pair = row.pair();
        if self.is_away() {
            return disconnected();
        }
        if let Some(reply) = self.first_link.lock().unwrap().take() {
            return reply;
        }
        self.link(pair);
        good(pair)
    }

    async fn associate_all<P: LinkRequest + Sync>(&self, pairs: &[P]) -> Reply {
        if self.is_away() {
            return disconnected();
        }
        let results: Vec<Value> = pairs
            .iter()
            .map(LinkRequest::pair)
            .inspect(|pair| self.link(pair))
            .map(|pair| json!({"from": {"id": pair.from.id.as_str()}, "to": {"id": pair.to.id.as_str()}}))
            .collect();
        answer(
            200,
            &json!({"status": "COMPLETE", "results": results}).to_string(),
        )
    }

    async fn links(&self, _call: &LinkCall) -> Reply {
        unreachable!("a run that does not read links")
    }

    async fn lookup(&self, call: &LookupCall) -> Reply {
        let asked = Asked {
            route: call.route,
            keys: keys_of(call),
            at: self.started.elapsed(),
        };
        let number = {
            let mut all = self.asked.lock().unwrap();
            all.push(asked.clone());
            all.len() - 1
        };
        let is_away = self.is_away();
        tokio::time::sleep(self.lookup_latency).await;
        if is_away {
            return disconnected();
        }
        (self.script)(&asked, number).unwrap_or_else(|| truth(call))
    }
}

/// A row whose contact is named by an email address and whose company by its id, 1,000,000 above the row.
pub(super) fn by_email(row: u64, email: &str) -> CheckedRow {
    keyed(row, key("contacts", email), id(row + 1_000_000))
}

/// A row with both records named by keys.
pub(super) fn by_email_and_domain(row: u64, email: &str, domain: &str) -> CheckedRow {
    keyed(row, key("contacts", email), key("companies", domain))
}

pub(super) fn key(object_type: &str, cell: &str) -> RecordName {
    RecordName::Key {
        object_type: ObjectType::new(object_type).unwrap(),
        cell: cell.into(),
    }
}

pub(super) fn id(id: u64) -> RecordName {
    RecordName::Id(Record {
        object_type: ObjectType::new("companies").unwrap(),
        id: RecordId::new(&id.to_string()).unwrap(),
    })
}

pub(super) fn keyed(row: u64, from: RecordName, to: RecordName) -> CheckedRow {
    CheckedRow {
        key: RowKey { row, line: row + 1 },
        content: RowContent::Keyed(Box::new(KeyedPair { from, to })),
        labels: None,
    }
}

/// A run against the API.
pub(super) struct LookupRun {
    pub(super) rows: Vec<CheckedRow>,
    pub(super) script: Script,
    pub(super) lookup: LookupSettings,
    pub(super) lookup_latency: Duration,
    pub(super) away: Option<Range<Duration>>,
    pub(super) first_link: Option<Reply>,
    pub(super) stops: Vec<(Duration, StopRequest)>,
    pub(super) skips: Skips,
    pub(super) settings: RunSettings,
}

pub(super) struct Ended {
    pub(super) ending: RunOutcome,
    /// In the order of the rows.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) asked: Vec<Asked>,
    /// The pairs in the order of the requests, with the time.
    pub(super) linked: Vec<(u64, u64, Duration)>,
    pub(super) events: Vec<String>,
    pub(super) took: Duration,
}

impl LookupRun {
    pub(super) fn of(rows: impl IntoIterator<Item = CheckedRow>) -> Self {
        Self {
            rows: rows.into_iter().collect(),
            script: Arc::new(|_, _| None),
            lookup: LookupSettings {
                from: PropertyName::new("email"),
                to: PropertyName::new("domain"),
                allow_search: true,
                is_unlimited: true,
                share: Share::ALL,
            },
            lookup_latency: Duration::from_millis(100),
            away: None,
            first_link: None,
            stops: Vec::new(),
            skips: Skips::new(KnownLinks::default(), false),
            settings: settings(4, 6),
        }
    }

    /// The replies to lookups, by their number from 0.
    pub(super) fn answering(
        mut self,
        script: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        self.script = Arc::new(script);
        self
    }

    /// Runs it to its end. The future is boxed: it is large.
    pub(super) fn run(self) -> Pin<Box<dyn Future<Output = Ended>>> {
        Box::pin(self.run_to_end())
    }

    async fn run_to_end(self) -> Ended {
        let started = Instant::now();
        let (asker, stop) = mpsc::channel(4);
        let stops = self.stops;
        tokio::spawn(async move {
            for (at, stop) in stops {
                tokio::time::sleep_until(started + at).await;
                asker.send(stop).await.ok();
            }
            asker.closed().await;
        });
        let crm = Crm {
            started,
            script: self.script,
            lookup_latency: self.lookup_latency,
            away: self.away,
            asked: Arc::default(),
            linked: Arc::default(),
            first_link: Arc::new(Mutex::new(self.first_link)),
        };
        let mut report = Memory::default();
        let mut observer = TestObserver::default();
        let rate = RateController::new("unlimited".parse().unwrap(), Share::ALL);
        let context = RunContext {
            rate_limiter: RateLimiter::new(rate),
            skips: self.skips,
            ..context(input_of(self.rows), stop, &mut report, &mut observer)
        };
        let settings = RunSettings {
            lookup: Some(self.lookup),
            ..self.settings
        };
        let ending = run(crm.clone(), settings, context).await;
        let mut outcomes = std::mem::take(&mut *report.flushed.lock().unwrap());
        outcomes.sort_by_key(|outcome| outcome.key.row);
        Ended {
            ending,
            outcomes,
            asked: std::mem::take(&mut *crm.asked.lock().unwrap()),
            linked: std::mem::take(&mut *crm.linked.lock().unwrap()),
            events: observer.kinds,
            took: started.elapsed(),
        }
    }
}

impl Ended {
    pub(super) fn status(&self) -> ExitStatus {
        match &self.ending.stop {
            Some(reason) => reason.exit_status(),
            None => self.ending.counts.exit_status(),
        }
    }

    /// The ids of the pairs in the order of their requests.
    pub(super) fn pairs(&self) -> Vec<(u64, u64)> {
        self.linked
            .iter()
            .map(|&(from, to, _)| (from, to))
            .collect()
    }

    pub(super) fn of(&self, kind: OutcomeKind) -> usize {
        let outcomes = self.outcomes.iter();
        outcomes.filter(|outcome| outcome.kind == kind).count()
    }

    /// The rows with this category.
    pub(super) fn with(&self, category: Category) -> usize {
        let has = |outcome: &&Outcome| outcome.details.categories == [category.as_str()];
        self.outcomes.iter().filter(has).count()
    }

    /// The keys that were asked, with repetitions.
    pub(super) fn keys(&self) -> Vec<&str> {
        let keys = self.asked.iter().flat_map(|asked| &asked.keys);
        keys.map(String::as_str).collect()
    }
}
