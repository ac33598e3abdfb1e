//! Refreshes the token in a task: before it expires, and when HubSpot refuses it.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use crate::api::endpoint::{Endpoint, RefreshOutcome};
use crate::run::guards::token::TokenState;
use crate::run::reusable_timer::ReusableTimer;

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

/// The refresh in progress, and the pause before the next one.
pub(crate) struct TokenRefresh {
    source: Box<dyn TokenSource>,
    running: Option<JoinHandle<RefreshOutcome>>,
    /// The next refresh starts no earlier than this.
    pause: Option<Instant>,
    pause_timer: ReusableTimer,
}

impl TokenRefresh {
    pub(crate) fn new(endpoint: impl Endpoint) -> Self {
        Self {
            source: Box::new(endpoint),
            running: None,
            pause: None,
            pause_timer: ReusableTimer::new(),
        }
    }

    /// Whether requests must wait for a new token.
    pub(crate) fn is_needed(&self, token: &TokenState) -> bool {
        let is_due = |due| due <= Instant::now();
        token.can_refresh()
            && (self.running.is_some()
                || token.is_refused()
                || self.source.refresh_due().is_some_and(is_due))
    }

    /// Whether the next refresh can start.
    pub(crate) fn may_start(&self, token: &TokenState) -> bool {
        self.running.is_none() && self.pause.is_none() && self.is_needed(token)
    }

    /// Starts a refresh. The caller takes a permit for it, as for every request.
    pub(crate) fn start(&mut self) {
        self.running = Some(tokio::spawn(self.source.refresh()));
    }

    /// Delays the next refresh.
    pub(crate) fn delay(&mut self, period: Duration) {
        self.pause = Some(Instant::now() + period);
    }

    /// The result of the refresh in progress, or `None` when the pause before the next one ends. Cancel
    /// safe.
    pub(crate) async fn next(&mut self) -> Option<Result<RefreshOutcome, JoinError>> {
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

    /// Whether a refresh in progress must complete even if nothing more will be sent, because it may
    /// return a new refresh token.
    pub(crate) fn must_finish(&self) -> bool {
        self.running.is_some() && self.source.is_exchanging()
    }

    /// Cancels a refresh at the end of the run, unless its exchange has started: the refresh token that
    /// it returns must still be saved.
    pub(crate) fn cancel(&mut self) {
        let is_exchanging = self.source.is_exchanging();
        if let Some(task) = self.running.take()
            && !is_exchanging
        {
            task.abort();
        }
    }
}
