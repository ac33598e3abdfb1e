//! An API in memory that makes, lists and removes links between contacts and companies, and a run against it.
//!
//! Row 7 links contact 7 with company 1,000,007.

use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::api::endpoint::Endpoint;
use crate::api::link_call::{LinkCall, LinkRoute};
use crate::api::lookup_call::LookupCall;
use crate::api::response::headers::Reply;
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::proof::{ExistedBefore, LinkState, Proof, UndoOutcome, Undone, Verified};
use crate::exit_status::ExitStatus;
use crate::input::row::CheckedRow;
use crate::rate_limit::controller::RateController;
use crate::rate_limit::limiter::RateLimiter;
use crate::rate_limit::rate::{RateSetting, Share};
use crate::run::context::{
    LinkLabelUse, LinkPurpose, LinkSettings, RunContext, RunOutcome, RunSettings,
};
use crate::run::dispatcher::run;
use crate::run::stop_reason::StopRequest;
use crate::run::tests::links::world::*;
use crate::run::tests::links::writes::ids_of;
use crate::run::tests::support::*;

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Put,
    Read,
    Records,
    Removal,
}

/// A request that was received.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    /// The ids of the records that it names first.
    pub(super) ids: Vec<u64>,
    pub(super) at: Duration,
}

/// A reply that is not the truth.
pub(super) enum Fault {
    /// The request has no effect.
    Instead(Reply),
    /// The request has its effect first.
    After(Reply),
}

type Script = Arc<dyn Fn(&Asked, usize) -> Option<Fault> + Send + Sync>;

/// The API.
#[derive(Clone)]
pub(super) struct Crm {
    started: Instant,
    script: Script,
    latency: Duration,
    away: Option<Range<Duration>>,
    pub(super) world: Arc<Mutex<World>>,
    pub(super) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Crm {
    /// An API over a world that outlives it.
    pub(super) fn over(
        world: Arc<Mutex<World>>,
        script: impl Fn(&Asked, usize) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        Self {
            started: Instant::now(),
            script: Arc::new(script),
            latency: Duration::from_millis(100),
            away: None,
            world,
            asked: Arc::default(),
        }
    }

    /// Receives a request. `truth` has its effect and makes its reply.
    async fn handle(
        &self,
        kind: Kind,
        ids: Vec<u64>,
        truth: impl FnOnce(&mut World) -> Reply,
    ) -> Reply {
        let at = self.started.elapsed();
        let asked = Asked { kind, ids, at };
        let number = {
            let mut all = self.asked.lock().unwrap();
            let same = all.iter().filter(|other| other.kind == kind).count();
            all.push(asked.clone());
            same
        };
        tokio::time::sleep(self.latency).await;
        let is_away = self.away.as_ref().is_some_and(|away| away.contains(&at));
        if is_away {
            return disconnected();
        }
        match (self.script)(&asked, number) {
            Some(Fault::Instead(reply)) => reply,
            Some(Fault::After(reply)) => {
                truth(&mut self.world.lock().unwrap());
                reply
            }
            None => truth(&mut self.world.lock().unwrap()),
        }
    }
}

impl Endpoint for Crm {
    async fn associate<R: LinkRequest + Sync>(&self, row: &R) -> Reply {
        let link = |world: &mut World| {
            let result = world.write(row);
            match row.labels() {
                Some(_) => answer(201, &result.to_string()),
                None => good(row.pair()),
            }
        };
        let named = vec![ids_of(row.pair()).0];
        self.handle(Kind::Put, named, link).await
    }

    async fn associate_all<P: LinkRequest + Sync>(&self, pairs: &[P]) -> Reply {
        let named = pairs.iter().map(|row| ids_of(row.pair()).0).collect();
        let link = |world: &mut World| {
            let results: Vec<_> = pairs.iter().map(|row| world.write(row)).collect();
            answer(
                200,
                &json!({"status": "COMPLETE", "results": results}).to_string(),
            )
        };
        self.handle(Kind::Put, named, link).await
    }

    async fn lookup(&self, call: &LookupCall) -> Reply {
        let keys = inputs(&call.body);
        let keys = keys.iter().map(|input| input["id"].as_str().unwrap());
        let ids = keys
            .map(|key| id_of_email(key).unwrap_or_else(|| key.parse().unwrap()))
            .collect();
        self.handle(Kind::Records, ids, |world| world.records(call))
            .await
    }

