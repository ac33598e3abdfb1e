//! Rows that are refused for the credentials while others are accepted.

use crate::domain::outcome::OutcomeKind;
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::guards::refusals::may_be_one_row;
use crate::run::guards::suspects::Refusal;
use crate::run::row::SendableRow;
use crate::run::stop_reason::StopReason;

impl Dispatcher<'_> {
    /// Holds a row until it is clear whether it is the cause. Ends the run if the credentials are.
    pub(super) fn hold_row(&mut self, row: SendableRow, refusal: Refusal) {
        if self.replies.suspects.hold(row, refusal) {
            self.blame_credentials();
        }
    }

    fn blame_credentials(&mut self) {
        if let Some(refusal) = self.replies.suspects.last_refusal().cloned() {
            let Refusal {
                cause,
                scopes,
                details,
            } = refusal;
            self.stop(StopReason::fatal(cause, scopes, details));
        }
    }

    /// The request with this number was accepted, so the credentials are valid.
    pub(super) fn accepted(&mut self, request: u64) {
        let is_first = !self.replies.suspects.has_accepted();
        for (row, details) in self.replies.suspects.accept(request) {
            self.finish_row(row, OutcomeKind::Rejected, details);
        }
        // The first rows were refused, and a request that was in flight then was accepted.
        let is_disproved = is_first
            && self.phase == Phase::Stopping
            && !self.replies.suspects.is_empty()
            && matches!(self.reason, Some(StopReason::Fatal { cause, .. }) if may_be_one_row(cause));
        if is_disproved {
            self.reason = None;
            self.phase = Phase::Running;
        }
    }

    /// Finishes the held rows once nothing is left that could be accepted.
    pub(super) fn end_suspects(&mut self) {
        let is_last = self.phase == Phase::Running
            && !self.replies.suspects.is_empty()
            && self.has_sent_all();
        if !is_last {
            return;
        }
        if let Some((row, details)) = self.replies.suspects.take_only() {
            self.finish_row(row, OutcomeKind::Rejected, details);
        } else {
            self.blame_credentials();
        }
    }
}
