//! A stop while a token refresh is in progress.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::api::link_call::LinkCall;
use crate::api::lookup_call::LookupCall;
use crate::api::response::headers::Reply;
use crate::domain::link_request::LinkRequest;
use crate::exit_status::ExitStatus;
use crate::run::context::RunSettings;
use crate::run::dispatcher::run;
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::stop_reason::{Signal, StopRequest};
use crate::run::tests::support::*;

/// An endpoint without a token; one arrives after ten seconds.
#[derive(Clone)]
struct Tokenless {
    /// Whether the new refresh token must be saved.
    exchanging: bool,
    refresh: RefreshOutcome,
    kept: Arc<Mutex<bool>>,
}

impl Endpoint for Tokenless {
    async fn associate<R: LinkRequest + Sync>(&self, row: &R) -> Reply {
        let pair = row.pair();
        good(pair)
    }

    async fn links(&self, _call: &LinkCall) -> Reply {
        unreachable!("a run that does not read links")
    }

    async fn lookup(&self, _call: &LookupCall) -> Reply {
        unreachable!("rows with ids")
    }

    async fn associate_all<P: LinkRequest + Sync>(&self, _pairs: &[P]) -> Reply {
        unreachable!("one row at a time")
    }

    fn refresh_due(&self) -> Option<Instant> {
        let has_token = *self.kept.lock().unwrap();
        (!has_token).then(Instant::now)
    }

    fn can_refresh(&self) -> bool {
        true
    }

    async fn refresh(&self) -> RefreshOutcome {
        tokio::time::sleep(Duration::from_secs(10)).await;
        *self.kept.lock().unwrap() = true;
        self.refresh.clone()
    }

    fn is_exchanging(&self) -> bool {
        self.exchanging && !*self.kept.lock().unwrap()
    }
}

/// Stops a run after one second. Returns how long it takes, how it ends, and whether the token is saved.
async fn stop_during(
    exchanging: bool,
    refresh: RefreshOutcome,
    stop: StopRequest,
) -> (u64, ExitStatus, bool) {
    let started = Instant::now();
    let kept = Arc::new(Mutex::new(false));
    let (sender, rows) = mpsc::channel(8);
    for number in 1..=3 {
        sender.send(Ok(row(number))).await.unwrap();
    }
    let (asker, stops) = mpsc::channel(4);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        asker.send(stop).await.unwrap();
        asker.closed().await;
    });
    let settings = RunSettings {
        failure_limit: FailureLimit::default(),
        ..settings(4, 1)
    };
    let endpoint = Tokenless {
        exchanging,
        refresh,
        kept: Arc::clone(&kept),
    };
    let mut report = Memory::default();
    let mut observer = TestObserver::default();
    let context = context(rows, stops, &mut report, &mut observer);
    let ending = run(endpoint, settings, context).await;
    let took = started.elapsed().as_secs();
    let status = ending.stop.unwrap().exit_status();
    // A cancelled refresh does not start later.
    tokio::time::sleep(Duration::from_mins(1)).await;
    drop(sender);
    (took, status, *kept.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_an_exchange_in_progress_whatever_its_result() {
    for refresh in [
        RefreshOutcome::New,
        RefreshOutcome::Failed("no reply".to_owned()),
    ] {
        let stop = StopRequest::Gracefully(Signal::Interrupt);
        let ended = stop_during(true, refresh, stop).await;
        assert_eq!(ended, (10, ExitStatus::Interrupted, true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_cancels_a_refresh_that_can_be_repeated_without_loss() {
    let stop = StopRequest::Gracefully(Signal::Terminate);
    let ended = stop_during(false, RefreshOutcome::New, stop).await;
    assert_eq!(ended, (1, ExitStatus::Terminated, false));
}

#[tokio::test(start_paused = true)]
async fn a_second_request_to_stop_waits_for_no_exchange() {
    let stop = StopRequest::Now(Signal::Interrupt);
    let (took, status, _) = stop_during(true, RefreshOutcome::New, stop).await;
    assert_eq!((took, status), (1, ExitStatus::Interrupted));
}
