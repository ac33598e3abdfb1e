//! Batches: rows collected by object types, batches that wait for their next attempt, and rows sent alone.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::outcome::Details;
use crate::run::batch::group::Group;
use crate::run::batch::request::{BatchRequest, Types};
use crate::run::batch::sizer::BatchSizer;
use crate::run::delay_queue::DelayQueue;
use crate::run::row::SendableRow;

/// Maximum number of type pairs for which batch statistics are kept.
const MAX_SIZERS: usize = 1000;

/// A group that is not full is sent after this time, so that rows from a slow pipe are not held back.
const LINGER: Duration = Duration::from_secs(1);

/// Settings of batch mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSettings {
    /// Maximum number of pairs per batch.
    pub size: NonZeroUsize,
    /// Maximum number of batches in flight.
    pub concurrency: NonZeroUsize,
}

/// The rows of batch mode that are not sent one by one.
#[derive(Debug)]
pub(crate) struct Batches {
    settings: BatchSettings,
    pub(crate) groups: HashMap<Types, Group>,
    pub(crate) sizers: HashMap<Types, BatchSizer>,
    ready: VecDeque<BatchRequest>,
    /// Batches that wait for their next attempt.
    waiting: DelayQueue<BatchRequest>,
    /// Rows that must be sent one by one.
    pub(crate) single_rows: Vec<SendableRow>,
    /// Rows that a reply named and that no longer have to wait for other rows.
    pub(crate) named: Vec<(SendableRow, Details)>,
    /// Rows in batches that were handed out and have no reply yet.
    pub(crate) in_flight: usize,
}

impl Batches {
    pub(crate) fn new(settings: BatchSettings) -> Self {
        Self {
            settings,
            groups: HashMap::new(),
            sizers: HashMap::new(),
            ready: VecDeque::new(),
            waiting: DelayQueue::default(),
            single_rows: Vec::new(),
            named: Vec::new(),
            in_flight: 0,
        }
    }

    /// Maximum number of batches in flight.
    pub(crate) fn concurrency(&self) -> usize {
        self.settings.concurrency.get()
    }

    pub(crate) fn sizer(&mut self, types: &Types) -> &mut BatchSizer {
        if self.sizers.len() >= MAX_SIZERS && !self.sizers.contains_key(types) {
            let groups = &self.groups;
            self.sizers
                .retain(|types, sizer| sizer.is_active() || groups.contains_key(types));
        }
        let size = self.settings.size.get();
        self.sizers
            .entry(types.clone())
            .or_insert_with(|| BatchSizer::new(size))
    }

    /// Appends a batch to those that are ready.
    pub(crate) fn push_ready(&mut self, rows: Vec<SendableRow>) {
        if let Some(batch) = self.unless_single(BatchRequest::new(rows)) {
            self.ready.push_back(batch);
        }
    }

    /// Puts a batch in front of those that are ready.
    pub(crate) fn push_ready_first(&mut self, batch: BatchRequest) {
        if let Some(batch) = self.unless_single(batch) {
            self.ready.push_front(batch);
        }
    }

    /// Sends the row of a batch of one by itself; returns any larger batch and counts it as active.
    fn unless_single(&mut self, batch: BatchRequest) -> Option<BatchRequest> {
        if batch.rows.len() < 2 {
            self.send_rows_singly(batch);
            return None;
        }
        self.sizer(&batch.types()?).begin();
        Some(batch)
    }

    fn send_rows_singly(&mut self, batch: BatchRequest) {
        self.single_rows
            .extend(batch.rows.into_iter().chain(batch.rest));
        self.named.extend(batch.named);
    }

    /// Queues rows to be sent one by one.
    pub(crate) fn send_singly(&mut self, rows: impl IntoIterator<Item = SendableRow>) {
        self.single_rows.extend(rows);
    }

    /// Adds rows that a reply named and that no longer have to wait for other rows.
    pub(crate) fn add_named(&mut self, named: Vec<(SendableRow, Details)>) {
        self.named.extend(named);
    }

