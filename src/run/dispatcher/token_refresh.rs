//! Refreshes the token during a run: before it expires, and when HubSpot refuses it. Rows that were
//! refused for an expired token are sent again, without counting an attempt.
//!
//! If a token was accepted before, is refused now, and no other token is available, it is in doubt:
//! after a pause, single requests show whether it is still valid. So one 401 among good replies does not
//! end a run that takes days, and a revoked token costs at most two more requests for a few rows.

use std::future::pending;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::domain::outcome::Details;
use crate::rate_limit::permit::Permit;
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::event::{Observe, RunEvent};
use crate::run::reusable_timer::ReusableTimer;
use crate::run::stop_reason::StopReason;
use crate::run::write_report::WriteReport;
use crate::verdict::backoff::exponential;
use crate::verdict::retry::{AttemptCounts, FatalCause};

/// Delay before the next refresh after a failed one; it doubles with each failure.
const INITIAL_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_mins(1);

/// How long all requests pause before a token in doubt is used again.
const DOUBT_PAUSE: Duration = Duration::from_secs(2);

/// What to do with a request whose token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Send it again without counting an attempt: the token was refreshed meanwhile, may be refreshed,
    /// or is already in doubt.
    SendAgain,
    /// Send it once more, after a pause.
    OnceMore,
    /// End the run.
    Finally,
}

/// The state of the token.
#[derive(Debug)]
pub(super) struct TokenRefresh {
    /// Whether the token can be refreshed at all.
    can_refresh: bool,
    running: Option<JoinHandle<RefreshOutcome>>,
    /// The generation of the token. It increases with each new token, and when a token becomes in doubt,
    /// so that each request is matched to the token state it was sent with.
    generation: u32,
    /// Whether a request with the current token got a reply that did not refuse it.
    proven: bool,
    /// Whether the current token was accepted before, then refused, and not accepted since.
    in_doubt: bool,
    /// The reply that refused the current token.
    refusal: Option<Details>,
    failures: u32,
    /// The next refresh starts no earlier than this.
    pause: Option<Instant>,
    pause_timer: ReusableTimer,
}

impl TokenRefresh {
    pub(super) fn new(can_refresh: bool) -> Self {
        Self {
            can_refresh,
            running: None,
            generation: 0,
            proven: false,
            in_doubt: false,
            refusal: None,
            failures: 0,
            pause: None,
            pause_timer: ReusableTimer::new(),
        }
    }

    /// The generation of the token for requests that are sent now.
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Whether a refusal leads to a new token, as far as is known.
    pub(super) fn can_refresh_normally(&self) -> bool {
        self.can_refresh && !self.in_doubt
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The result of the refresh in progress, or `None` when the pause before the next one ends. Cancel
    /// safe.
    pub(super) async fn next(&mut self) -> Option<Result<RefreshOutcome, JoinError>> {
        match &mut self.running {
            Some(task) => {
                let refresh = task.await;
                self.running = None;
                Some(refresh)
            }
            None if self.pause.is_some() => {
                self.pause_timer.wait_until(self.pause).await;
                self.pause = None;
                None
            }
            None => pending().await,
        }
    }
}

impl<E: Endpoint, W: WriteReport, O: Observe> Dispatcher<'_, E, W, O> {
    /// Whether requests must wait for a new token.
    pub(super) fn needs_token(&self) -> bool {
        let is_due = |due| due <= Instant::now();
        self.token_refresh.can_refresh
            && (self.token_refresh.is_running()
                || self.token_refresh.refusal.is_some()
                || self.context.endpoint.refresh_due().is_some_and(is_due))
    }

    /// Whether the next refresh can start.
    pub(super) fn may_refresh(&self) -> bool {
        self.phase == Phase::Running
            && self.token_refresh.running.is_none()
            && self.token_refresh.pause.is_none()
            && self.needs_token()
    }

    /// Starts a refresh. It uses a permit, as every request does.
    pub(super) fn start_refresh(&mut self, _permit: Permit) {
        let endpoint = self.context.endpoint.clone();
        let token_refresh = async move { endpoint.refresh().await };
        self.token_refresh.running = Some(tokio::spawn(token_refresh));
    }

    /// Whether a refresh in progress must complete even if nothing more will be sent, because it may
    /// return a new refresh token.
    pub(super) fn must_finish_refresh(&self) -> bool {
        self.token_refresh.is_running() && self.context.endpoint.is_exchanging()
    }

