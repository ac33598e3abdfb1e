//! An API in memory that reports bad pairs in every plausible way, and an import of rows into it in batches.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::api::endpoint::Endpoint;
use crate::api::link_call::LinkCall;
use crate::api::lookup_call::LookupCall;
use crate::api::response::headers::Reply;
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};
use crate::input::row::{CheckedRow, RowContent};
use crate::run::batch::groups::BatchSettings;
use crate::run::context::{RunOutcome, RunSettings};
use crate::run::dispatcher::run;
use crate::run::stop_reason::StopRequest;
use crate::run::tests::support::*;

/// How the API replies to a batch with bad pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Results, and an error for each bad record, with its side.
    Listed,
    /// The same; the error contains the type and not the side.
    ListedByType,
    /// The same; the error contains only the id.
    ListedById,
    /// The same; the error contains both ids of the pair.
    ListedByPair,
    /// Results, and an error that names no record.
    Counted,
    /// The results omit them.
    LeftOut,
    /// Rejected; all of them are named in sentences.
    NamedSentences,
    /// Rejected; the first of them is named.
    NamedFirst,
    /// Rejected; the id that is named is not in the batch.
    NamedOther,
    /// Rejected; none is named.
    Unnamed,
    /// Accepted without a body.
    Silent,
}

pub(super) const WAYS: [Way; 11] = [
    Way::Listed,
    Way::ListedByType,
    Way::ListedById,
    Way::ListedByPair,
    Way::Counted,
    Way::LeftOut,
    Way::NamedSentences,
    Way::NamedFirst,
    Way::NamedOther,
    Way::Unnamed,
    Way::Silent,
];

/// An API whose bad records are identified by their numbers.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) way: Way,
    pub(super) max: usize,
    /// `type id` of records that do not exist.
    pub(super) missing: Arc<HashSet<String>>,
    /// `type id` of records that cause an error for every request with them.
    pub(super) poison: Arc<HashSet<String>>,
    pub(super) request_sizes: Arc<Mutex<Vec<usize>>>,
    pub(super) latency: Duration,
    /// Until when the API is unreachable.
    pub(super) away: Option<Instant>,
    /// Ids of a pair that is rejected, though both records are valid in other pairs.
    pub(super) refused: Option<[u64; 2]>,
    /// The requests, counted from 1, whose token is refused.
    pub(super) unauthorized: Range<usize>,
    /// `type id` of the record that is forbidden.
    pub(super) forbidden: Option<String>,
}

impl Api {
    pub(super) fn new(way: Way) -> Self {
        Self {
            way,
            max: 2000,
            missing: Arc::default(),
            poison: Arc::default(),
            request_sizes: Arc::default(),
            latency: Duration::from_millis(20),
            away: None,
            refused: None,
            unauthorized: 0..0,
            forbidden: None,
        }
    }

    pub(super) fn missing(mut self, records: impl IntoIterator<Item = String>) -> Self {
        self.missing = Arc::new(records.into_iter().collect());
        self
    }

    pub(super) fn poison(mut self, records: impl IntoIterator<Item = String>) -> Self {
        self.poison = Arc::new(records.into_iter().collect());
        self
    }

    pub(super) fn max(mut self, max: usize) -> Self {
        self.max = max;
        self
    }

