//! The rows of batch mode between the input and the endpoint: groups that fill, calls that are ready, calls that
//! wait. Nothing is sent here and no reply is read.
//!
//! Rows of the same two types fill a [`Group`]; what is full, or has waited long enough, becomes a [`BatchRequest`]. A call
//! that is refused without a word about its pairs hides at least one bad row, which is searched for by halves:
//! one half is sent while the other waits with it. If the first half is good, the bad row is in the other;
//! if not, nothing is known of the other, and its rows join the group that is filling. How many pairs a group
//! collects follows from how rare such rows were: [`BatchSizer`].

mod bisect;
mod group;
mod group_builder;
mod request;
mod sizer;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::time::Instant;

use super::row::SendableRow;
use crate::outcome::Details;
use crate::pair::ObjectType;

use group::Group;
pub(super) use request::BatchRequest;
use sizer::BatchSizer;

/// Type pairs about which something is remembered.
const MAX_SIZERS: usize = 1000;

/// A group that is not full is sent after this, so that a slow pipe does not wait.
const LINGER: Duration = Duration::from_secs(1);

/// How batch mode sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSettings {
    /// Pairs per call at most.
    pub size: NonZeroUsize,
    /// Calls in flight at most.
    pub concurrency: NonZeroUsize,
}

/// The two types that all pairs of a call have.
type Types = (ObjectType, ObjectType);

/// The rows of batch mode that are not sent one by one.
#[derive(Debug)]
pub(super) struct Batches {
    settings: BatchSettings,
    groups: HashMap<Types, Group>,
    sizers: HashMap<Types, BatchSizer>,
    ready: VecDeque<BatchRequest>,
    /// By when they may be sent again; the number keeps equal times apart.
    waiting: BTreeMap<(Instant, u64), BatchRequest>,
    sequence: u64,
    /// Rows that are to be sent one by one.
    single_rows: Vec<SendableRow>,
    /// Rows that a reply named, and that need not wait for others any more.
    named: Vec<(SendableRow, Details)>,
    /// Rows in calls that were handed out and did not come back.
    in_flight: usize,
}

impl Batches {
    pub(super) fn new(settings: BatchSettings) -> Self {
        Self {
            settings,
            groups: HashMap::new(),
            sizers: HashMap::new(),
            ready: VecDeque::new(),
            waiting: BTreeMap::new(),
            sequence: 0,
            single_rows: Vec::new(),
            named: Vec::new(),
            in_flight: 0,
        }
    }

    /// Calls in flight at most.
    pub(super) fn concurrency(&self) -> usize {
        self.settings.concurrency.get()
    }

