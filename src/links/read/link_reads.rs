//! The rows whose links are being read, and the requests that read them. Pure: the caller sends the requests and passes the
//! time.
//!
//! Rows are collected in a window. When it is closed, the distinct records of each pair of types are read from the side that
//! costs fewer calls ([`cost`](crate::links::read::cost)), up to 1,000 records a call:
//!
//! * A link that either side lists is present. Once all wanted links of a record are found, its other pages are not read.
//! * A link that the inverse side does not list is asked from the asked side, together with the others of its window.
//! * A link that the asked side does not list is missing if the reply lists other links of the record, or says that it has
//!   none. In any other case the links of the record are unknown.
//!
//! So a window of rows with A distinct first records, which have P pages of links at most, takes at most P × ⌈A ÷ 1,000⌉ calls
//! from the asked side if all replies fit their bound. From the inverse side it takes as many for its own records, ⌈M ÷ 1,000⌉
//! for M first records of links that it does not list, and one for types of links that were not seen before.

pub(crate) mod record_reply;
pub(crate) mod replies;
pub(crate) mod settle;
pub(crate) mod windows;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::api::link_call::{LinkCall, LinkRoute};
use crate::domain::pair::Pair;
use crate::links::read::found::{Found, LinksFound};
use crate::links::read::limits::{Expectation, ReadLimits};
use crate::links::read::link_read::LinkRead;
use crate::links::read::link_reads::windows::OpenWindow;
use crate::links::read::reply::types::SharedTypes;
use crate::links::read::row_table::RowTable;
use crate::links::read::type_pairs::TypePairs;

/// The reads of a run. `R` is a row.
#[derive(Debug)]
pub(crate) struct LinkReads<R> {
    limits: ReadLimits,
    expectation: Expectation,
    rows: RowTable<R>,
    types: TypePairs,
    window: OpenWindow,
    /// Whether no more rows come.
    has_ended: bool,
    /// Records that are queued in `types`.
    queued: usize,
    /// Requests that are made up already, and are sent first.
    requests: VecDeque<LinkRead>,
    /// By earliest time of the next attempt; the number makes equal times distinct.
    delayed: BTreeMap<(Instant, u64), LinkRead>,
    sequence: u64,
    /// Requests that the caller has.
    in_flight: usize,
    /// Requests whose attempts were used up, since the last reply with results.
    exhausted: u32,
    /// The rows that can leave.
    ready: VecDeque<u32>,
    shared: SharedTypes,
    not_linked: Arc<Found>,
}

impl<R> LinkReads<R> {
    pub(crate) fn new(limits: ReadLimits, expectation: Expectation) -> Self {
        Self {
            limits,
            expectation,
            rows: RowTable::new(),
            types: TypePairs::default(),
            window: OpenWindow::default(),
            has_ended: false,
            queued: 0,
            requests: VecDeque::new(),
            delayed: BTreeMap::new(),
            sequence: 0,
            in_flight: 0,
            exhausted: 0,
            ready: VecDeque::new(),
            shared: SharedTypes::default(),
            not_linked: Arc::new(Found::NotLinked),
        }
    }

    /// Whether one more row can be read. Rows that are ready to leave count until they are taken.
    #[cfg(test)]
    pub(crate) fn has_room(&self) -> bool {
        self.rows.len() < self.limits.pairs
    }

    /// Adds a row to the open window.
    pub(crate) fn push(&mut self, row: R, pair: &Pair, now: Instant) {
        let (number, types) = self.insert(row, pair);
        self.types.get_mut(types).open.push(number);
        self.window.add(now);
        if self.has_ended || self.is_window_full() {
            self.close_window();
        }
    }

    /// Adds a row that is read from the side of its first record only, with the next request.
    pub(crate) fn push_asked(&mut self, row: R, pair: &Pair) {
        let (number, types) = self.insert(row, pair);
        let types = self.types.get_mut(types);
        types.to_ask.push(number);
        types.asks_at_once = true;
        self.window.rows_at_once += 1;
    }

    fn insert(&mut self, row: R, pair: &Pair) -> (u32, u32) {
        let types = self.types.number(pair);
        let number = self.rows.insert(row, pair, types);
        self.types.get_mut(types).rows += 1;
        (number, types)
    }

    /// Records that no more rows come: the open window is closed.
    pub(crate) fn end_input(&mut self) {
        self.has_ended = true;
        self.close_window();
    }

    /// The time of the next scheduled action, for [`Self::advance`].
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let delayed = self.delayed.keys().next().map(|&(due, _)| due);
        delayed.into_iter().chain(self.window_due()).min()
    }

    /// Does what is due: closes windows, and makes delayed requests ready.
    pub(crate) fn advance(&mut self, now: Instant) {
        let later = self.delayed.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut self.delayed, later);
        self.requests.extend(due.into_values());
        if self.window_due().is_some_and(|due| due <= now) || self.is_window_full() {
            self.close_window();
        }
    }

    /// Whether a request can be sent now.
    pub(crate) fn is_ready(&self) -> bool {
        !self.requests.is_empty() || self.queued > 0 || self.window.rows_at_once > 0
    }

    /// Takes the next request.
    pub(crate) fn pop_request(&mut self) -> Option<LinkRead> {
        let request = match self.requests.pop_front() {
            Some(request) => request,
            None => self.next_request()?,
        };
        self.in_flight += 1;
        Some(request)
    }

    fn next_request(&mut self) -> Option<LinkRead> {
        if self.window.rows_at_once > 0 {
            self.window.rows_at_once = 0;
            for types in self.types.numbers_where(|types| types.asks_at_once) {
                self.ask(types);
            }
        }
        let number = self.types.next_queued()?;
        let request = self
            .types
            .get_mut(number)
            .take_request(number, &self.limits)?;
        self.queued -= request.records();
        Some(request)
    }

    /// The call of a request.
    pub(crate) fn call(&self, request: &LinkRead) -> LinkCall {
        let types = &self.types.get(request.types).types;
        let [from_type, to_type] =
            [request.side.place(), request.side.other()].map(|place| types[place].clone());
        LinkCall {
            from_type,
            to_type,
            route: LinkRoute::Read,
            body: request.body(),
        }
    }

    /// Sends a request again after a delay.
    pub(crate) fn retry(&mut self, request: LinkRead, after: Duration, now: Instant) {
        self.in_flight -= 1;
        self.delay(request, now + after);
    }

    fn delay(&mut self, request: LinkRead, due: Instant) {
        self.sequence += 1;
        self.delayed.insert((due, self.sequence), request);
    }

    /// Takes a row whose links are known, or cannot be. Rows leave in any order.
    pub(crate) fn pop_row(&mut self) -> Option<(R, LinksFound)> {
        let (row, found, seen) = self.rows.remove(self.ready.pop_front()?)?;
        let known = |types| LinksFound::Known { types, seen };
        let found = match found.as_deref() {
            Some(Found::Linked(types)) => known(types.clone()),
            Some(Found::Unknown(details)) => LinksFound::Unknown(Arc::clone(details)),
            Some(Found::NotLinked) | None => known(Vec::new()),
        };
        Some((row, found))
    }

    /// The number of rows that wait, or are ready to leave.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}
