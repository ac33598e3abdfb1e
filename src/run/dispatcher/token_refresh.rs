//! Refreshes the token during a run. Rows that were refused for an expired token are sent again, without
//! counting an attempt.

use tokio::task::JoinError;

use crate::api::endpoint::RefreshOutcome;
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::event::RunEvent;
use crate::run::guards::token::{DOUBT_PAUSE, Refreshed};
use crate::run::stop_reason::StopReason;

impl Dispatcher<'_> {
    /// Whether requests must wait for a new token.
    pub(super) fn needs_token(&self) -> bool {
        self.token_refresh.is_needed(&self.replies.token)
    }

    /// Whether the next refresh can start.
    pub(super) fn may_refresh(&self) -> bool {
        self.phase == Phase::Running && self.token_refresh.may_start(&self.replies.token)
    }

    pub(super) fn handle_refresh(&mut self, refresh: Result<RefreshOutcome, JoinError>) {
        let refresh = match refresh {
            // The run waited only so that the new token is saved. Its result matters to the next run.
            Ok(_) if self.phase != Phase::Running => return,
            Ok(refresh) => refresh,
            Err(error) => return self.stop(StopReason::of_panic(error)),
        };
        match self.replies.handle_refresh(refresh) {
            Refreshed::Renewed => {
                for row in self.replies.suspects.release() {
                    self.queue.push(row);
                }
                self.emit(RunEvent::TokenRefreshed);
            }
            Refreshed::InDoubt { why } => {
                let period = DOUBT_PAUSE;
                self.pause_all(period);
                self.emit(RunEvent::Paused { period, why: &why });
            }
            Refreshed::TryAgain { after, why } => {
                self.token_refresh.delay(after);
                let why = format!("could not refresh the access token: {why}");
                let period = after;
                self.emit(RunEvent::Paused { period, why: &why });
            }
            Refreshed::Stop(cause, details) => {
                self.stop(StopReason::fatal(cause, Vec::new(), details));
            }
        }
    }
}
