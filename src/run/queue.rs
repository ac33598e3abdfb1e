//! Rows that are not in flight: those that may be sent now, and those that wait for their next attempt.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::row::SendableRow;

/// Rows that may wait for their next attempt. They hold no slot, so a few slow failures do not stop
/// the others; beyond this no new row is read, which bounds the memory.
const MAX_WAITING: usize = 1000;

/// The rows between the input and the endpoint.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ready: VecDeque<SendableRow>,
    /// By when they may be sent again; the number keeps equal times apart.
    waiting: BTreeMap<(Instant, u64), SendableRow>,
    sequence: u64,
}

impl Queue {
    /// Adds a row that was just read.
    pub(super) fn push(&mut self, row: SendableRow) {
        self.ready.push_back(row);
    }

    /// Lets a row wait for its next attempt.
    pub(super) fn push_again(&mut self, row: SendableRow, after: Duration) {
        self.sequence += 1;
        self.waiting
            .insert((Instant::now() + after, self.sequence), row);
    }

    /// The next row to be sent.
    pub(super) fn pop(&mut self) -> Option<SendableRow> {
        self.ready.pop_front()
    }

    /// Whether a row may be sent now.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether one more row may be read.
    pub(super) fn takes_more(&self) -> bool {
        self.ready.is_empty() && self.waiting.len() < MAX_WAITING
    }

    /// When the first of the waiting rows may be sent again.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.keys().next().map(|&(due, _)| due)
    }

    /// Makes the rows ready whose time has come; they go before the row that was read last.
    pub(super) fn wake(&mut self) {
        let now = Instant::now();
        while let Some(first) = self.waiting.first_entry() {
            if first.key().0 > now {
                break;
            }
            self.ready.push_front(first.remove());
        }
    }

    /// Rows that wait for their next attempt.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// All rows in it.
    pub(super) fn len(&self) -> usize {
        self.ready.len() + self.waiting.len()
    }
}
