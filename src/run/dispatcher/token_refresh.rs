//! The token while a run goes on: another one is had ahead of its end, and when HubSpot refuses it. Rows that
//! it was refused for are sent again as if nothing had happened.
//!
//! A token that was accepted before and is refused now, where no other can be had, is in doubt: after a pause one request
//! at a time shows whether it is good. One 401 among good replies is no reason to end a run of days, and a revoked token
//! costs two more requests of a few rows at most.

use std::future::pending;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use super::{Dispatcher, Phase};
use crate::api::{Endpoint, RefreshOutcome};
use crate::outcome::Details;
use crate::rate_limit::Permit;
use crate::run::WriteReport;
use crate::run::event::{Observe, RunEvent};
use crate::run::reusable_timer::ReusableTimer;
use crate::run::stop_reason::StopReason;
use crate::verdict::{AttemptCounts, FatalCause};

/// After a failure the next try waits, twice as long each time.
const INITIAL_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_mins(1);

/// How long all requests pause before a token in doubt is used again.
const DOUBT_PAUSE: Duration = Duration::from_secs(2);

/// What becomes of a request whose token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is made again at no cost: another token was had meanwhile, or may be had, or the token is in doubt already.
    SendAgain,
    /// It is made once more, after a pause.
    OnceMore,
    /// The run ends.
    Finally,
}

/// The state of the token.
#[derive(Debug)]
pub(super) struct TokenRefresh {
    /// Whether there can be another token at all.
    can_refresh: bool,
    running: Option<JoinHandle<RefreshOutcome>>,
    /// Counts the tokens of this run, and one again once it is in doubt, so that it is known which one a request was
    /// sent with.
    generation: u32,
    /// Whether a request with the token in use was answered with anything but a refusal of it.
    proven: bool,
    /// Whether the token in use was accepted before, then refused, and not accepted since.
    in_doubt: bool,
    /// The reply that refused the token in use.
    refusal: Option<Details>,
    failures: u32,
    /// Not before this the next try is made.
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

