//! Batch mode: decides when batches are sent.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::domain::outcome::{Details, OutcomeKind};
use crate::rate_limit::permit::Permit;
use crate::run::batch::groups::Batches;
use crate::run::dispatcher::{Dispatcher, Phase};
use crate::run::row::SendableRow;

/// Maximum number of rows that wait to be sent one by one before reading pauses.
const MAX_SINGLE_ROWS: usize = 2000;

impl Dispatcher<'_> {
    fn has_batch_slot(&self) -> bool {
        let max = self.batches.as_ref().map_or(0, Batches::concurrency);
        self.phase == Phase::Running
            && self.batches_in_flight.busy() < max
            && self.replies.may_send_besides(self.requests_in_flight())
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
        let lookups = self.lookups.as_ref();
        let lookup_due = lookups.and_then(|stage| stage.rows.next_due());
        let due = self.queue.next_due().into_iter().chain(batch_due);
        let links = self.links.as_ref();
        let link_due = links.and_then(|stage| stage.next_due());
        let stages = lookup_due.into_iter().chain(link_due);
        due.chain(stages.map(Instant::from_std)).min()
    }

    pub(super) fn release_due(&mut self) {
        self.queue.release_due();
        if let Some(batches) = &mut self.batches {
            batches.release_due();
        }
        if let Some(stage) = &mut self.lookups {
            stage.rows.release_due(Instant::now().into_std());
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

    pub(super) fn finish_named_rows(&mut self) {
        let named = self.batches.as_mut().map(Batches::take_named);
        for (row, details) in named.into_iter().flatten() {
            self.finish_row(row, OutcomeKind::Rejected, details);
        }
    }

    /// Finishes a row that was sent.
    pub(super) fn finish_row(&mut self, row: SendableRow, kind: OutcomeKind, details: Details) {
        let at = (Instant::now(), (self.context.now)());
        self.finish_row_at(row, kind, details, at);
    }

    /// The same at a time that is known already, so that the clocks are read once per reply.
    pub(super) fn finish_row_at(
        &mut self,
        row: SendableRow,
        kind: OutcomeKind,
        details: Details,
        (now, wall): (Instant, Timestamp),
    ) {
        if let Some(stage) = &mut self.links {
            stage.row_ended(&row, kind);
        }
        let outcome = row.outcome(kind, details, now, wall);
        self.finish_with(outcome);
    }

    /// If no row can come, flushes partial groups. Returns whether that made a batch.
    pub(super) fn flush_partial_groups(&mut self) -> bool {
        let is_last = self.phase == Phase::Running && self.no_row_can_come();
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
        for row in &mut batch.rows {
            row.first_sent.get_or_insert(now);
        }
        let first = batch.rows.first();
        batch.request.refusals = first.map_or(0, |row| row.request.refusals);
        self.replies.stamp(&mut batch.request);
        self.batches_in_flight.send(batch, permit);
    }
}