    async fn links(&self, call: &LinkCall) -> Reply {
        let inputs = inputs(&call.body);
        match call.route {
            LinkRoute::Read => {
                let ids = inputs.iter().map(|input| number(&input["id"])).collect();
                self.handle(Kind::Read, ids, |world| world.read(call)).await
            }
            LinkRoute::Archive => {
                let ids = inputs
                    .iter()
                    .map(|input| number(&input["from"]["id"]))
                    .collect();
                self.handle(Kind::Removal, ids, |world| world.remove(call))
                    .await
            }
            LinkRoute::ArchiveLabels => {
                let ids = inputs
                    .iter()
                    .map(|input| number(&input["from"]["id"]))
                    .collect();
                self.handle(Kind::Removal, ids, |world| world.remove_labels(call))
                    .await
            }
        }
    }
}

/// A run against the API.
pub(super) struct LinkRun {
    pub(super) rows: Vec<CheckedRow>,
    pub(super) world: World,
    pub(super) purpose: LinkPurpose,
    pub(super) is_unlimited: bool,
    /// Whether the requests that link have a rate limit.
    pub(super) is_paced: bool,
    pub(super) script: Script,
    pub(super) latency: Duration,
    pub(super) away: Option<Range<Duration>>,
    pub(super) stops: Vec<(Duration, StopRequest)>,
    pub(super) settings: RunSettings,
}

pub(super) struct Ended {
    pub(super) ending: RunOutcome,
    /// In the order of the rows.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) asked: Vec<Asked>,
    pub(super) world: World,
    pub(super) events: Vec<String>,
    pub(super) shows_rate: bool,
    pub(super) took: Duration,
}

impl LinkRun {
    pub(super) fn of(purpose: LinkPurpose, rows: impl IntoIterator<Item = u64>) -> Self {
        Self {
            rows: rows.into_iter().map(row).collect(),
            world: World::default(),
            purpose,
            is_unlimited: false,
            is_paced: false,
            script: Arc::new(|_, _| None),
            latency: Duration::from_millis(100),
            away: None,
            stops: Vec::new(),
            settings: settings(4, 6),
        }
    }

    pub(super) fn import(rows: impl IntoIterator<Item = u64>) -> Self {
        Self::of(
            LinkPurpose::Import {
                skip_existing: false,
                labels: LinkLabelUse::Ignored,
            },
            rows,
        )
    }

    pub(super) fn verify(rows: impl IntoIterator<Item = u64>) -> Self {
        Self::of(
            LinkPurpose::Verify {
                expect_absent: false,
            },
            rows,
        )
    }

    pub(super) fn undo(rows: impl IntoIterator<Item = u64>) -> Self {
        Self::of(LinkPurpose::Undo, rows)
    }

    pub(super) fn in_world(mut self, world: World) -> Self {
        self.world = world;
        self
    }

    /// The faults, by the number of the request among those of its kind, from 0.
    pub(super) fn answering(
        mut self,
        script: impl Fn(&Asked, usize) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        self.script = Arc::new(script);
        self
    }

    /// The same replies instead of the truth to all requests of this kind that `picks` picks by their number.
    pub(super) fn faulty(
        self,
        kind: Kind,
        picks: impl Fn(usize) -> bool + Send + Sync + 'static,
        reply: impl Fn() -> Reply + Send + Sync + 'static,
    ) -> Self {
        self.answering(move |asked, number| {
            (asked.kind == kind && picks(number)).then(|| Fault::Instead(reply()))
        })
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
            latency: self.latency,
            away: self.away,
            world: Arc::new(Mutex::new(self.world)),
            asked: Arc::default(),
        };
        let mut report = Memory::default();
        let mut observer = TestObserver::default();
        let mut context: RunContext<'_> =
            context(input_of(self.rows), stop, &mut report, &mut observer);
        if self.is_paced {
            let rate = RateController::new(RateSetting::Auto, Share::ALL);
            context.rate_limiter = RateLimiter::new(rate);
        }
        let links = LinkSettings {
            purpose: self.purpose,
            is_unlimited: self.is_unlimited,
            share: Share::ALL,
        };
        let settings = RunSettings {
            links: Some(links),
            ..self.settings
        };
        let ending = run(crm.clone(), settings, context).await;
        let mut outcomes = std::mem::take(&mut *report.flushed.lock().unwrap());
        outcomes.sort_by_key(|outcome| outcome.key.row);
        Ended {
            ending,
            outcomes,
            asked: std::mem::take(&mut *crm.asked.lock().unwrap()),
            world: std::mem::take(&mut *crm.world.lock().unwrap()),
            events: observer.kinds,
            shows_rate: observer.shows_rate,
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

    pub(super) fn of(&self, kind: OutcomeKind) -> usize {
        let outcomes = self.outcomes.iter();
        outcomes.filter(|outcome| outcome.kind == kind).count()
    }

    /// The number of requests of this kind.
    pub(super) fn calls(&self, kind: Kind) -> usize {
        self.asked.iter().filter(|asked| asked.kind == kind).count()
    }

    /// The rows that existed before, by this value.
    pub(super) fn existed(&self, value: ExistedBefore) -> usize {
        let outcomes = self.outcomes.iter();
        outcomes
            .filter(|outcome| outcome.existed_before == Some(value))
            .count()
    }

    fn proofs(&self) -> impl Iterator<Item = &Proof> {
        self.outcomes
            .iter()
            .map(|outcome| outcome.proof.as_deref().unwrap())
    }

    pub(super) fn verified(&self) -> Vec<&Verified> {
        let verified = self.proofs().map(|proof| match proof {
            Proof::Verified(verified) => verified,
            Proof::Undone(undone) => panic!("{undone:?}"),
        });
        verified.collect()
    }

    /// The rows in this state.
    pub(super) fn in_state(&self, state: LinkState) -> usize {
        let verified = self.verified().into_iter();
        verified.filter(|verified| verified.state == state).count()
    }

    pub(super) fn undone(&self) -> Vec<&Undone> {
        let undone = self.proofs().map(|proof| match proof {
            Proof::Undone(undone) => undone,
            Proof::Verified(verified) => panic!("{verified:?}"),
        });
        undone.collect()
    }

    /// The rows with this outcome of an undo.
    pub(super) fn with(&self, outcome: UndoOutcome) -> usize {
        let undone = self.undone().into_iter();
        undone.filter(|undone| undone.outcome == outcome).count()
    }
}
