//! Refusals of the credentials: of one row's own, or of the run's.

use std::time::Duration;

use super::{Dispatcher, Phase};
use crate::api::Endpoint;
use crate::outcome::{Details, OutcomeKind};
use crate::run::WriteReport;
use crate::run::batch::BatchRequest;
use crate::run::event::Observe;
use crate::run::row::SendableRow;
use crate::run::stop_reason::StopReason;
use crate::run::suspects::Refusal;
use crate::verdict::{Class, FatalCause};

/// So often a row is refused before that may be its own.
const REFUSALS: u32 = 2;

/// The same where each refusal brings another token: a token may end twice in a row under the same row.
const REFUSALS_OF_TOKENS: u32 = 3;

/// Whether a halt is for what the credentials may do, so that one row by itself can be the cause.
fn may_be_of_one_row(cause: FatalCause) -> bool {
    matches!(
        cause,
        FatalCause::Unauthorized | FatalCause::MissingScopes | FatalCause::Forbidden
    )
}

impl<E: Endpoint, W: WriteReport, O: Observe> Dispatcher<'_, E, W, O> {
    /// Counts a reply that refuses the credentials which rows were sent with.
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

    /// Whether another token, or another look at the same one, would not help this row: others are accepted.
    pub(super) fn is_refused_for_good(&self, row: &SendableRow) -> bool {
        let max = if self.token_refresh.renews_without_doubt() {
            REFUSALS_OF_TOKENS
        } else {
            REFUSALS
        };
        self.suspects.has_accepted()
            && row.generation == self.token_refresh.generation()
            && row.refusals >= max
    }

    /// A reply to a row ends the run, unless it may be about this row only.
    pub(super) fn halt_for(
        &mut self,
        row: SendableRow,
        class: Class,
        cause: FatalCause,
        scopes: Vec<String>,
        details: Details,
    ) {
        if !may_be_of_one_row(cause) {
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

    /// A call was refused for the credentials: a row in it may be the cause, so each is asked for alone. Gives the call
    /// back if no single row can be.
    pub(super) fn part_refused_call(
        &mut self,
        call: BatchRequest,
        cause: FatalCause,
    ) -> Option<BatchRequest> {
        let is_bad_token = cause == FatalCause::Unauthorized && !self.suspects.has_accepted();
        if !may_be_of_one_row(cause) || is_bad_token {
            return Some(call);
        }
        let Some(batches) = &mut self.batches else {
            return Some(call);
        };
        batches.add_named(call.named);
        batches.push_all(call.rest);
        batches.send_singly(call.rows);
        None
    }

    /// A row, or a call with this number, was accepted: the credentials are good.
    pub(super) fn accepted(&mut self, request: u64) {
        let is_first = !self.suspects.has_accepted();
        for (row, details) in self.suspects.accept(request) {
            self.finish_row(row, OutcomeKind::Rejected, details);
        }
        // The first rows were refused, and one that was in flight then was not.
        let is_disproved = is_first
            && self.phase == Phase::Stopping
            && !self.suspects.is_empty()
            && matches!(self.reason, Some(StopReason::Fatal { cause, .. }) if may_be_of_one_row(cause));
        if is_disproved {
            self.reason = None;
            self.phase = Phase::Running;
        }
    }

    /// Ends the rows that are held once there is nothing left that could be accepted.
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
