//! Batch mode: decides when batches are sent, and handles their replies.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::Instant;

use crate::api::response::headers::Reply;
use crate::domain::outcome::{Details, OutcomeKind};
use crate::rate_limit::permit::Permit;
use crate::run::batch::groups::Batches;
use crate::run::batch::request::BatchRequest;
use crate::run::dispatcher::token_refresh::Refused;
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::event::RunEvent;
use crate::run::guards::outage::RequestKind;
use crate::run::row::SendableRow;
use crate::run::stop_reason::StopReason;
use crate::run::worker_pool::Answered;
use crate::verdict::batch::attribute::{BatchVerdict, PairResult, attribute};
use crate::verdict::classify::Class;
use crate::verdict::describe::{describe, scopes};
use crate::verdict::retry::{FatalCause, RetryPolicy, Verdict};

/// Maximum number of rows that wait to be sent one by one before reading pauses.
const MAX_SINGLE_ROWS: usize = 2000;

/// Maximum attempts of a batch in a bisection: it repeats rows that were already sent in a larger batch.
const SEARCH_ATTEMPTS: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// If more than one in this number of pairs of an accepted batch is not mentioned, those pairs are sent
/// one by one.
const OPEN_SHARE: usize = 10;

impl Dispatcher<'_> {
    fn has_batch_slot(&self) -> bool {
        let max = self.batches.as_ref().map_or(0, Batches::concurrency);
        self.phase == Phase::Running
            && self.batches_in_flight.busy() < max
            && self.may_send_concurrently()
            && self.descriptors.has_room(self.requests_in_flight())
            && self.commit_queue.has_room()
    }

    pub(super) fn wants_permit_for_batch(&self) -> bool {
        self.has_batch_slot() && self.batches.as_ref().is_some_and(Batches::is_ready)
    }

    pub(super) fn can_take_row_into(&self, batches: &Batches) -> bool {
        self.phase == Phase::Running
            && self.commit_queue.has_room()
            && self.queue.len() < MAX_SINGLE_ROWS
            && batches.has_capacity()
    }

    /// Whether the number of requests in flight has reached its limit.
    pub(super) fn is_full(&self) -> bool {
        let max_batches = self.batches.as_ref().map(Batches::concurrency);
        self.in_flight.busy() >= self.settings.concurrency.get()
            || max_batches.is_some_and(|max| self.batches_in_flight.busy() >= max)
    }

    /// The time of the next scheduled action.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let has_slot = self.has_batch_slot();
        let batches = self.batches.as_ref();
        let batch_due = batches.and_then(|batches| batches.next_due(has_slot));
        self.queue.next_due().into_iter().chain(batch_due).min()
    }

    pub(super) fn release_due(&mut self) {
        self.queue.release_due();
        if let Some(batches) = &mut self.batches {
            batches.release_due();
        }
    }

    /// Moves rows that leave batch mode to the queue of single rows, or finishes them.
    pub(super) fn distribute_batch_rows(&mut self) {
        let Some(batches) = &mut self.batches else {
            return;
        };
        for row in batches.take_single_rows() {
            self.queue.push(row);
        }
        self.finish_named_rows();
    }

    fn finish_named_rows(&mut self) {
        let named = self.batches.as_mut().map(Batches::take_named);
        for (row, details) in named.into_iter().flatten() {
            self.finish_row(row, OutcomeKind::Rejected, details);
        }
    }

    pub(super) fn finish_row(&mut self, row: SendableRow, kind: OutcomeKind, details: Details) {
        let outcome = row.outcome(kind, details, (self.context.now)());
        self.finish_with(outcome);
    }

    /// At the end of the input, flushes partial groups. Returns whether that made a batch.
    pub(super) fn flush_partial_groups(&mut self) -> bool {
        let is_last =
            self.input_over && self.input_buffer.is_empty() && self.phase == Phase::Running;
        match &mut self.batches {
            Some(batches) if is_last => batches.flush_last(),
            _ => false,
        }
    }

    pub(super) fn send_batch(&mut self, permit: Permit) {
        let Some(mut batch) = self.batches.as_mut().and_then(Batches::pop) else {
            return;
        };
        let now = Instant::now();
        let generation = self.token_refresh.generation();
        let request = self.suspects.next_request();
        for row in &mut batch.rows {
            row.request = request;
            row.first_sent.get_or_insert(now);
            row.generation = generation;
            row.standstills = self.standstills;
        }
        self.batches_in_flight.send(batch, permit);
    }

    pub(super) fn handle_batch_reply(&mut self, done: Result<Answered<BatchRequest>, JoinError>) {
        self.counts.requests += 1;
        let (mut batch, permit, reply) = match done {
            Ok(done) => done,
            Err(error) => {
                // Its rows still count as in flight.
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
            Some(row) if class != Class::Associated => describe(&reply, &row.pair),
            _ => Details::default(),
        };
        let request = match batch.attempt_counts.sent {
            0 => RequestKind::FirstOfBatch,
            _ => RequestKind::Again,
        };
        let standstills = batch.rows.first().map_or(0, |row| row.standstills);
        self.update_machine_limits(&reply, &details);
        if !self.is_blamed_on_standstill(&reply, standstills) {
            self.update_outage(&reply, request, &details);
        }
        self.observe_rate(permit, class, &reply, &details);
        let generation = batch.rows.first().map_or(0, |row| row.generation);
        self.count_refusal(class, batch.rows.iter_mut());
        let is_for_good = batch
            .rows
            .first()
            .is_some_and(|row| self.is_refused_for_good(row));
        if class == Class::Unauthorized && !is_for_good {
            match self.token_was_refused(generation, batch.attempt_counts, &details) {
                Refused::SendAgain => return self.requeue_batch(batch, Duration::ZERO),
                Refused::OnceMore => {
                    batch.attempt_counts.count(class);
                    for row in &mut batch.rows {
                        row.batch_attempts += 1;
                    }
                    return self.retry_batch(batch, &details, Duration::ZERO);
                }
                Refused::Finally => {}
            }
        } else if class != Class::Unauthorized && reply.answer().is_some() {
            self.token_was_good(generation);
        }
        batch.attempt_counts.count(class);
        if self.exempts(&reply, standstills) {
            batch.attempt_counts.exempt();
        }
        for row in &mut batch.rows {
            row.batch_attempts += 1;
        }
        match verdict {
            BatchVerdict::PerPair { results, refused } => {
                self.apply_pair_results(batch, results, refused);
            }
            BatchVerdict::TooMany { max } => {
                self.emit_batch_failed(&batch, &details, Duration::ZERO);
                if let Some(batches) = &mut self.batches {
                    batches.lower_max_size(batch, max);
                }
            }
            BatchVerdict::PathRefused => self.handle_rejected_batch(batch),
            BatchVerdict::WholeBatch(class) => {
                self.apply_batch_verdict(batch, class, &reply, &details);
            }
        }
        self.check_daily_limit(class, &reply);
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
        let request = batch.rows.first().map_or(0, |row| row.request);
        let BatchRequest {
            rows, rest, named, ..
        } = batch;
        let earlier = named.len();
        let mut named = named;
        let mut open = Vec::new();
        let mut confirmed = 0;
        for (row, results) in rows.into_iter().zip(results) {
            match results {
                PairResult::Confirmed(details) => {
                    confirmed += 1;
                    self.finish_row(row, OutcomeKind::Associated, details);
                }
                PairResult::Named(details) => named.push((row, details)),
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

    /// The reply names no pair.
    fn apply_batch_verdict(
        &mut self,
        batch: BatchRequest,
        class: Class,
        reply: &Reply,
        details: &Details,
    ) {
        let policy = self.settings.retry;
        let policy = RetryPolicy {
            max_attempts: if batch.is_search {
                policy.max_attempts.min(SEARCH_ATTEMPTS)
            } else {
                policy.max_attempts
            },
        };
        let retry_after = reply.answer().and_then(|answer| answer.headers.retry_after);
        let draw = (self.context.draw)();
        match policy.judge(class, batch.attempt_counts, retry_after, draw) {
            Verdict::Finish(kind) => self.give_up_batch(batch, class, kind, details),
            Verdict::Retry { after } => self.retry_batch(batch, details, after),
            Verdict::Stop(FatalCause::DailyLimit)
                if self.pause_until_daily_reset(reply, &details.message) =>
            {
                self.retry_batch(batch, details, Duration::ZERO);
            }
            Verdict::Stop(cause) => {
                let Some(batch) = self.split_refused_batch(batch, cause) else {
                    return;
                };
                let scopes = reply.answer().map(scopes).unwrap_or_default();
                self.requeue_batch(batch, Duration::ZERO);
                self.stop_for(cause, scopes, details.clone());
            }
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
            attempts: batch.attempt_counts.sent,
            why: &details.message,
            correlation_id: details.correlation_id.as_deref(),
            next_in: after,
        });
    }
}