    /// Cancels a refresh at the end of the run, unless its exchange has started: the refresh token that
    /// it returns must still be saved.
    pub(super) fn cancel_refresh(&mut self) {
        let is_exchanging = self.context.endpoint.is_exchanging();
        if let Some(task) = self.token_refresh.running.take()
            && !is_exchanging
        {
            task.abort();
        }
    }

    pub(super) fn handle_refresh(&mut self, refresh: Result<RefreshOutcome, JoinError>) {
        if self.phase != Phase::Running && refresh.is_ok() {
            // The run waited only so that the new token is saved. Its result matters to the next run.
            return;
        }
        match refresh {
            Ok(RefreshOutcome::New) => {
                let token_refresh = &mut self.token_refresh;
                token_refresh.generation += 1;
                token_refresh.proven = false;
                token_refresh.in_doubt = false;
                token_refresh.refusal = None;
                token_refresh.failures = 0;
                for row in self.suspects.release() {
                    self.queue.push(row);
                }
                self.emit(RunEvent::TokenRefreshed);
            }
            Ok(RefreshOutcome::Same) => {
                let refusal = self.token_refresh.refusal.take().unwrap_or_default();
                // Where rows are held, another row must show whether the cause is the token or these
                // rows.
                if self.token_refresh.proven || !self.suspects.is_empty() {
                    self.suspect_token(&refusal.message);
                } else {
                    self.stop_for(FatalCause::Unauthorized, Vec::new(), refusal);
                }
            }
            Ok(other @ RefreshOutcome::OtherPortal { .. }) => self.other_portal(&other),
            Ok(RefreshOutcome::Refused(why)) => self.handle_refused_refresh(why),
            Ok(RefreshOutcome::Failed(why)) => self.handle_failed_refresh(why),
            Err(error) => self.stop(StopReason::of_panic(error)),
        }
    }

    fn handle_failed_refresh(&mut self, why: String) {
        self.token_refresh.failures += 1;
        let failures = self.token_refresh.failures;
        if failures >= self.settings.retry.max_attempts.get() {
            self.handle_refused_refresh(why);
            return;
        }
        let period = exponential(INITIAL_WAIT, MAX_WAIT, failures - 1);
        self.token_refresh.pause = Some(Instant::now() + period);
        let why = format!("could not refresh the access token: {why}");
        self.emit(RunEvent::Paused { period, why: &why });
    }

    fn handle_refused_refresh(&mut self, why: String) {
        let details = Details {
            message: why,
            ..Details::default()
        };
        self.stop_for(FatalCause::NoToken, Vec::new(), details);
    }

    fn other_portal(&mut self, refresh: &RefreshOutcome) {
        let details = Details {
            message: refresh.to_string(),
            ..Details::default()
        };
        self.stop_for(FatalCause::OtherPortal, Vec::new(), details);
    }

    /// Handles a reply that refused the token of this generation, for a request with these attempts.
    pub(super) fn token_was_refused(
        &mut self,
        generation: u32,
        attempt_counts: AttemptCounts,
        details: &Details,
    ) -> Refused {
        let token_refresh = &mut self.token_refresh;
        if generation != token_refresh.generation {
            return Refused::SendAgain;
        }
        if token_refresh.can_refresh {
            // A new token that was refused at once indicates that another one would be refused as well.
            let may_succeed =
                token_refresh.generation == 0 || token_refresh.proven || token_refresh.in_doubt;
            if !may_succeed {
                return Refused::Finally;
            }
            token_refresh.refusal.get_or_insert_with(|| details.clone());
            return Refused::SendAgain;
        }
        if !token_refresh.proven || attempt_counts.was_unauthorized() {
            return Refused::Finally;
        }
        self.suspect_token(&details.message);
        Refused::OnceMore
    }

    /// Pauses, then lets single requests show whether the token is valid. Replies to earlier requests do
    /// not decide that.
    fn suspect_token(&mut self, why: &str) {
        self.token_refresh.generation += 1;
        self.token_refresh.proven = false;
        self.token_refresh.in_doubt = true;
        let period = DOUBT_PAUSE;
        self.context.rate_limiter.pause(period);
        self.emit(RunEvent::Paused { period, why });
    }

