//! Processes that are killed at one of their requests, against an API in memory.
//!
//! A kill drops the run. The lines that were flushed stay, and the requests that were in flight have their effect later, or
//! never.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::api::endpoint::Endpoint;
use crate::api::link_call::LinkCall;
use crate::api::lookup_call::LookupCall;
use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::domain::labels::LinkLabels;
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::Outcome;
use crate::domain::pair::Pair;
use crate::input::row::CheckedRow;
use crate::rate_limit::rate::Share;
use crate::run::context::{LinkPurpose, LinkSettings, RunSettings};
use crate::run::dispatcher::run;
use crate::run::tests::links::crm::{Crm, Fault};
use crate::run::tests::links::world::{Ids, World};
use crate::run::tests::support::*;

/// What goes wrong in one process.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    /// The number of the request at which the process is killed.
    pub(super) kill_at: Option<usize>,
    /// Whether the requests that are in flight then are lost. Else they have their effect later.
    pub(super) is_lost: bool,
    /// The fault of each request, by its number.
    pub(super) faults: Vec<u8>,
    /// What others change after the kill, once no request is in flight any more. `None`: the next process starts at once.
    pub(super) changes: Option<Vec<Change>>,
}

/// What another user does.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Label(Ids),
    Primary(Ids),
    Remove(Ids),
    Add(Ids),
}

/// The fault with this number.
fn fault(kind: u8) -> Option<Fault> {
    let unread = |why| {
        Reply::Answered(Answer {
            status: 200,
            headers: ReplyHeaders::default(),
            body: Body::Unread(why),
        })
    };
    Some(match kind {
        1 => Fault::Instead(Reply::TimedOut),
        2 => Fault::After(Reply::TimedOut),
        3 => Fault::Instead(answer(500, "")),
        4 => Fault::After(disconnected()),
        5 => Fault::Instead(throttled(1)),
        6 => Fault::After(unread(Unreadable::Cut)),
        7 => Fault::Instead(unread(Unreadable::TooLong)),
        _ => return None,
    })
}

/// The API as a process sees it that is killed at one of its requests.
#[derive(Clone)]
struct Killable {
    crm: Crm,
    requests: Arc<AtomicUsize>,
    kill_at: Option<usize>,
    killed: Arc<Notify>,
}

impl Killable {
    /// Sends a request. It has its effect even if the process is killed meanwhile.
    async fn send<F: Future<Output = Reply> + Send + 'static>(
        &self,
        request: impl FnOnce(Crm) -> F,
    ) -> Reply {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let sent = tokio::spawn(request(self.crm.clone()));
        if Some(number) == self.kill_at {
            self.killed.notify_one();
        }
        sent.await.unwrap()
    }
}

/// What is written, for a request that outlives its run.
struct Written {
    pair: Pair,
    labels: Option<LinkLabels>,
}

impl Written {
    fn of(row: &impl LinkRequest) -> Self {
        Self {
            pair: row.pair().clone(),
            labels: row.labels().cloned(),
        }
    }
}

impl LinkRequest for Written {
    fn pair(&self) -> &Pair {
        &self.pair
    }

    fn labels(&self) -> Option<&LinkLabels> {
        self.labels.as_ref()
    }
}

impl Endpoint for Killable {
    async fn associate<R: LinkRequest + Sync>(&self, row: &R) -> Reply {
        let row = Written::of(row);
        let send = |crm: Crm| async move { crm.associate(&row).await };
        self.send(send).await
    }

    async fn associate_all<P: LinkRequest + Sync>(&self, rows: &[P]) -> Reply {
        let rows: Vec<Written> = rows.iter().map(Written::of).collect();
        let send = |crm: Crm| async move { crm.associate_all(&rows).await };
        self.send(send).await
    }

    async fn lookup(&self, call: &LookupCall) -> Reply {
        let call = call.clone();
        let send = |crm: Crm| async move { crm.lookup(&call).await };
        self.send(send).await
    }

    async fn links(&self, call: &LinkCall) -> Reply {
        let call = call.clone();
        let send = |crm: Crm| async move { crm.links(&call).await };
        self.send(send).await
    }
}

/// Runs one process without batches, to its end or until it is killed. Returns the lines of its report.
pub(super) async fn process(
    world: &Arc<Mutex<World>>,
    purpose: LinkPurpose,
    rows: Vec<CheckedRow>,
    trouble: &Trouble,
) -> Vec<Outcome> {
    process_with(world, purpose, rows, trouble, settings(3, 3)).await
}

/// Runs one process with these settings.
pub(super) async fn process_with(
    world: &Arc<Mutex<World>>,
    purpose: LinkPurpose,
    rows: Vec<CheckedRow>,
    trouble: &Trouble,
    settings: RunSettings,
) -> Vec<Outcome> {
    let is_dead = Arc::new(AtomicBool::new(false));
    let lost = Arc::clone(&is_dead);
    let effects = AtomicUsize::new(0);
    let faults = trouble.faults.clone();
    let script = move |_: &_, _| {
        if lost.load(Ordering::SeqCst) {
            return Some(Fault::Instead(Reply::TimedOut));
        }
        let number = effects.fetch_add(1, Ordering::SeqCst);
        fault(faults.get(number).copied().unwrap_or_default())
    };
    let endpoint = Killable {
        crm: Crm::over(Arc::clone(world), script),
        requests: Arc::default(),
        kill_at: trouble.kill_at,
        killed: Arc::default(),
    };
    let killed = Arc::clone(&endpoint.killed);
    let mut report = Memory::default();
    let flushed = Arc::clone(&report.flushed);
    let mut observer = TestObserver::default();
    let context = context(input_of(rows), no_stops(), &mut report, &mut observer);
    let settings = RunSettings {
        links: Some(LinkSettings {
            purpose,
            is_unlimited: false,
            share: Share::ALL,
        }),
        ..settings
    };
    let running = Box::pin(run(endpoint, settings, context));
    tokio::select! {
        biased;
        () = killed.notified() => is_dead.store(trouble.is_lost, Ordering::SeqCst),
        _ = running => {}
    }
    std::mem::take(&mut *flushed.lock().unwrap())
}