    /// Takes the rows that a reply named and that no longer have to wait.
    pub(crate) fn take_named(&mut self) -> Vec<(SendableRow, Details)> {
        std::mem::take(&mut self.named)
    }

    /// Takes the rows that must be sent one by one.
    pub(crate) fn take_single_rows(&mut self) -> Vec<SendableRow> {
        std::mem::take(&mut self.single_rows)
    }

    /// Records that a batch with this number of pairs was not too large, and how many pairs were
    /// confirmed.
    pub(crate) fn record_success(&mut self, types: &Types, pairs: usize, confirmed: usize) {
        self.sizer(types).record_success(pairs, confirmed);
    }

    /// Whether a batch for these types has succeeded before.
    pub(crate) fn is_known(&mut self, types: &Types) -> bool {
        self.sizer(types).is_known()
    }

    /// Takes the batch to send next.
    pub(crate) fn pop(&mut self) -> Option<BatchRequest> {
        let index = self.next_ready()?;
        let mut batch = self.ready.remove(index)?;
        let types = batch.types()?;
        let max = self.sizer(&types).max_size();
        if batch.rows.len() > max {
            // This batch was built before the limit was known.
            if max < 2 {
                self.sizer(&types).end();
                self.send_rows_singly(batch);
                return None;
            }
            let later = batch.split_off(max);
            self.push_ready_first(later);
        }
        self.sizer(&types).sent();
        self.in_flight += batch.len();
        Some(batch)
    }

    /// Records that a batch has its reply.
    pub(crate) fn reply_received(&mut self, batch: &BatchRequest) {
        self.in_flight -= batch.len();
        if let Some(types) = batch.types() {
            let sizer = self.sizer(&types);
            sizer.reply_received();
            sizer.end();
        }
    }

    fn next_ready(&self) -> Option<usize> {
        self.ready.iter().position(|batch| {
            let sizer = batch.types().and_then(|types| self.sizers.get(&types));
            sizer.is_none_or(|sizer| sizer.may_send(batch.rows.len()))
        })
    }

    /// Whether a batch can be sent now.
    pub(crate) fn is_ready(&self) -> bool {
        self.next_ready().is_some()
    }

    /// Whether one more row can be read.
    pub(crate) fn has_capacity(&self) -> bool {
        self.ready.is_empty() && self.waiting.len() < self.concurrency()
    }

    /// Queues a batch for its next attempt.
    pub(crate) fn push_retry(&mut self, batch: BatchRequest, after: Duration) {
        if let Some(types) = batch.types() {
            self.sizer(&types).begin();
        }
        self.waiting.push(batch, Instant::now() + after);
    }

    /// The time of the next scheduled action. If a slot is free and no batch is ready, partial groups
    /// are flushed as soon as possible.
    pub(crate) fn next_due(&self, has_slot: bool) -> Option<Instant> {
        let again = self.waiting.next_due();
        let is_idle = has_slot && self.ready.is_empty();
        let linger_due = self
            .groups
            .values()
            .filter(|_| is_idle)
            .map(|group| group.since() + LINGER)
            .min();
        again.into_iter().chain(linger_due).min()
    }

    /// Makes every batch and group ready that has waited long enough.
    pub(crate) fn release_due(&mut self) {
        let now = Instant::now();
        for batch in self.waiting.take_due(now).rev() {
            self.ready.push_front(batch);
        }
        if self.ready.is_empty() {
            self.flush_where(|group, _| group.since() + LINGER <= now);
        }
    }

    /// Rows in batches that wait for their next attempt.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.iter().map(BatchRequest::len).sum()
    }

    /// All rows of batch mode, including those in flight.
    pub(crate) fn len(&self) -> usize {
        let pending = self.ready.iter().chain(self.waiting.iter());
        self.in_flight
            + self.named.len()
            + self.single_rows.len()
            + pending.map(BatchRequest::len).sum::<usize>()
            + self.groups.values().map(Group::len).sum::<usize>()
    }

    /// Whether it holds no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
