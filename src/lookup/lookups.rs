//! The rows that wait for their keys, and the requests that look the keys up. Pure: the caller sends the requests and passes
//! the time.
//!
//! Rows come in the order of the input and leave in it, each with the answers of its own keys. A key is asked once, however
//! many rows have it; again only where a reply leaves it open, could not be read, or did not find it in a search.
//!
//! An incomplete request is sent when the input has ended, when half of the rows that may wait have come after its first
//! key, or when the first row waits for it. So no row waits for ever, and few requests are incomplete.

pub(crate) mod groups;
pub(crate) mod replies;
#[cfg(test)]
mod simulation_tests;
#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::api::lookup_call::Route;
use crate::domain::lookup_counts::LookupCounts;
use crate::domain::row_keys::MatchKind;
use crate::input::validate::key::read_key::{Change, Key};
use crate::lookup::group::PropertyState;
use crate::lookup::key_table::{KeyNumber, KeyState, KeyTable, Settled};
use crate::lookup::limits::{Limits, MAX_PROPERTIES};
use crate::lookup::lookup_request::{LookupRequest, PropertyNumber};
use crate::lookup::property::LookupProperty;
use crate::lookup::request_queue::{Recheck, RequestQueue};
use crate::lookup::result::{Answer, KeyResult};

/// A key of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyOfRow {
    number: KeyNumber,
    is_folded: bool,
}

#[derive(Debug)]
struct WaitingRow<R> {
    row: R,
    keys: [Option<KeyOfRow>; 2],
}

/// The lookups of a run. `R` is a row.
#[derive(Debug)]
pub(crate) struct Lookups<R> {
    limits: Limits,
    pub(super) keys: KeyTable,
    /// The size of the keys at which unused ones are removed.
    remove_at: usize,
    pub(super) properties: Vec<PropertyState>,
    rows: VecDeque<WaitingRow<R>>,
    /// The number of the next row, counted from 0.
    next_row: u64,
    /// The length of the keys of all waiting rows.
    row_bytes: usize,
    /// The row with the first key of the oldest group.
    oldest_group: Option<u64>,
    pub(super) requests: RequestQueue,
    counts: LookupCounts,
}

