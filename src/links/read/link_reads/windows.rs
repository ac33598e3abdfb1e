//! When the rows that were collected are read, and from which side. Pure.

use std::time::Instant;

use crate::links::read::cost::{Load, cheaper_side};
use crate::links::read::link_read::Side;
use crate::links::read::link_reads::LinkReads;
use crate::links::read::row_table::{SortedRow, by_record};

/// The rows that are being collected.
#[derive(Debug, Default)]
pub(crate) struct OpenWindow {
    rows: usize,
    /// When its first row came, and its latest one.
    times: Option<(Instant, Instant)>,
    /// Rows that do not wait for the window to be closed.
    pub(crate) rows_at_once: usize,
}

impl OpenWindow {
    pub(crate) fn add(&mut self, now: Instant) {
        self.rows += 1;
        self.times = Some((self.times.map_or(now, |(first, _)| first), now));
    }
}

impl<R> LinkReads<R> {
    /// Whether the window is closed without waiting: it has all rows that there may be, or half of them while the caller still
    /// has the results of the others to take.
    pub(super) fn is_window_full(&self) -> bool {
        let (limit, rows) = (self.limits.pairs, self.window.rows);
        let all_others_are_ready = rows + self.ready.len() == self.rows.len();
        rows >= limit || rows >= limit.div_ceil(2) && all_others_are_ready && rows < self.rows.len()
    }

    /// When the window is closed although it is not full.
    pub(super) fn window_due(&self) -> Option<Instant> {
        let (first, latest) = self.window.times?;
        if !self.ready.is_empty() {
            // The caller takes these first, and may have rows for the room that this makes.
            return None;
        }
        let aged = first + self.limits.age;
        let is_only_one = self.window.rows == self.rows.len();
        let idle = latest + self.limits.idle;
        let is_idle = self.in_flight == 0 && !self.is_ready();
        let due = [is_idle.then_some(idle), is_only_one.then_some(aged)];
        due.into_iter().flatten().min()
    }

    /// Queues the records of the open window.
    pub(super) fn close_window(&mut self) {
        if self.window.rows == 0 {
            return;
        }
        self.window.rows = 0;
        self.window.times = None;
        for types in self.types.numbers_where(|types| !types.open.is_empty()) {
            let rows = std::mem::take(&mut self.types.get_mut(types).open);
            self.queue_cheaper_side(types, &rows);
        }
    }

    fn queue_cheaper_side(&mut self, types: u32, rows: &[u32]) {
        let pair = self.types.get(types);
        let missing_share = pair.missing_share(self.expectation);
        let asked = self.rows.sorted_by(rows, Side::Asked);
        let asked_calls = pair
            .side(Side::Asked)
            .price(&self.limits)
            .calls(&load(&asked));
        if asked_calls > 1.0 && !self.limits.asks_only {
            let inverse = self.rows.sorted_by(rows, Side::Inverse);
            let calls = pair
                .side(Side::Inverse)
                .price(&self.limits)
                .calls(&load(&inverse));
            let must_translate = self.limits.is_detailed && pair.translations.is_empty();
            let extra = f64::from(u8::from(must_translate));
            if cheaper_side(asked_calls, calls, missing_share, extra) == Side::Inverse {
                drop(asked);
                self.queue(types, Side::Inverse, &inverse);
                return;
            }
        }
        self.queue(types, Side::Asked, &asked);
    }

    /// Queues the rows that are to be read from the asked side.
    pub(super) fn ask(&mut self, types: u32) {
        let pair = self.types.get_mut(types);
        pair.asks_at_once = false;
        let rows = std::mem::take(&mut pair.to_ask);
        let sorted = self.rows.sorted_by(&rows, Side::Asked);
        self.queue(types, Side::Asked, &sorted);
    }

    fn queue(&mut self, types: u32, side: Side, sorted: &[SortedRow]) {
        let state = self.types.get_mut(types).side_mut(side);
        let mut numbers = Vec::new();
        for rows in by_record(sorted) {
            numbers.clear();
            numbers.extend(rows.iter().map(|sorted| sorted.row));
            state.push(self.rows.record(rows[0].number(), &numbers));
            self.queued += 1;
        }
    }
}

fn load(sorted: &[SortedRow]) -> Load {
    let mut load = Load::default();
    for rows in by_record(sorted) {
        load.add(rows.len() as u64);
    }
    load
}