    /// The token with which a request leaves now.
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Whether a refusal brings another token, as far as is known.
    pub(super) fn renews_without_doubt(&self) -> bool {
        self.can_refresh && !self.in_doubt
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// What came of the try that is under way, or `None` once a pause between two of them is over. May be
    /// dropped while it waits.
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
    /// Whether nothing can be sent before there is another token.
    pub(super) fn needs_token(&self) -> bool {
        let is_due = |due| due <= Instant::now();
        self.token_refresh.can_refresh
            && (self.token_refresh.is_running()
                || self.token_refresh.refusal.is_some()
                || self.context.endpoint.refresh_due().is_some_and(is_due))
    }

    /// Whether the next try to have one may begin.
    pub(super) fn may_refresh(&self) -> bool {
        self.phase == Phase::Running
            && self.token_refresh.running.is_none()
            && self.token_refresh.pause.is_none()
            && self.needs_token()
    }

    /// Tries to have another token. It takes a turn as every request does.
    pub(super) fn start_refresh(&mut self, _turn: Permit) {
        let endpoint = self.context.endpoint.clone();
        let token_refresh = async move { endpoint.refresh().await };
        self.token_refresh.running = Some(tokio::spawn(token_refresh));
    }

    /// Whether the try that is under way must not be given up, even if nothing is to be sent any more.
    pub(super) fn must_finish_renewal(&self) -> bool {
        self.token_refresh.is_running() && self.context.endpoint.is_exchanging()
    }

    /// Begins no exchange after the end. One that is under way may still keep what comes back.
    pub(super) fn give_up_renewal(&mut self) {
        let is_exchanging = self.context.endpoint.is_exchanging();
        if let Some(task) = self.token_refresh.running.take()
            && !is_exchanging
        {
            task.abort();
        }
    }

    pub(super) fn handle_refresh(&mut self, refresh: Result<RefreshOutcome, JoinError>) {
        if self.phase != Phase::Running && refresh.is_ok() {
            // It was waited for to be kept. What came of it matters to the next run.
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
                // Where rows are held, another one is to show whether it is theirs.
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
        let period = INITIAL_WAIT.saturating_mul(1 << (failures - 1).min(10));
        let period = period.min(MAX_WAIT);
        self.token_refresh.pause = Some(Instant::now() + period);
        let why = format!("no token: {why}");
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

    /// A reply refused the token of this generation, for a request with these tries.
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
            // A token that was refused as soon as it was had will not be better the next time.
            let hopeful =
                token_refresh.generation == 0 || token_refresh.proven || token_refresh.in_doubt;
            if !hopeful {
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

    /// Pauses, and lets single requests show whether the token is good. What was sent before does not decide that.
    fn suspect_token(&mut self, why: &str) {
        self.token_refresh.generation += 1;
        self.token_refresh.proven = false;
        self.token_refresh.in_doubt = true;
        let period = DOUBT_PAUSE;
        self.context.rate_limiter.pause(period);
        self.emit(RunEvent::Paused { period, why });
    }

    /// A reply to a request with this token did not refuse it.
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
    use crate::api::{Answer, Body, Reply, ReplyHeaders};
    use crate::exit::ExitStatus;
    use crate::input::{CheckedRow, RowContent};
    use crate::outcome::{Outcome, OutcomeKind};
    use crate::pair::{ObjectType, Pair, Record, RecordId, RowKey};
    use crate::rate_limit::{RateController, RateLimiter, Share};
    use crate::run::{
        ErrorBudget, Event, ReportJob, RunContext, RunCounts, RunOutcome, RunSettings, TimeLimits,
        run,
    };
    use crate::verdict::RetryPolicy;

    /// Every token serves so many requests; what comes of each try to have another one is a script.
    #[derive(Clone)]
    struct Keyed {
        uses: u32,
        state: Arc<Mutex<State>>,
    }

    struct State {
        left: u32,
        script: Vec<RefreshOutcome>,
        renewals: u32,
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
            state.renewals += 1;
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

    struct Nobody;

    impl Observe for Nobody {
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
            renewals: 0,
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
            error_budget: ErrorBudget::default(),
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
            observer: &mut Nobody,
            rows,
            previous_counts: RunCounts::default(),
            failed_before: Box::new(|_| false),
            stop,
            now: || Timestamp::UNIX_EPOCH,
            draw: Box::new(|| 0.5),
        };
        let ending = run(settings, context).await;
        let outcomes = outcomes.lock().unwrap().clone();
        let renewals = state.lock().unwrap().renewals;
        (ending, outcomes, renewals)
    }

    fn status(ending: &RunOutcome) -> Option<ExitStatus> {
        ending.stop.as_ref().map(StopReason::exit_status)
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_token_is_had_before_the_first_row_is_sent() {
        let (ending, outcomes, renewals) = send(100, false, vec![]).await;
        assert_eq!((status(&ending), outcomes.len(), renewals), (None, 40, 1));
        assert_eq!(ending.counts.requests, 40);
    }

    #[tokio::test(start_paused = true)]
    async fn no_row_fails_because_of_an_expired_token() {
        let (ending, outcomes, renewals) = send(10, true, vec![]).await;
        assert_eq!((status(&ending), renewals), (None, 3));
        assert_eq!(outcomes.len(), 40);
        let charged =
            |outcome: &&Outcome| outcome.kind != OutcomeKind::Associated || outcome.attempts != 1;
        assert_eq!(outcomes.iter().find(charged), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_after_a_while_and_not_for_ever() {
        let failed = || RefreshOutcome::Failed("no reply".to_owned());
        let started = Instant::now();
        let (ending, outcomes, renewals) = send(100, false, vec![failed(), failed()]).await;
        assert_eq!((status(&ending), outcomes.len(), renewals), (None, 40, 3));
        assert!(started.elapsed() >= Duration::from_secs(1 + 2));
        let (ending, outcomes, renewals) =
            send(100, false, vec![failed(), failed(), failed()]).await;
        let credentials = Some(ExitStatus::Credentials);
        assert_eq!(
            (status(&ending), outcomes.len(), renewals),
            (credentials, 0, 3)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_is_written_while_it_is_in_doubt_keeps_the_run_alive() {
        let (ending, outcomes, renewals) = send(10, true, vec![RefreshOutcome::Same]).await;
        assert_eq!((status(&ending), outcomes.len()), (None, 40));
        assert_eq!(renewals, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_of_another_account_ends_the_run_before_anything_is_sent_with_it() {
        let other = RefreshOutcome::OtherPortal {
            found: 999,
            expected: 111,
        };
        let (ending, outcomes, renewals) = send(10, true, vec![other]).await;
        assert_eq!(
            (status(&ending), outcomes.len(), renewals),
            (Some(ExitStatus::Utilization), 10, 1)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_stays_the_same_or_is_refused_ends_the_run() {
        for (script, attempt_counts) in [
            // It was good before: so it is looked for again, until a few rows were refused.
            (vec![RefreshOutcome::Same; 9], 4),
            (vec![RefreshOutcome::Refused("revoked".to_owned())], 1),
        ] {
            let (ending, outcomes, renewals) = send(10, true, script).await;
            let credentials = Some(ExitStatus::Credentials);
            assert_eq!(
                (status(&ending), outcomes.len(), renewals),
                (credentials, 10, attempt_counts)
            );
        }
        // One that never was good is looked for once.
        let (ending, outcomes, renewals) = send(0, true, vec![RefreshOutcome::Same]).await;
        let credentials = Some(ExitStatus::Credentials);
        assert_eq!(
            (status(&ending), outcomes.len(), renewals),
            (credentials, 0, 1)
        );
        // A new one that is refused at once is no better than the old one.
        let (ending, outcomes, renewals) = send(0, true, vec![]).await;
        let credentials = Some(ExitStatus::Credentials);
        assert_eq!(
            (status(&ending), outcomes.len(), renewals),
            (credentials, 0, 1)
        );
    }
}