    /// Records a reply that did not refuse the token of this generation.
    pub(super) fn token_was_good(&mut self, generation: u32) {
        if generation == self.token_refresh.generation {
            self.token_refresh.proven = true;
            self.token_refresh.in_doubt = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use jiff::Timestamp;
    use tokio::sync::mpsc;

    use super::*;
    use crate::api::response::body::Body;
    use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
    use crate::domain::outcome::{Outcome, OutcomeKind};
    use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};
    use crate::domain::run_counts::RunCounts;
    use crate::exit_status::ExitStatus;
    use crate::input::row::{CheckedRow, RowContent};
    use crate::rate_limit::controller::RateController;
    use crate::rate_limit::limiter::RateLimiter;
    use crate::rate_limit::rate::Share;
    use crate::run::context::{RunContext, RunOutcome, RunSettings};
    use crate::run::dispatcher::run;
    use crate::run::event::Event;
    use crate::run::guards::failure_limit::FailureLimit;
    use crate::run::guards::time_limit::TimeLimits;
    use crate::run::write_report::ReportJob;
    use crate::verdict::retry::RetryPolicy;

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
        async fn associate(&self, pair: &Pair) -> Reply {
            let is_good = {
                let mut state = self.state.lock().unwrap();
                let is_good = state.left > 0;
                state.left = state.left.saturating_sub(1);
                is_good
            };
            tokio::time::sleep(Duration::from_millis(100)).await;
            let (status, body) = if is_good {
                let (from, to) = (pair.from.id, pair.to.id);
                let body = format!(
                    r#"{{"status":"COMPLETE","results":[{{"from":{{"id":"{from}"}},"to":{{"id":"{to}"}}}}]}}"#
                );
                (200, body)
            } else {
                (401, r#"{"message":"it died"}"#.to_owned())
            };
            Reply::Answered(Answer {
                status,
                headers: ReplyHeaders::default(),
                body: Body::parse(body.as_bytes()),
            })
        }

        async fn associate_all<P: AsRef<Pair> + Sync>(&self, _pairs: &[P]) -> Reply {
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

    #[derive(Default)]
    struct Memory(Arc<Mutex<Vec<Outcome>>>);

    impl WriteReport for Memory {
        fn add(&mut self, outcome: &Outcome) {
            self.0.lock().unwrap().push(outcome.clone());
        }
        fn is_full(&self) -> bool {
            false
        }
        fn flush(&mut self) -> ReportJob {
            Box::new(|| Ok::<_, io::Error>(()))
        }
        fn sync(&mut self) -> Option<ReportJob> {
            None
        }
    }

    struct NoObserver;

    impl Observe for NoObserver {
        fn on(&mut self, _event: &Event<'_>) {}
    }

    fn row(number: u64) -> CheckedRow {
        let record = |object_type, id: u64| Record {
            object_type: ObjectType::new(object_type).unwrap(),
            id: RecordId::new(&id.to_string()).unwrap(),
        };
        let key = RowKey {
            row: number,
            line: number + 1,
        };
        let (from, to) = (record("contacts", number), record("companies", number));
        let content = RowContent::Pair(Pair { from, to });
        CheckedRow { key, content }
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
        let (sender, rows) = mpsc::channel(64);
        for number in 1..=40 {
            sender.send(Ok(row(number))).await.unwrap();
        }
        drop(sender);
        let mut report = Memory::default();
        let outcomes = Arc::clone(&report.0);
        let settings = RunSettings {
            concurrency: 4.try_into().unwrap(),
            retry: RetryPolicy {
                max_attempts: 3.try_into().unwrap(),
            },
            failure_limit: FailureLimit::default(),
            time_limits: TimeLimits::default(),
            daily_reset: None,
            batch: None,
        };
        let (_asker, stop) = mpsc::channel(1);
        let context = RunContext {
            endpoint,
            rate_limiter: RateLimiter::new(RateController::new(
                "unlimited".parse().unwrap(),
                Share::default(),
            )),
            report: &mut report,
            observer: &mut NoObserver,
            rows,
            previous_counts: RunCounts::default(),
            failed_before: Box::new(|_| false),
            stop,
            now: || Timestamp::UNIX_EPOCH,
            draw: Box::new(|| 0.5),
        };
        let ending = run(settings, context).await;
        let outcomes = outcomes.lock().unwrap().clone();
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
        let (ending, outcomes, refreshes) =
            send(100, false, vec![failed(), failed(), failed()]).await;
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
}
