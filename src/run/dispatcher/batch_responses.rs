//! Batch mode: handles the replies to batches.

use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::Instant;

use crate::domain::outcome::{Details, OutcomeKind};
use crate::run::batch::request::BatchRequest;
use crate::run::dispatcher::call_replies::LimitOf;
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::event::RunEvent;
use crate::run::rate_feedback::RateFeedback;
use crate::run::reply_handler::{Action, Handled};
use crate::run::stop_reason::StopReason;
use crate::run::worker_pool::Answered;
use crate::verdict::batch::attribute::{BatchVerdict, PairResult, attribute};
use crate::verdict::classify::Class;
use crate::verdict::describe::describe;

/// If more than one in this number of pairs of an accepted batch is not mentioned, those pairs are sent
/// one by one.
const OPEN_SHARE: usize = 10;

impl Dispatcher<'_> {
    pub(super) fn handle_batch_reply(&mut self, done: Result<Answered<BatchRequest>, JoinError>) {
        let (mut batch, permit, reply) = match done {
            Ok(done) => done,
            Err(error) => {
                // Its rows still count as in flight.
                self.counts.requests += 1;
                self.stop(StopReason::of_panic(error));
                return;
            }
        };
        if let Some(batches) = &mut self.batches {
            batches.reply_received(&batch);
        }
        let verdict = attribute(&reply, &batch.rows);
        let class = verdict.class();
        let details = match batch.rows.first() {
            Some(row) if class != Class::Associated => describe(&reply, row),
            _ => Details::default(),
        };
        let now = Instant::now();
        let rate = RateFeedback::of(&mut self.context.rate_limiter, permit, class, &reply, now);
        let received = self.received(rate, class, &reply, &details, now);
        let earlier_refusals = batch.request.refusals;
        let Handled {
            before,
            action,
            after,
        } = self.replies.handle_reply(
            batch.kind(),
            &mut batch.request,
            &received,
            &mut self.counts,
        );
        for row in &mut batch.rows {
            row.request.refusals += batch.request.refusals - earlier_refusals;
            row.batch_attempts += u32::from(action != Action::SendAgain);
        }
        self.apply(before, LimitOf::Rows);
        match action {
            Action::Finish(kind) => self.finish_batch(batch, verdict, kind, &details),
            Action::SendAgain | Action::Keep => self.requeue_batch(batch, Duration::ZERO),
            Action::Retry { after } => self.retry_batch(batch, &details, after),
            Action::SendOneByOne | Action::Hold { .. } => self.send_one_by_one(batch),
        }
        self.apply(after, LimitOf::Rows);
    }

    /// The batch is not sent again as it is.
    fn finish_batch(
        &mut self,
        batch: BatchRequest,
        verdict: BatchVerdict,
        kind: OutcomeKind,
        details: &Details,
    ) {
        match verdict {
            BatchVerdict::PerPair { results, refused } => {
                self.apply_pair_results(batch, results, refused);
            }
            BatchVerdict::TooMany { max } => {
                self.emit_batch_failed(&batch, details, Duration::ZERO);
                if let Some(batches) = &mut self.batches {
                    batches.lower_max_size(batch, max);
                }
            }
            BatchVerdict::PathRefused => self.handle_rejected_batch(batch),
            BatchVerdict::WholeBatch(class) => self.give_up_batch(batch, class, kind, details),
        }
    }

    /// Sends the rows of a batch one by one, because one of them may be the cause of a refusal.
    fn send_one_by_one(&mut self, batch: BatchRequest) {
        if let Some(batches) = &mut self.batches {
            batches.add_named(batch.named);
            batches.push_all(batch.rest);
            batches.send_singly(batch.rows);
        }
    }

    /// The path was rejected. Unless the path is known to be correct, the first single requests show
    /// whether it is.
    fn handle_rejected_batch(&mut self, batch: BatchRequest) {
        let Some(batches) = &mut self.batches else {
            return;
        };
        let is_known = batch.types().is_some_and(|types| batches.is_known(&types));
        batches.add_named(batch.named);
        if is_known {
            batches.push_all(batch.rest);
            batches.search(batch.rows);
        } else {
            batches.send_singly(batch.rows.into_iter().chain(batch.rest));
        }
    }

    /// The reply gives a result for each pair.
    fn apply_pair_results(&mut self, batch: BatchRequest, results: Vec<PairResult>, refused: bool) {
        let sent = batch.rows.len();
        let types = batch.types();
        let request = batch.request.number;
        let (rows, rest, mut named) = (batch.rows, batch.rest, batch.named);
        let earlier = named.len();
        let mut open = Vec::new();
        let mut without_label = Vec::new();
        let mut confirmed = 0;
        for (row, results) in rows.into_iter().zip(results) {
            match results {
                PairResult::Confirmed(details) => {
                    confirmed += 1;
                    self.finish_row(row, OutcomeKind::Associated, details);
                }
                PairResult::Named(details) => named.push((row, details)),
                PairResult::WithoutLabel => without_label.push(row),
                PairResult::NotMentioned => open.push(row),
            }
        }
        if confirmed > 0 {
            self.accepted(request);
        }
        let any_named = named.len() > earlier;
        if any_named {
            self.uniform_failures.note_own();
        }
        let Some(batches) = &mut self.batches else {
            return;
        };
        if let Some(types) = types {
            batches.record_success(&types, sent, confirmed);
        }
        batches.send_singly(without_label);
        if open.is_empty() && !any_named && !rest.is_empty() {
            // The first half is good, so the bad row is in the other half.
            batches.search(rest);
        } else {
            batches.push_all(rest);
        }
        if open.is_empty() {
            batches.add_named(named);
        } else if refused && any_named {
            batches.push_ready_first(BatchRequest::without_named(open, named));
        } else {
            batches.add_named(named);
            if refused {
                batches.search(open);
            } else if open.len() * OPEN_SHARE > sent {
                batches.send_singly(open);
            } else {
                batches.halve(open);
            }
        }
        if self.phase != Phase::Running {
            self.finish_named_rows();
        }
    }

    /// All attempts are used up. One row of the batch may be the cause, so the others must not fail with
    /// it. Throttling, by contrast, is not caused by a row.
    fn give_up_batch(
        &mut self,
        batch: BatchRequest,
        class: Class,
        kind: OutcomeKind,
        details: &Details,
    ) {
        let Some(batches) = &mut self.batches else {
            return;
        };
        batches.push_all(batch.rest);
        batches.add_named(batch.named);
        if class == Class::Throttled {
            for row in batch.rows {
                self.finish_row(row, kind, details.clone());
            }
        } else {
            batches.search(batch.rows);
        }
    }

    fn retry_batch(&mut self, batch: BatchRequest, details: &Details, after: Duration) {
        self.emit_batch_failed(&batch, details, after);
        self.requeue_batch(batch, after);
    }

    fn requeue_batch(&mut self, batch: BatchRequest, after: Duration) {
        if let Some(batches) = &mut self.batches {
            batches.push_retry(batch, after);
        }
    }

    fn emit_batch_failed(&mut self, batch: &BatchRequest, details: &Details, after: Duration) {
        self.emit(RunEvent::BatchFailed {
            pairs: batch.rows.len(),
            attempts: batch.request.attempt_counts.sent,
            why: &details.message,
            correlation_id: details.correlation_id.as_deref(),
            next_in: after,
        });
    }
}
