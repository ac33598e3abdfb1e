//! The rows of batch mode between the input and the endpoint: groups that fill, calls that are ready, calls that
//! wait. Nothing is sent here and no reply is read.
//!
//! Rows of the same two types fill a [`Group`]; what is full, or has waited long enough, becomes a [`Call`]. A call
//! that is refused without a word about its pairs hides at least one bad row, which is searched for by halves:
//! one half is sent while the other waits with it. If the first half is good, the bad row is in the other;
//! if not, nothing is known of the other, and its rows join the group that is filling. How many pairs a group
//! collects follows from how rare such rows were: [`Fit`].

mod call;
mod filling;
mod fit;
mod group;
mod parting;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::time::Instant;

use super::row::SendableRow;
use crate::outcome::Finding;
use crate::pair::ObjectType;

pub(super) use call::Call;
use fit::Fit;
use group::Group;

/// Type pairs about which something is remembered.
const MAX_FITS: usize = 1000;

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
    fits: HashMap<Types, Fit>,
    ready: VecDeque<Call>,
    /// By when they may be sent again; the number keeps equal times apart.
    waiting: BTreeMap<(Instant, u64), Call>,
    sequence: u64,
    /// Rows that are to be sent one by one.
    singly: Vec<SendableRow>,
    /// Rows that a reply named, and that need not wait for others any more.
    named: Vec<(SendableRow, Finding)>,
    /// Rows in calls that were handed out and did not come back.
    away: usize,
}

impl Batches {
    pub(super) fn new(settings: BatchSettings) -> Self {
        Self {
            settings,
            groups: HashMap::new(),
            fits: HashMap::new(),
            ready: VecDeque::new(),
            waiting: BTreeMap::new(),
            sequence: 0,
            singly: Vec::new(),
            named: Vec::new(),
            away: 0,
        }
    }

    /// Calls in flight at most.
    pub(super) fn concurrency(&self) -> usize {
        self.settings.concurrency.get()
    }

    fn fit(&mut self, types: &Types) -> &mut Fit {
        if self.fits.len() >= MAX_FITS && !self.fits.contains_key(types) {
            let groups = &self.groups;
            self.fits
                .retain(|types, fit| fit.is_active() || groups.contains_key(types));
        }
        let size = self.settings.size.get();
        self.fits
            .entry(types.clone())
            .or_insert_with(|| Fit::new(size))
    }

    /// Makes a call ready behind the others.
    fn call(&mut self, rows: Vec<SendableRow>) {
        if let Some(call) = self.of_several(Call::new(rows)) {
            self.ready.push_back(call);
        }
    }

    /// Makes a call ready before the others.
    pub(super) fn call_next(&mut self, call: Call) {
        if let Some(call) = self.of_several(call) {
            self.ready.push_front(call);
        }
    }

    /// A row by itself is sent by itself. A call that remains is counted.
    fn of_several(&mut self, call: Call) -> Option<Call> {
        if call.rows.len() < 2 {
            self.dissolve(call);
            return None;
        }
        self.fit(&call.types()?).begin();
        Some(call)
    }

    fn dissolve(&mut self, call: Call) {
        self.singly.extend(call.rows.into_iter().chain(call.rest));
        self.named.extend(call.named);
    }

    /// Sends rows one by one.
    pub(super) fn send_singly(&mut self, rows: impl IntoIterator<Item = SendableRow>) {
        self.singly.extend(rows);
    }

    /// Rows that a reply named need not wait any more.
    pub(super) fn end_named(&mut self, named: Vec<(SendableRow, Finding)>) {
        self.named.extend(named);
    }

    /// The rows that were named, and that need not wait any more.
    pub(super) fn take_named(&mut self) -> Vec<(SendableRow, Finding)> {
        std::mem::take(&mut self.named)
    }

    /// The rows that are to be sent one by one.
    pub(super) fn take_singly(&mut self) -> Vec<SendableRow> {
        std::mem::take(&mut self.singly)
    }

    /// A call with so many pairs was not too large, and so many of them were confirmed.
    pub(super) fn took(&mut self, types: &Types, pairs: usize, confirmed: usize) {
        self.fit(types).took(pairs, confirmed);
    }

    /// Whether calls for these types were of use.
    pub(super) fn is_known(&mut self, types: &Types) -> bool {
        self.fit(types).is_known()
    }

    /// The call that is to be sent next.
    pub(super) fn pop(&mut self) -> Option<Call> {
        let index = self.next_ready()?;
        let mut call = self.ready.remove(index)?;
        let types = call.types()?;
        let most = self.fit(&types).most();
        if call.rows.len() > most {
            // Made before the bound was known.
            if most < 2 {
                self.fit(&types).end();
                self.dissolve(call);
                return None;
            }
            let later = call.split_off(most);
            self.call_next(later);
        }
        self.fit(&types).sent();
        self.away += call.len();
        Some(call)
    }

    /// A call that was handed out has its reply.
    pub(super) fn came_back(&mut self, call: &Call) {
        self.away -= call.len();
        if let Some(types) = call.types() {
            let fit = self.fit(&types);
            fit.came_back();
            fit.end();
        }
    }

    fn next_ready(&self) -> Option<usize> {
        self.ready.iter().position(|call| {
            let fit = call.types().and_then(|types| self.fits.get(&types));
            fit.is_none_or(|fit| fit.may_send(call.rows.len()))
        })
    }

    /// Whether a call may be sent now.
    pub(super) fn is_ready(&self) -> bool {
        self.next_ready().is_some()
    }

    /// Whether one more row may be read.
    pub(super) fn takes_more(&self) -> bool {
        self.ready.is_empty() && self.waiting.len() < self.concurrency()
    }

    /// Lets a call wait for its next attempt.
    pub(super) fn push_again(&mut self, call: Call, after: Duration) {
        if let Some(types) = call.types() {
            self.fit(&types).begin();
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
    pub(super) fn wake(&mut self) {
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
        self.waiting.values().map(Call::len).sum()
    }

    /// All rows in it, those included that are in flight.
    pub(super) fn len(&self) -> usize {
        let calls = self.ready.iter().chain(self.waiting.values());
        self.away
            + self.named.len()
            + self.singly.len()
            + calls.map(Call::len).sum::<usize>()
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