    /// The rejection for the pair or record that causes one, if the batch contains it.
    pub(super) fn refusal(&self, pairs: &[&Pair]) -> Option<Reply> {
        let name = |pair: &Pair| format!("{} {}", pair.from.object_type, pair.from.id);
        if let Some(forbidden) = &self.forbidden
            && pairs.iter().any(|pair| name(pair) == *forbidden)
        {
            return Some(answer(403, r#"{"status":"error","message":"forbidden"}"#));
        }
        let refused = self.refused?.map(|id| id.to_string());
        let ids = |pair: &&Pair| [&pair.from, &pair.to].map(|record| record.id.to_string());
        pairs.iter().map(ids).find(|ids| *ids == refused)?;
        let body = serde_json::json!({"category": "VALIDATION_ERROR", "message": "no", "context": {"ids": refused}});
        Some(answer(400, &body.to_string()))
    }

    pub(super) fn answer(&self, pairs: &[&Pair], single: bool) -> Reply {
        if self.away.is_some_and(|end| Instant::now() < end) {
            let why = "no route to host".to_owned();
            return Reply::Disconnected { why };
        }
        let name = |record: &Record| format!("{} {}", record.object_type, record.id);
        let has = |set: &HashSet<String>, pair: &Pair| {
            [
                set.contains(&name(&pair.from)),
                set.contains(&name(&pair.to)),
            ]
        };
        if pairs
            .iter()
            .any(|pair| has(&self.poison, pair).contains(&true))
        {
            return answer(500, r#"{"status":"error","message":"internal error"}"#);
        }
        if pairs.len() > self.max {
            let message = format!("inputs must number 1 to {}, not {}", self.max, pairs.len());
            return answer(400, &serde_json::json!({ "message": message }).to_string());
        }
        let bad = |pair: &Pair| has(&self.missing, pair).contains(&true);
        let any_bad = pairs.iter().any(|pair| bad(pair));
        let refused = "One or more associations are invalid";
        if single && any_bad {
            let body = serde_json::json!({"category": "VALIDATION_ERROR", "message": refused});
            return answer(400, &body.to_string());
        }
        let results: Vec<_> = pairs
            .iter()
            .filter(|pair| !bad(pair))
            .map(|Pair { from, to }| {
                // The other direction alone must suffice.
                serde_json::json!({"from": {"id": to.id.as_str()}, "to": {"id": from.id.as_str()},
                    "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 7}})
            })
            .collect();
        let mut body = serde_json::json!({"status": "COMPLETE", "results": results});
        if !any_bad {
            return answer(200, &body.to_string());
        }
        let records: Vec<(usize, &Pair, &Record)> = pairs
            .iter()
            .flat_map(|pair| {
                let [from, to] = has(&self.missing, pair);
                let from = from.then_some((0, *pair, &pair.from));
                from.into_iter().chain(to.then_some((1, *pair, &pair.to)))
            })
            .collect();
        let label = |record: &Record| match record.object_type.as_str() {
            "contacts" | "0-1" => "CONTACT",
            _ => "COMPANY",
        };
        let sentence = |record: &Record| format!("{}={} is not valid", label(record), record.id);
        let error = |(side, pair, record): &(usize, &Pair, &Record)| {
            let id = record.id.as_str();
            let context = match self.way {
                Way::ListedByPair => serde_json::json!({
                    "fromObjectId": [pair.from.id.as_str()], "toObjectId": [pair.to.id.as_str()]}),
                Way::ListedByType => {
                    serde_json::json!({"objectType": [label(record)], "ids": [id]})
                }
                _ => serde_json::json!({"id": [id]}),
            };
            let mut error = serde_json::json!({"category": "OBJECT_NOT_FOUND", "context": context});
            if self.way == Way::Listed {
                let side = ["FROM", "TO"][*side];
                error["subCategory"] = format!("crm.associations.{side}_OBJECT_NOT_FOUND").into();
            }
            error
        };
        let named = |sentences: Vec<String>| {
            let body = serde_json::json!({"category": "VALIDATION_ERROR", "message": refused,
                "context": {"INVALID_OBJECT_IDS": sentences}});
            answer(400, &body.to_string())
        };
        match self.way {
            Way::Listed | Way::ListedByType | Way::ListedById | Way::ListedByPair => {
                let errors: Vec<_> = records.iter().map(error).collect();
                body["numErrors"] = errors.len().into();
                body["errors"] = errors.into();
                answer(207, &body.to_string())
            }
            Way::Counted => {
                body["numErrors"] = 1.into();
                answer(200, &body.to_string())
            }
            Way::LeftOut => answer(200, &body.to_string()),
            Way::NamedSentences => named(
                records
                    .iter()
                    .map(|(.., record)| sentence(record))
                    .collect(),
            ),
            Way::NamedFirst => named(vec![sentence(records[0].2)]),
            Way::NamedOther => named(vec!["CONTACT=999999999 is not valid".to_owned()]),
            Way::Unnamed => named(vec![]),
            Way::Silent => answer(200, ""),
        }
    }
}

impl Endpoint for Api {
    async fn associate<R: LinkRequest + Sync>(&self, row: &R) -> Reply {
        let pair = row.pair();
        let number = {
            let mut request_sizes = self.request_sizes.lock().unwrap();
            request_sizes.push(1);
            request_sizes.len()
        };
        tokio::time::sleep(self.latency).await;
        if self.unauthorized.contains(&number) {
            return answer(401, r#"{"category":"INVALID_AUTHENTICATION"}"#);
        }
        let refusal = self.refusal(&[pair]);
        refusal.unwrap_or_else(|| self.answer(&[pair], true))
    }

    async fn links(&self, _call: &LinkCall) -> Reply {
        unreachable!("a run that does not read links")
    }

    async fn lookup(&self, _call: &LookupCall) -> Reply {
        unreachable!("rows with ids")
    }

    async fn associate_all<P: LinkRequest + Sync>(&self, pairs: &[P]) -> Reply {
        let pairs: Vec<&Pair> = pairs.iter().map(LinkRequest::pair).collect();
        let number = {
            let mut request_sizes = self.request_sizes.lock().unwrap();
            request_sizes.push(pairs.len());
            request_sizes.len()
        };
        let distinct: HashSet<&&Pair> = pairs.iter().collect();
        assert_eq!(distinct.len(), pairs.len(), "a pair occurs once per batch");
        let types: HashSet<[&str; 2]> = pairs.iter().map(|pair| pair.types()).collect();
        assert_eq!(types.len(), 1, "all pairs of a batch have the same types");
        tokio::time::sleep(self.latency).await;
        if self.unauthorized.contains(&number) {
            return answer(401, r#"{"category":"INVALID_AUTHENTICATION"}"#);
        }
        let refusal = self.refusal(&pairs);
        refusal.unwrap_or_else(|| self.answer(&pairs, false))
    }
}

pub(super) fn batches_of(size: usize) -> BatchSettings {
    BatchSettings {
        size: size.try_into().unwrap(),
        concurrency: 4.try_into().unwrap(),
    }
}

/// A row with these types and ids.
pub(super) fn typed_row(number: usize, types: [&str; 2], ids: [u64; 2]) -> CheckedRow {
    let record = |index: usize| Record {
        object_type: ObjectType::new(types[index]).unwrap(),
        id: RecordId::new(&ids[index].to_string()).unwrap(),
    };
    let number = number as u64 + 1;
    CheckedRow {
        key: RowKey {
            row: number,
            line: number + 1,
        },
        content: RowContent::Pair(Pair {
            from: record(0),
            to: record(1),
        }),
        labels: None,
    }
}

pub(super) struct Ended {
    pub(super) ending: RunOutcome,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) request_sizes: Vec<usize>,
}

impl Ended {
    pub(super) fn kinds(&self) -> Vec<(u64, OutcomeKind)> {
        let kinds = self.outcomes.iter();
        kinds
            .map(|outcome| (outcome.key.row, outcome.kind))
            .collect()
    }
}

/// Runs the import of these rows to its end.
pub(super) async fn send(
    api: &Api,
    rows: Vec<CheckedRow>,
    batch: impl Into<Option<BatchSettings>>,
    stops: &[StopRequest],
) -> Ended {
    let (asker, stop) = mpsc::channel(4);
    let stops = stops.to_vec();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        for stop in stops {
            asker.send(stop).await.ok();
        }
        asker.closed().await;
    });
    let mut report = Memory::default();
    let mut observer = TestObserver::default();
    api.request_sizes.lock().unwrap().clear();
    let context = context(input_of(rows), stop, &mut report, &mut observer);
    let settings = RunSettings {
        batch: batch.into(),
        ..settings(16, 6)
    };
    let ending = run(api.clone(), settings, context).await;
    let mut outcomes = std::mem::take(&mut *report.flushed.lock().unwrap());
    outcomes.sort_by_key(|outcome| outcome.key.row);
    let request_sizes = std::mem::take(&mut *api.request_sizes.lock().unwrap());
    Ended {
        ending,
        outcomes,
        request_sizes,
    }
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

pub(super) fn contacts(count: usize) -> Vec<CheckedRow> {
    (0..count)
        .map(|row| {
            typed_row(
                row,
                ["contacts", "companies"],
                [1 + row as u64, 500_000 + row as u64],
            )
        })
        .collect()
}
