//! Batch mode: when calls are sent, and what becomes of their rows.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::Instant;

use super::token_refresh::Refused;
use super::{Dispatcher, Phase};
use crate::api::{Endpoint, Reply};
use crate::outcome::{Details, OutcomeKind};
use crate::rate_limit::Permit;
use crate::run::WriteReport;
use crate::run::batch::{BatchRequest, Batches};
use crate::run::event::{Observe, RunEvent};
use crate::run::outage::RequestKind;
use crate::run::row::SendableRow;
use crate::run::stop_reason::StopReason;
use crate::run::worker_pool::Answered;
use crate::verdict::{
    BatchVerdict, Class, FatalCause, PairResult, RetryPolicy, Verdict, attribute, describe, scopes,
};

/// Rows that may wait to be sent one by one before no new row is read.
const MAX_SINGLE_ROWS: usize = 2000;

/// Attempts of a call that looks for a bad row: it repeats what was tried before.
const SEARCH_ATTEMPTS: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// Of a call that was accepted, one pair in so many may be open before all of them are sent one by one.
const OPEN_SHARE: usize = 10;

impl<E: Endpoint, W: WriteReport, O: Observe> Dispatcher<'_, E, W, O> {
    fn has_batch_slot(&self) -> bool {
        let max = self.batches.as_ref().map_or(0, Batches::concurrency);
        self.phase == Phase::Running
            && self.calls.busy() < max
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

    /// Whether as many requests are in flight as may be.
    pub(super) fn is_full(&self) -> bool {
        let calls = self.batches.as_ref().map(Batches::concurrency);
        self.in_flight.busy() >= self.settings.concurrency.get()
            || calls.is_some_and(|max| self.calls.busy() >= max)
    }

    /// When something is to be done although nothing happens.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let has_slot = self.has_batch_slot();
        let batches = self.batches.as_ref();
        let calls = batches.and_then(|batches| batches.next_due(has_slot));
        self.queue.next_due().into_iter().chain(calls).min()
    }

    pub(super) fn release_due(&mut self) {
        self.queue.release_due();
        if let Some(batches) = &mut self.batches {
            batches.release_due();
        }
    }

    /// Brings rows that leave the calls to where they belong.
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

    /// Once the input is over, groups that are not full need not wait; says whether a call came of that.
    pub(super) fn flush_partial_groups(&mut self) -> bool {
        let is_last =
            self.input_over && self.input_buffer.is_empty() && self.phase == Phase::Running;
        match &mut self.batches {
            Some(batches) if is_last => batches.flush_last(),
            _ => false,
        }
    }

    pub(super) fn send_batch(&mut self, permit: Permit) {
        let Some(mut call) = self.batches.as_mut().and_then(Batches::pop) else {
            return;
        };
        let now = Instant::now();
        let generation = self.token_refresh.generation();
        let request = self.suspects.next_request();
        for row in &mut call.rows {
            row.request = request;
            row.first_sent.get_or_insert(now);
            row.generation = generation;
            row.standstills = self.standstills;
        }
        self.calls.send(call, permit);
    }

    pub(super) fn handle_batch_reply(&mut self, done: Result<Answered<BatchRequest>, JoinError>) {
        self.counts.requests += 1;
        let (mut call, permit, reply) = match done {
            Ok(done) => done,
            Err(error) => {
                // Its rows still count as away.
                self.stop(StopReason::of_panic(error));
                return;
            }
        };
        if let Some(batches) = &mut self.batches {
            batches.reply_received(&call);
        }
        let verdict = attribute(&reply, &call.rows);
        let class = verdict.class();
        let details = match call.rows.first() {
            Some(row) if class != Class::Associated => describe(&reply, &row.pair),
            _ => Details::default(),
        };
        let request = match call.attempt_counts.sent {
            0 => RequestKind::FirstOfCall,
            _ => RequestKind::Again,
        };
        let standstills = call.rows.first().map_or(0, |row| row.standstills);
        self.update_machine_limits(&reply, &details);
        if !self.is_blamed_on_standstill(&reply, standstills) {
            self.update_outage(&reply, request, &details);
        }
        self.observe_rate(permit, class, &reply, &details);
        let generation = call.rows.first().map_or(0, |row| row.generation);
        self.count_refusal(class, call.rows.iter_mut());
        let is_for_good = call
            .rows
            .first()
            .is_some_and(|row| self.is_refused_for_good(row));
        if class == Class::Unauthorized && !is_for_good {
            match self.token_was_refused(generation, call.attempt_counts, &details) {
                Refused::SendAgain => return self.requeue_batch(call, Duration::ZERO),
                Refused::OnceMore => {
                    call.attempt_counts.count(class);
                    for row in &mut call.rows {
                        row.batch_attempts += 1;
                    }
                    return self.retry_batch(call, &details, Duration::ZERO);
                }
                Refused::Finally => {}
            }
        } else if class != Class::Unauthorized && reply.answer().is_some() {
            self.token_was_good(generation);
        }
        call.attempt_counts.count(class);
        if self.exempts(&reply, standstills) {
            call.attempt_counts.exempt();
        }
        for row in &mut call.rows {
            row.batch_attempts += 1;
        }
        match verdict {
            BatchVerdict::PerPair { results, refused } => {
                self.apply_pair_results(call, results, refused);
            }
            BatchVerdict::TooMany { max } => {
                self.emit_batch_failed(&call, &details, Duration::ZERO);
                if let Some(batches) = &mut self.batches {
                    batches.lower_max_size(call, max);
                }
            }
            BatchVerdict::PathRefused => self.handle_rejected_batch(call),
            BatchVerdict::WholeBatch(class) => {
                self.apply_batch_verdict(call, class, &reply, &details);
            }
        }
        self.check_daily_limit(class, &reply);
    }

    /// The path was refused. Unless it is known to be right, the first single requests will tell.
    fn handle_rejected_batch(&mut self, call: BatchRequest) {
        let Some(batches) = &mut self.batches else {
            return;
        };
        let is_known = call.types().is_some_and(|types| batches.is_known(&types));
        batches.add_named(call.named);
        if is_known {
            batches.push_all(call.rest);
            batches.search(call.rows);
        } else {
            batches.send_singly(call.rows.into_iter().chain(call.rest));
        }
    }

    /// The reply speaks of the pairs.
    fn apply_pair_results(&mut self, call: BatchRequest, results: Vec<PairResult>, refused: bool) {
        let sent = call.rows.len();
        let types = call.types();
        let request = call.rows.first().map_or(0, |row| row.request);
        let BatchRequest {
            rows, rest, named, ..
        } = call;
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
            // All good: so the bad row is in the other half.
            batches.search(rest);
        } else {
            batches.push_all(rest);
        }
        if open.is_empty() {
            batches.add_named(named);
        } else if refused && any_named {
            batches.call_next(BatchRequest::without_named(open, named));
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

    /// The reply says nothing of any pair.
    fn apply_batch_verdict(
        &mut self,
        call: BatchRequest,
        class: Class,
        reply: &Reply,
        details: &Details,
    ) {
        let policy = self.settings.retry;
        let policy = RetryPolicy {
            max_attempts: if call.is_search {
                policy.max_attempts.min(SEARCH_ATTEMPTS)
            } else {
                policy.max_attempts
            },
        };
        let retry_after = reply.answer().and_then(|answer| answer.headers.retry_after);
        let draw = (self.context.draw)();
        match policy.judge(class, call.attempt_counts, retry_after, draw) {
            Verdict::Finish(kind) => self.give_up_batch(call, class, kind, details),
            Verdict::Retry { after } => self.retry_batch(call, details, after),
            Verdict::Stop(FatalCause::DailyLimit)
                if self.pause_until_daily_reset(reply, &details.message) =>
            {
                self.retry_batch(call, details, Duration::ZERO);
            }
            Verdict::Stop(cause) => {
                let Some(call) = self.part_refused_call(call, cause) else {
                    return;
                };
                let scopes = reply.answer().map(scopes).unwrap_or_default();
                self.requeue_batch(call, Duration::ZERO);
                self.stop_for(cause, scopes, details.clone());
            }
        }
    }

    /// All attempts are used up. A row of the call may be the cause, and its neighbours are not to fall with it;
    /// that too many requests are sent is nobody's fault.
    fn give_up_batch(
        &mut self,
        call: BatchRequest,
        class: Class,
        kind: OutcomeKind,
        details: &Details,
    ) {
        let Some(batches) = &mut self.batches else {
            return;
        };
        batches.push_all(call.rest);
        batches.add_named(call.named);
        if class == Class::Throttled {
            for row in call.rows {
                self.finish_row(row, kind, details.clone());
            }
        } else {
            batches.search(call.rows);
        }
    }

    fn retry_batch(&mut self, call: BatchRequest, details: &Details, after: Duration) {
        self.emit_batch_failed(&call, details, after);
        self.requeue_batch(call, after);
    }

    fn requeue_batch(&mut self, call: BatchRequest, after: Duration) {
        if let Some(batches) = &mut self.batches {
            batches.push_retry(call, after);
        }
    }

    fn emit_batch_failed(&mut self, call: &BatchRequest, details: &Details, after: Duration) {
        self.emit(RunEvent::BatchFailed {
            pairs: call.rows.len(),
            attempts: call.attempt_counts.sent,
            why: &details.message,
            correlation_id: details.correlation_id.as_deref(),
            next_in: after,
        });
    }
}
