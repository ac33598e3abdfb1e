//! Refreshes the token during a run: before it expires, and when HubSpot refuses it. Rows that were
//! refused for an expired token are sent again, without counting an attempt.
//!
//! If a token was accepted before, is refused now, and no other token is available, it is in doubt:
//! after a pause, single requests show whether it is still valid. So one 401 among good replies does not
//! end a run that takes days, and a revoked token costs at most two more requests for a few rows.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::domain::outcome::Details;
use crate::rate_limit::permit::Permit;
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::event::RunEvent;
use crate::run::reusable_timer::ReusableTimer;
use crate::run::stop_reason::StopReason;
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

/// The part of an endpoint that refreshes its token, without the type of the endpoint.
trait TokenSource {
    fn refresh_due(&self) -> Option<Instant>;
    fn is_exchanging(&self) -> bool;
    fn refresh(&self) -> Pin<Box<dyn Future<Output = RefreshOutcome> + Send>>;
}

impl<E: Endpoint> TokenSource for E {
    fn refresh_due(&self) -> Option<Instant> {
        Endpoint::refresh_due(self)
    }

    fn is_exchanging(&self) -> bool {
        Endpoint::is_exchanging(self)
    }

    fn refresh(&self) -> Pin<Box<dyn Future<Output = RefreshOutcome> + Send>> {
        let endpoint = self.clone();
        Box::pin(async move { Endpoint::refresh(&endpoint).await })
    }
}

/// The state of the token.
pub(super) struct TokenRefresh {
    source: Box<dyn TokenSource>,
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
    pub(super) fn new(endpoint: impl Endpoint) -> Self {
        Self {
            can_refresh: endpoint.can_refresh(),
            source: Box::new(endpoint),
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

impl Dispatcher<'_> {
    /// Whether requests must wait for a new token.
    pub(super) fn needs_token(&self) -> bool {
        let is_due = |due| due <= Instant::now();
        self.token_refresh.can_refresh
            && (self.token_refresh.is_running()
                || self.token_refresh.refusal.is_some()
                || self.token_refresh.source.refresh_due().is_some_and(is_due))
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
        let refresh = self.token_refresh.source.refresh();
        self.token_refresh.running = Some(tokio::spawn(refresh));
    }

    /// Whether a refresh in progress must complete even if nothing more will be sent, because it may
    /// return a new refresh token.
    pub(super) fn must_finish_refresh(&self) -> bool {
        self.token_refresh.is_running() && self.token_refresh.source.is_exchanging()
    }

    /// Cancels a refresh at the end of the run, unless its exchange has started: the refresh token that
    /// it returns must still be saved.
    pub(super) fn cancel_refresh(&mut self) {
        let is_exchanging = self.token_refresh.source.is_exchanging();
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