    fn sizer(&mut self, types: &Types) -> &mut BatchSizer {
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

    /// Makes a call ready behind the others.
    fn call(&mut self, rows: Vec<SendableRow>) {
        if let Some(call) = self.unless_single(BatchRequest::new(rows)) {
            self.ready.push_back(call);
        }
    }

    /// Makes a call ready before the others.
    pub(super) fn call_next(&mut self, call: BatchRequest) {
        if let Some(call) = self.unless_single(call) {
            self.ready.push_front(call);
        }
    }

    /// A row by itself is sent by itself. A call that remains is counted.
    fn unless_single(&mut self, call: BatchRequest) -> Option<BatchRequest> {
        if call.rows.len() < 2 {
            self.send_rows_singly(call);
            return None;
        }
        self.sizer(&call.types()?).begin();
        Some(call)
    }

    fn send_rows_singly(&mut self, call: BatchRequest) {
        self.single_rows
            .extend(call.rows.into_iter().chain(call.rest));
        self.named.extend(call.named);
    }

    /// Sends rows one by one.
    pub(super) fn send_singly(&mut self, rows: impl IntoIterator<Item = SendableRow>) {
        self.single_rows.extend(rows);
    }

    /// Rows that a reply named need not wait any more.
    pub(super) fn add_named(&mut self, named: Vec<(SendableRow, Details)>) {
        self.named.extend(named);
    }

    /// The rows that were named, and that need not wait any more.
    pub(super) fn take_named(&mut self) -> Vec<(SendableRow, Details)> {
        std::mem::take(&mut self.named)
    }

    /// The rows that are to be sent one by one.
    pub(super) fn take_single_rows(&mut self) -> Vec<SendableRow> {
        std::mem::take(&mut self.single_rows)
    }

    /// A call with so many pairs was not too large, and so many of them were confirmed.
    pub(super) fn record_success(&mut self, types: &Types, pairs: usize, confirmed: usize) {
        self.sizer(types).record_success(pairs, confirmed);
    }

    /// Whether calls for these types were of use.
    pub(super) fn is_known(&mut self, types: &Types) -> bool {
        self.sizer(types).is_known()
    }

    /// The call that is to be sent next.
    pub(super) fn pop(&mut self) -> Option<BatchRequest> {
        let index = self.next_ready()?;
        let mut call = self.ready.remove(index)?;
        let types = call.types()?;
        let max = self.sizer(&types).max_size();
        if call.rows.len() > max {
            // Made before the bound was known.
            if max < 2 {
                self.sizer(&types).end();
                self.send_rows_singly(call);
                return None;
            }
            let later = call.split_off(max);
            self.call_next(later);
        }
        self.sizer(&types).sent();
        self.in_flight += call.len();
        Some(call)
    }

    /// A call that was handed out has its reply.
    pub(super) fn reply_received(&mut self, call: &BatchRequest) {
        self.in_flight -= call.len();
        if let Some(types) = call.types() {
            let sizer = self.sizer(&types);
            sizer.reply_received();
            sizer.end();
        }
    }

    fn next_ready(&self) -> Option<usize> {
        self.ready.iter().position(|call| {
            let sizer = call.types().and_then(|types| self.sizers.get(&types));
            sizer.is_none_or(|sizer| sizer.may_send(call.rows.len()))
        })
    }

    /// Whether a call may be sent now.
    pub(super) fn is_ready(&self) -> bool {
        self.next_ready().is_some()
    }

    /// Whether one more row may be read.
    pub(super) fn has_capacity(&self) -> bool {
        self.ready.is_empty() && self.waiting.len() < self.concurrency()
    }

    /// Lets a call wait for its next attempt.
    pub(super) fn push_retry(&mut self, call: BatchRequest, after: Duration) {
        if let Some(types) = call.types() {
            self.sizer(&types).begin();
        }
        self.sequence += 1;
        self.waiting
            .insert((Instant::now() + after, self.sequence), call);
    }

    /// When something is to be done although nothing happens. With a slot that is free and nothing that is
    /// ready, no group waits longer than it must.
    pub(super) fn next_due(&self, has_slot: bool) -> Option<Instant> {
        let again = self.waiting.keys().next().map(|&(due, _)| due);
        let starves = has_slot && self.ready.is_empty();
        let lingers = self
            .groups
            .values()
            .filter(|_| starves)
            .map(|group| group.since() + LINGER)
            .min();
        again.into_iter().chain(lingers).min()
    }

    /// Makes ready what has waited long enough.
    pub(super) fn release_due(&mut self) {
        let now = Instant::now();
        let later = self.waiting.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut self.waiting, later);
        for call in due.into_values().rev() {
            self.ready.push_front(call);
        }
        if self.ready.is_empty() {
            self.flush_where(|group, _| group.since() + LINGER <= now);
        }
    }

    /// Rows in calls that wait for their next attempt.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.values().map(BatchRequest::len).sum()
    }

    /// All rows in it, those included that are in flight.
    pub(super) fn len(&self) -> usize {
        let calls = self.ready.iter().chain(self.waiting.values());
        self.in_flight
            + self.named.len()
            + self.single_rows.len()
            + calls.map(BatchRequest::len).sum::<usize>()
            + self.groups.values().map(Group::len).sum::<usize>()
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn types_of(row: &SendableRow) -> Types {
    let pair = &row.pair;
    (pair.from.object_type.clone(), pair.to.object_type.clone())
}
