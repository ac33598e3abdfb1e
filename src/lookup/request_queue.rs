//! The requests of lookups that are not in flight: ready ones, and those that wait for their time. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use crate::api::lookup_call::Route;
use crate::lookup::key_table::KeyNumber;
use crate::lookup::limits::{RECHECK_WINDOW, SEARCH_LAG};
use crate::lookup::lookup_request::{LookupRequest, PropertyNumber};

/// Keys that a search did not find, to be asked once more.
#[derive(Debug)]
pub(crate) struct Recheck {
    pub(crate) property: PropertyNumber,
    pub(crate) keys: Vec<KeyNumber>,
    due: Instant,
    /// Further keys may join until then.
    open_until: Instant,
}

/// The requests, by what they wait for.
#[derive(Debug, Default)]
pub(crate) struct RequestQueue {
    batch_reads: VecDeque<LookupRequest>,
    searches: VecDeque<LookupRequest>,
    /// By earliest time of the next attempt; the number makes equal times distinct.
    delayed: BTreeMap<(Instant, u64), LookupRequest>,
    sequence: u64,
    rechecks: Vec<Recheck>,
}

impl RequestQueue {
    fn ready(&mut self, route: Route) -> &mut VecDeque<LookupRequest> {
        match route {
            Route::BatchRead => &mut self.batch_reads,
            Route::Search => &mut self.searches,
        }
    }

    /// Appends a request to those that are ready.
    pub(crate) fn push(&mut self, request: LookupRequest) {
        self.ready(request.route).push_back(request);
    }

    /// Puts a request in front of those that are ready: rows wait for it already.
    pub(crate) fn push_first(&mut self, request: LookupRequest) {
        self.ready(request.route).push_front(request);
    }

    /// Puts the halves of a request in front.
    pub(crate) fn push_halves(&mut self, request: LookupRequest) {
        for half in request.halves().into_iter().rev() {
            self.push_first(half);
        }
    }

    /// Takes the next request of this kind.
    pub(crate) fn pop(&mut self, route: Route) -> Option<LookupRequest> {
        self.ready(route).pop_front()
    }

    /// Whether a request of this kind can be sent now.
    pub(crate) fn is_ready(&self, route: Route) -> bool {
        match route {
            Route::BatchRead => !self.batch_reads.is_empty(),
            Route::Search => !self.searches.is_empty(),
        }
    }

    /// Makes a request wait.
    pub(crate) fn push_delayed(&mut self, request: LookupRequest, due: Instant) {
        self.sequence += 1;
        self.delayed.insert((due, self.sequence), request);
    }

    /// Makes a key wait that is to be asked once more.
    pub(crate) fn push_recheck(&mut self, property: PropertyNumber, key: KeyNumber, now: Instant) {
        let is_open =
            |recheck: &&mut Recheck| recheck.property == property && now <= recheck.open_until;
        match self.rechecks.iter_mut().find(is_open) {
            Some(recheck) => recheck.keys.push(key),
            None => self.rechecks.push(Recheck {
                property,
                keys: vec![key],
                due: now + SEARCH_LAG,
                open_until: now + RECHECK_WINDOW,
            }),
        }
    }

    /// When the first of those that wait is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let delayed = self.delayed.keys().next().map(|&(due, _)| due);
        let rechecks = self.rechecks.iter().map(|recheck| recheck.due);
        rechecks.chain(delayed).min()
    }

    /// Makes the delayed requests ready that are due, and returns the keys to ask once more.
    pub(crate) fn release_due(&mut self, now: Instant) -> Vec<Recheck> {
        let later = self.delayed.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut self.delayed, later);
        for request in due.into_values().rev() {
            self.push_first(request);
        }
        let is_due = |recheck: &mut Recheck| recheck.due <= now;
        self.rechecks.extract_if(.., is_due).collect()
    }

    /// Removes what belongs to a property, and returns its keys.
    pub(crate) fn remove_property(&mut self, property: PropertyNumber) -> Vec<KeyNumber> {
        let mut keys = Vec::new();
        let mut keep = |request: &LookupRequest| {
            let is_other = request.property != property;
            if !is_other {
                keys.extend_from_slice(&request.keys);
            }
            is_other
        };
        self.batch_reads.retain(&mut keep);
        self.searches.retain(&mut keep);
        self.delayed.retain(|_, request| keep(request));
        let is_own = |recheck: &mut Recheck| recheck.property == property;
        let rechecks = self.rechecks.extract_if(.., is_own);
        keys.extend(rechecks.flat_map(|recheck| recheck.keys));
        keys
    }
}
