//! Queue of the rows that are not in flight: rows ready to send, and rows that wait for their next
//! attempt.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::pair::{Pair, Record};
use crate::run::delay_queue::DelayQueue;
use crate::run::row::SendableRow;

/// Maximum number of rows that wait for their next attempt. They hold no slot, so a few slow failures do
/// not block other rows. Beyond this number no new row is read, which bounds memory.
const MAX_WAITING: usize = 1000;

/// The rows between the input and the endpoint.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    ready: VecDeque<SendableRow>,
    waiting: DelayQueue<SendableRow>,
    /// Records that are locked on the server, and the time before which no row with them is sent.
    locked: HashMap<Record, Instant>,
}

impl Queue {
    /// Adds a row that was just read.
    pub(crate) fn push(&mut self, row: SendableRow) {
        match self.locked_until(&row.pair) {
            Some(until) => self.waiting.push(row, until),
            None => self.ready.push_back(row),
        }
    }

    /// Queues a row for its next attempt.
    pub(crate) fn push_retry(&mut self, row: SendableRow, after: Duration) {
        self.waiting.push(row, Instant::now() + after);
    }

    /// Queues a row whose records are locked, and delays every other row with one of these records.
    pub(crate) fn push_locked(&mut self, row: SendableRow, after: Duration) {
        let until = Instant::now() + after;
        for record in [&row.pair.from, &row.pair.to] {
            let known = self.locked.entry(record.clone()).or_insert(until);
            *known = until.max(*known);
        }
        self.waiting.push(row, until);
        for row in std::mem::take(&mut self.ready) {
            self.push(row);
        }
    }

    fn locked_until(&self, pair: &Pair) -> Option<Instant> {
        if self.locked.is_empty() {
            return None;
        }
        let locks = [&pair.from, &pair.to].map(|record| self.locked.get(record));
        locks.into_iter().flatten().max().copied()
    }

    /// Takes the next row to send.
    pub(crate) fn pop(&mut self) -> Option<SendableRow> {
        self.ready.pop_front()
    }

    /// Whether a row can be sent now.
    pub(crate) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether one more row can be read.
    pub(crate) fn has_capacity(&self) -> bool {
        self.ready.is_empty() && self.waiting.len() < MAX_WAITING
    }

    /// When the first of the waiting rows can be sent again.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.waiting.next_due()
    }

    /// Makes the rows ready whose time has come; they are sent before rows that were read later.
    pub(crate) fn release_due(&mut self) {
        let now = Instant::now();
        self.locked.retain(|_, until| *until > now);
        for row in self.waiting.take_due(now).rev() {
            self.ready.push_front(row);
        }
    }

    /// Number of rows that wait for their next attempt.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Number of rows in the queue.
    pub(crate) fn len(&self) -> usize {
        self.ready.len() + self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::{ObjectType, RecordId, RowKey};

    fn row(number: u64, from: &str, to: &str) -> SendableRow {
        let record = |object_type, id| Record {
            object_type: ObjectType::new(object_type).unwrap(),
            id: RecordId::new(id).unwrap(),
        };
        let pair = Pair {
            from: record("contacts", from),
            to: record("companies", to),
        };
        SendableRow::new(
            RowKey {
                row: number,
                line: number + 1,
            },
            pair,
        )
    }

    fn drain(queue: &mut Queue) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop())
            .map(|row| row.key.row)
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn rows_that_wait_come_back_in_order_and_before_new_ones() {
        let mut queue = Queue::default();
        queue.push_retry(row(1, "1", "1"), Duration::from_secs(2));
        queue.push_retry(row(2, "2", "2"), Duration::from_secs(1));
        queue.push_retry(row(3, "3", "3"), Duration::from_secs(1));
        queue.push(row(4, "4", "4"));
        assert_eq!(
            queue.next_due(),
            Some(Instant::now() + Duration::from_secs(1))
        );
        tokio::time::advance(Duration::from_secs(1)).await;
        queue.release_due();
        assert_eq!((drain(&mut queue), queue.waiting()), (vec![2, 3, 4], 1));
    }

    #[tokio::test(start_paused = true)]
    async fn no_row_with_a_locked_record_is_sent_before_the_locked_row_is_retried() {
        let mut queue = Queue::default();
        queue.push(row(2, "9", "8"));
        queue.push(row(3, "7", "5"));
        queue.push_locked(row(1, "9", "5"), Duration::from_secs(3));
        queue.push(row(4, "4", "4"));
        queue.push(row(5, "6", "5"));
        queue.push(row(6, "5", "9"));
        assert_eq!(
            drain(&mut queue),
            [4, 6],
            "ids are compared with their types"
        );
        assert!(queue.has_capacity());
        tokio::time::advance(Duration::from_secs(3)).await;
        queue.release_due();
        assert_eq!(drain(&mut queue), [1, 2, 3, 5]);
        queue.push(row(7, "9", "5"));
        assert_eq!(drain(&mut queue), [7]);
    }
}
