//! The token while a run goes on: another one is had ahead of its end, and when HubSpot refuses it. Rows that
//! it was refused for are sent again as if nothing had happened.

use std::future::pending;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use super::{Dispatcher, Phase};
use crate::api::{Endpoint, Renewal};
use crate::outcome::Finding;
use crate::pace::Turn;
use crate::run::WriteReport;
use crate::run::alarm::Alarm;
use crate::run::event::{Observe, RunEvent};
use crate::run::row::SendableRow;
use crate::run::stop::StopReason;
use crate::verdict::Halt;

/// After a failure the next try waits, twice as long each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The state of the token.
#[derive(Debug)]
pub(super) struct Renewing {
    under_way: Option<JoinHandle<Renewal>>,
    /// Counts the tokens of this run, so that it is known which one a request was sent with.
    generation: u32,
    /// Whether a request with the token in use was answered with anything but a refusal of it.
    proven: bool,
    /// The reply that refused the token in use.
    refusal: Option<Finding>,
    failures: u32,
    /// Not before this the next try is made.
    pause: Option<Instant>,
    pause_alarm: Alarm,
}

impl Renewing {
    pub(super) fn new() -> Self {
        Self {
            under_way: None,
            generation: 0,
            proven: false,
            refusal: None,
            failures: 0,
            pause: None,
            pause_alarm: Alarm::new(),
        }
    }

    /// The token with which a request leaves now.
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// What came of the try that is under way, or `None` once a pause between two of them is over. May be
    /// dropped while it waits.
    pub(super) async fn next(&mut self) -> Option<Result<Renewal, JoinError>> {
        match &mut self.under_way {
            Some(task) => {
                let renewal = task.await;
                self.under_way = None;
                Some(renewal)
            }
            None if self.pause.is_some() => {
                self.pause_alarm.at(self.pause).await;
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
        self.renewing.is_under_way()
            || self.renewing.refusal.is_some()
            || self.parts.endpoint.renewal_due().is_some_and(is_due)
    }

    /// Whether the next try to have one may begin.
    pub(super) fn may_renew(&self) -> bool {
        self.phase == Phase::Running
            && self.renewing.under_way.is_none()
            && self.renewing.pause.is_none()
            && self.needs_token()
    }

    /// Tries to have another token. It takes a turn as every request does.
    pub(super) fn renew(&mut self, _turn: Turn) {
        let endpoint = self.parts.endpoint.clone();
        let renewing = async move { endpoint.renew().await };
        self.renewing.under_way = Some(tokio::spawn(renewing));
    }

    pub(super) fn renewed(&mut self, renewal: Result<Renewal, JoinError>) {
        match renewal {
            Ok(Renewal::New) => {
                let renewing = &mut self.renewing;
                renewing.generation += 1;
                renewing.proven = false;
                renewing.refusal = None;
                renewing.failures = 0;
                self.emit(RunEvent::TokenRenewed);
            }
            Ok(Renewal::Same) => {
                let refusal = self.renewing.refusal.take().unwrap_or_default();
                self.halt(Halt::Unauthorized, Vec::new(), refusal);
            }
            Ok(Renewal::Refused(why)) => self.no_token(why),
            Ok(Renewal::Failed(why)) => self.not_renewed(why),
            Err(error) => self.stop(StopReason::of_panic(error)),
        }
    }

    fn not_renewed(&mut self, why: String) {
        self.renewing.failures += 1;
        let failures = self.renewing.failures;
        if failures >= self.settings.retry.max_attempts.get() {
            self.no_token(why);
            return;
        }
        let period = FIRST_WAIT.saturating_mul(1 << (failures - 1).min(10));
        let period = period.min(LONGEST_WAIT);
        self.renewing.pause = Some(Instant::now() + period);
        let why = format!("no token: {why}");
        self.emit(RunEvent::Quieted { period, why: &why });
    }

    fn no_token(&mut self, why: String) {
        let finding = Finding {
            message: why,
            ..Finding::default()
        };
        self.halt(Halt::NoToken, Vec::new(), finding);
    }

    /// Takes a row back whose reply refused the token, if another one was had meanwhile or may be had. Gives it
    /// back if not: then it is as with any other refusal.
    pub(super) fn take_back(&mut self, row: SendableRow, finding: &Finding) -> Option<SendableRow> {
        let renewing = &mut self.renewing;
        if row.generation == renewing.generation {
            // A token that was refused as soon as it was had will not be better the next time.
            let hopeful = renewing.generation == 0 || renewing.proven;
            if !hopeful || !self.parts.endpoint.can_renew() {
                return Some(row);
            }
            renewing.refusal.get_or_insert_with(|| finding.clone());
        }
        self.queue.push_again(row, Duration::ZERO);
        None
    }

    /// A reply to a request with this token did not refuse it.
    pub(super) fn token_was_good(&mut self, generation: u32) {
        if generation == self.renewing.generation {
            self.renewing.proven = true;
        }
    }
}