impl<R> Lookups<R> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            keys: KeyTable::default(),
            remove_at: limits.cache_bytes,
            properties: Vec::new(),
            rows: VecDeque::new(),
            next_row: 0,
            row_bytes: 0,
            oldest_group: None,
            requests: RequestQueue::default(),
            counts: LookupCounts::default(),
        }
    }

    /// The number of a property; `None` once there are [`MAX_PROPERTIES`], more than an account has.
    pub(crate) fn property_number(&mut self, property: &LookupProperty) -> Option<PropertyNumber> {
        let mut known = self.properties.iter();
        let place = match known.position(|known| known.property.is_same_as(property)) {
            Some(place) => place,
            None if self.properties.len() >= MAX_PROPERTIES => return None,
            None => {
                self.properties.push(PropertyState::new(property.clone()));
                self.properties.len() - 1
            }
        };
        PropertyNumber::try_from(place).ok()
    }

    /// Whether one more row can be read.
    pub(crate) fn has_capacity(&self) -> bool {
        self.rows.len() < self.limits.rows && self.row_bytes < self.limits.row_bytes
    }

    /// Adds the next row, with the keys that [`Self::add_key`] returned for it. A row without keys only keeps its place.
    pub(crate) fn push(&mut self, row: R, keys: [Option<KeyOfRow>; 2]) {
        self.rows.push_back(WaitingRow { row, keys });
        self.next_row += 1;
        let half = self.limits.rows as u64 / 2;
        if let Some(oldest) = self.oldest_group
            && self.next_row - oldest >= half
        {
            let newest = self.next_row.saturating_sub(half);
            self.flush_where(|state| {
                state
                    .group
                    .as_ref()
                    .is_some_and(|group| group.first_row <= newest)
            });
        }
        if self.keys.bytes() > self.remove_at {
            self.remove_unused();
        }
    }

    /// Adds a key of the next row.
    pub(crate) fn add_key(
        &mut self,
        property: PropertyNumber,
        key: &Key<'_>,
        now: Instant,
    ) -> KeyOfRow {
        let is_folded = key.change != Change::Verbatim;
        let (number, is_new) = self.keys.insert(property, &key.text, is_folded);
        self.row_bytes += key.text.len();
        let row_key = KeyOfRow { number, is_folded };
        let row = self.next_row;
        let Some(state) = self
            .properties
            .get_mut(property as usize)
            .filter(|_| is_new)
        else {
            return row_key;
        };
        if let Some(details) = &state.refused {
            let result = KeyResult::Refused(Arc::clone(details));
            self.settle(number, result);
            return row_key;
        }
        let complete = state.add((number, &key.text), now, row);
        let is_group_new = complete.iter().any(Option::is_some) || self.oldest_group.is_none();
        for keys in complete.into_iter().flatten() {
            self.ask(property, keys);
        }
        if is_group_new {
            self.find_oldest_group();
        }
        row_key
    }

    /// Records that no more rows come.
    pub(crate) fn end_input(&mut self) {
        self.flush_where(|_| true);
    }

    /// Takes the next request of this kind.
    pub(crate) fn pop_request(&mut self, route: Route) -> Option<LookupRequest> {
        let request = self.requests.pop(route)?;
        self.counts.calls += 1;
        Some(request)
    }

    /// Whether a request of this kind can be sent now.
    pub(crate) fn is_ready(&self, route: Route) -> bool {
        self.requests.is_ready(route)
    }

    /// Sends a request again after a delay.
    pub(crate) fn retry(&mut self, request: LookupRequest, after: Duration, now: Instant) {
        self.requests.push_delayed(request, now + after);
    }

    /// The time of the next scheduled action, for [`Self::release_due`].
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let requests = self.requests.next_due();
        requests.into_iter().chain(self.linger_due()).min()
    }

    /// Makes every request ready that has waited long enough.
    pub(crate) fn release_due(&mut self, now: Instant) {
        for recheck in self.requests.release_due(now) {
            self.ask_again(&recheck);
        }
        if self.linger_due().is_some_and(|due| due <= now)
            && let Some((property, _)) = self.group_of_first_row()
        {
            self.flush(property);
            self.find_oldest_group();
        }
    }

    /// Takes the first row if its keys have their answers.
    pub(crate) fn pop_row(&mut self) -> Option<(R, [Option<Answer>; 2])> {
        let waiting = self.rows.front()?;
        let is_settled =
            |key: &KeyOfRow| matches!(self.keys.state(key.number), KeyState::Settled(_));
        if !waiting.keys.iter().flatten().all(is_settled) {
            return None;
        }
        let WaitingRow { row, keys } = self.rows.pop_front()?;
        for key in keys.iter().flatten() {
            self.row_bytes -= self.keys.text(key.number).len();
        }
        Some((row, keys.map(|key| key.and_then(|key| self.answer(key)))))
    }

    fn answer(&self, key: KeyOfRow) -> Option<Answer> {
        Some(match self.keys.answer(key.number)? {
            Answer::Found {
                id,
                kind: MatchKind::Exact,
            } if key.is_folded => Answer::Found {
                id,
                kind: MatchKind::Folded,
            },
            answer => answer,
        })
    }

    /// The number of rows that wait.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What the lookups came to so far.
    pub(crate) fn counts(&self) -> LookupCounts {
        self.counts
    }

    /// How many keys of a property a record matches or none does, and how many of these one matches.
    pub(crate) fn answered_and_matched(&self, property: PropertyNumber) -> (u64, u64) {
        let state = &self.properties[property as usize];
        (state.answered, state.matched)
    }

    /// A property of which at least this many keys have their answer and no record matches any.
    pub(crate) fn property_without_match(&self, keys: u64) -> Option<(&LookupProperty, u64)> {
        let mut states = self.properties.iter();
        let found = states.find(|state| state.answered >= keys && state.matched == 0)?;
        Some((&found.property, found.answered))
    }

    fn ask_again(&mut self, recheck: &Recheck) {
        self.ask_now(recheck.property, &recheck.keys);
    }

    pub(super) fn settle(&mut self, key: KeyNumber, result: KeyResult) {
        if let Some(settled) = self.keys.settle(key, result) {
            self.count(key, settled);
        }
    }

    pub(super) fn count(&mut self, key: KeyNumber, settled: Settled) {
        self.counts.count(settled, self.keys.was_folded(key));
        let is_match = matches!(settled, Settled::Found(_) | Settled::Ambiguous);
        let property = self.keys.property(key) as usize;
        if let Some(state) = self.properties.get_mut(property) {
            state.answered += u64::from(is_match || settled == Settled::NotFound);
            state.matched += u64::from(is_match);
        }
    }

    /// Removes the keys that no waiting row needs. A key that is being asked always has such a row.
    fn remove_unused(&mut self) {
        let waiting = self.rows.iter().flat_map(|row| row.keys.iter().flatten());
        let used: HashSet<KeyNumber> = waiting.map(|key| key.number).collect();
        self.keys.remove_unused(|key| used.contains(&key));
        self.remove_at = self.limits.cache_bytes.max(self.keys.bytes() * 2);
    }
}
