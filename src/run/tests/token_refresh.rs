//! A token that is refreshed during a run.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::api::link_call::LinkCall;
use crate::api::lookup_call::LookupCall;
use crate::api::response::headers::Reply;
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::exit_status::ExitStatus;
use crate::run::context::{RunOutcome, RunSettings};
use crate::run::dispatcher::run;
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::stop_reason::StopReason;
use crate::run::tests::support::*;

/// An endpoint where every token serves a fixed number of requests, and refresh results come from a
/// script.
#[derive(Clone)]
struct Keyed {
    uses: u32,
    state: Arc<Mutex<State>>,
}

struct State {
    left: u32,
    script: Vec<RefreshOutcome>,
    refreshes: u32,
    has_token: bool,
}

impl Endpoint for Keyed {
    async fn associate<R: LinkRequest + Sync>(&self, row: &R) -> Reply {
        let pair = row.pair();
        let is_good = {
            let mut state = self.state.lock().unwrap();
            let is_good = state.left > 0;
            state.left = state.left.saturating_sub(1);
            is_good
        };
        tokio::time::sleep(Duration::from_millis(100)).await;
        if is_good {
            good(pair)
        } else {
            answer(401, r#"{"message":"it died"}"#)
        }
    }

    async fn links(&self, _call: &LinkCall) -> Reply {
        unreachable!("a run that does not read links")
    }

    async fn lookup(&self, _call: &LookupCall) -> Reply {
        unreachable!("rows with ids")
    }

    async fn associate_all<P: LinkRequest + Sync>(&self, _pairs: &[P]) -> Reply {
        Reply::TimedOut
    }

    fn refresh_due(&self) -> Option<Instant> {
        let has_token = self.state.lock().unwrap().has_token;
        (!has_token).then(Instant::now)
    }

    fn can_refresh(&self) -> bool {
        true
    }

    async fn refresh(&self) -> RefreshOutcome {
        let mut state = self.state.lock().unwrap();
        state.refreshes += 1;
        let refresh = match state.script.len() {
            0 => RefreshOutcome::New,
            _ => state.script.remove(0),
        };
        if refresh == RefreshOutcome::New {
            state.left = self.uses;
            state.has_token = true;
        }
        refresh
    }
}

/// Sends 40 rows; each token serves `uses` of them.
async fn send(
    uses: u32,
    has_token: bool,
    script: Vec<RefreshOutcome>,
) -> (RunOutcome, Vec<Outcome>, u32) {
    let state = Arc::new(Mutex::new(State {
        left: if has_token { uses } else { 0 },
        script,
        refreshes: 0,
        has_token,
    }));
    let endpoint = Keyed {
        uses,
        state: Arc::clone(&state),
    };
    let rows = input_of((1..=40).map(row));
    let mut report = Memory::default();
    let mut observer = TestObserver::default();
    let settings = RunSettings {
        failure_limit: FailureLimit::default(),
        ..settings(4, 3)
    };
    let context = context(rows, no_stops(), &mut report, &mut observer);
    let ending = run(endpoint, settings, context).await;
    let outcomes = report.flushed.lock().unwrap().clone();
    let refreshes = state.lock().unwrap().refreshes;
    (ending, outcomes, refreshes)
}

fn status(ending: &RunOutcome) -> Option<ExitStatus> {
    ending.stop.as_ref().map(StopReason::exit_status)
}

#[tokio::test(start_paused = true)]
async fn the_first_token_is_fetched_before_the_first_row_is_sent() {
    let (ending, outcomes, refreshes) = send(100, false, vec![]).await;
    assert_eq!((status(&ending), outcomes.len(), refreshes), (None, 40, 1));
    assert_eq!(ending.counts.requests, 40);
}

#[tokio::test(start_paused = true)]
async fn no_row_fails_because_of_an_expired_token() {
    let (ending, outcomes, refreshes) = send(10, true, vec![]).await;
    assert_eq!((status(&ending), refreshes), (None, 3));
    assert_eq!(outcomes.len(), 40);
    let charged =
        |outcome: &&Outcome| outcome.kind != OutcomeKind::Associated || outcome.attempts != 1;
    assert_eq!(outcomes.iter().find(charged), None);
}

#[tokio::test(start_paused = true)]
async fn a_failed_refresh_is_retried_with_a_delay_a_limited_number_of_times() {
    let failed = || RefreshOutcome::Failed("no reply".to_owned());
    let started = Instant::now();
    let (ending, outcomes, refreshes) = send(100, false, vec![failed(), failed()]).await;
    assert_eq!((status(&ending), outcomes.len(), refreshes), (None, 40, 3));
    assert!(started.elapsed() >= Duration::from_secs(1 + 2));
    let (ending, outcomes, refreshes) = send(100, false, vec![failed(), failed(), failed()]).await;
    let credentials = Some(ExitStatus::Credentials);
    assert_eq!(
        (status(&ending), outcomes.len(), refreshes),
        (credentials, 0, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_token_while_the_old_one_is_in_doubt_keeps_the_run_alive() {
    let (ending, outcomes, refreshes) = send(10, true, vec![RefreshOutcome::Same]).await;
    assert_eq!((status(&ending), outcomes.len()), (None, 40));
    assert_eq!(refreshes, 4);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_account_ends_the_run_before_anything_is_sent_with_it() {
    let other = RefreshOutcome::OtherPortal {
        found: 999,
        expected: 111,
    };
    let (ending, outcomes, refreshes) = send(10, true, vec![other]).await;
    assert_eq!(
        (status(&ending), outcomes.len(), refreshes),
        (Some(ExitStatus::Usage), 10, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_stays_the_same_or_is_refused_ends_the_run() {
    for (script, attempt_counts) in [
        // It was valid before, so the run refreshes it until a few rows were refused.
        (vec![RefreshOutcome::Same; 9], 4),
        (vec![RefreshOutcome::Refused("revoked".to_owned())], 1),
    ] {
        let (ending, outcomes, refreshes) = send(10, true, script).await;
        let credentials = Some(ExitStatus::Credentials);
        assert_eq!(
            (status(&ending), outcomes.len(), refreshes),
            (credentials, 10, attempt_counts)
        );
    }
    // A token that was never valid is refreshed once.
    let (ending, outcomes, refreshes) = send(0, true, vec![RefreshOutcome::Same]).await;
    let credentials = Some(ExitStatus::Credentials);
    assert_eq!(
        (status(&ending), outcomes.len(), refreshes),
        (credentials, 0, 1)
    );
    // A new token that is refused at once is no better than the old one.
    let (ending, outcomes, refreshes) = send(0, true, vec![]).await;
    let credentials = Some(ExitStatus::Credentials);
    assert_eq!(
        (status(&ending), outcomes.len(), refreshes),
        (credentials, 0, 1)
    );
}
