//! Handling of refused credentials: decides whether one row is the cause, or the credentials themselves.

use std::time::Duration;

use crate::domain::outcome::{Details, OutcomeKind};
use crate::run::batch::request::BatchRequest;
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::guards::suspects::Refusal;
use crate::run::row::SendableRow;
use crate::run::stop_reason::StopReason;
use crate::verdict::classify::Class;
use crate::verdict::retry::FatalCause;

/// After this number of refusals, the row itself may be the cause.
const REFUSALS: u32 = 2;

/// The same limit where each refusal refreshes the token: a token may expire twice in sequence on the
/// same row.
const REFUSALS_OF_TOKENS: u32 = 3;

/// Whether the cause concerns what the credentials may access, so that one row alone can trigger it.
fn may_be_one_row(cause: FatalCause) -> bool {
    matches!(
        cause,
        FatalCause::Unauthorized | FatalCause::MissingScopes | FatalCause::Forbidden
    )
}

impl Dispatcher<'_> {
    /// Counts a reply that refuses the credentials with which these rows were sent.
    pub(super) fn count_refusal<'r>(
        &self,
        class: Class,
        rows: impl Iterator<Item = &'r mut SendableRow>,
    ) {
        let is_refusal = matches!(
            class,
            Class::Unauthorized | Class::MissingScopes | Class::Forbidden
        );
        if !is_refusal {
            return;
        }
        for row in rows {
            if row.generation == self.token_refresh.generation() {
                row.refusals += 1;
            }
        }
    }

    /// Whether a new token, or another attempt with the same one, would not help this row, because other
    /// rows are accepted.
    pub(super) fn is_refused_for_good(&self, row: &SendableRow) -> bool {
        let max = if self.token_refresh.can_refresh_normally() {
            REFUSALS_OF_TOKENS
        } else {
            REFUSALS
        };
        self.suspects.has_accepted()
            && row.generation == self.token_refresh.generation()
            && row.refusals >= max
    }

    /// Ends the run for a fatal reply to a row, unless the cause may be this row alone.
    pub(super) fn handle_fatal_reply(
        &mut self,
        row: SendableRow,
        class: Class,
        cause: FatalCause,
        scopes: Vec<String>,
        details: Details,
    ) {
        if !may_be_one_row(cause) {
            self.counts.without_outcome += 1;
            self.stop_for(cause, scopes, details);
        } else if self.suspects.has_accepted() && row.refusals < REFUSALS {
            self.retry_row(row, class, &details, Duration::ZERO);
        } else {
            let refusal = Refusal {
                cause,
                scopes,
                details,
            };
            if self.suspects.hold(row, refusal) {
                self.blame_credentials();
            }
        }
    }

    fn blame_credentials(&mut self) {
        if let Some(refusal) = self.suspects.last_refusal().cloned() {
            self.stop_for(refusal.cause, refusal.scopes, refusal.details);
        }
    }

    /// Handles a batch whose credentials were refused. One row may be the cause, so the rows are sent
    /// one by one. Returns the batch if no single row can be the cause.
    pub(super) fn split_refused_batch(
        &mut self,
        batch: BatchRequest,
        cause: FatalCause,
    ) -> Option<BatchRequest> {
        let is_bad_token = cause == FatalCause::Unauthorized && !self.suspects.has_accepted();
        if !may_be_one_row(cause) || is_bad_token {
            return Some(batch);
        }
        let Some(batches) = &mut self.batches else {
            return Some(batch);
        };
        batches.add_named(batch.named);
        batches.push_all(batch.rest);
        batches.send_singly(batch.rows);
        None
    }

    /// The request with this number was accepted, so the credentials are valid.
    pub(super) fn accepted(&mut self, request: u64) {
        let is_first = !self.suspects.has_accepted();
        for (row, details) in self.suspects.accept(request) {
            self.finish_row(row, OutcomeKind::Rejected, details);
        }
        // The first rows were refused, and a request that was in flight then was accepted.
        let is_disproved = is_first
            && self.phase == Phase::Stopping
            && !self.suspects.is_empty()
            && matches!(self.reason, Some(StopReason::Fatal { cause, .. }) if may_be_one_row(cause));
        if is_disproved {
            self.reason = None;
            self.phase = Phase::Running;
        }
    }

    /// Finishes the held rows once nothing is left that could be accepted.
    pub(super) fn end_suspects(&mut self) {
        let is_last =
            self.phase == Phase::Running && !self.suspects.is_empty() && self.has_sent_all();
        if !is_last {
            return;
        }
        if let Some((row, details)) = self.suspects.take_only() {
            self.finish_row(row, OutcomeKind::Rejected, details);
        } else {
            self.blame_credentials();
        }
    }
}
