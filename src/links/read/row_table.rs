//! The rows whose links are being read. Pure.

use std::sync::Arc;

use crate::domain::pair::Pair;
use crate::links::read::found::Found;
use crate::links::read::link_read::{ReadRecord, Side};
use crate::links::read::number::RecordNumber;

/// No row, at the end of a list of rows.
const NONE: u32 = u32::MAX;

/// A row. Small: this is most of the memory besides the rows themselves.
#[derive(Debug)]
pub(crate) struct WaitingRow<R> {
    row: R,
    low: [u64; 2],
    /// What was found. While the row waits, the types of its link in the inverse direction, if they were read.
    pub(crate) found: Option<Arc<Found>>,
    /// The next row of the same record.
    next: u32,
    /// The number of its pair of types.
    pub(crate) types: u32,
    high: [u8; 2],
    /// Which records are proved to exist.
    pub(crate) seen: [bool; 2],
}

impl<R> WaitingRow<R> {
    /// The number of the record at this place.
    pub(crate) fn number(&self, place: usize) -> RecordNumber {
        RecordNumber {
            high: self.high[place],
            low: self.low[place],
        }
    }
}

/// The rows by their numbers, which are used again once a row has left.
#[derive(Debug)]
pub(crate) struct RowTable<R> {
    rows: Vec<Option<WaitingRow<R>>>,
    free: Vec<u32>,
}

impl<R> RowTable<R> {
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            free: Vec::new(),
        }
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    /// Adds a row, and returns its number.
    pub(crate) fn insert(&mut self, row: R, pair: &Pair, types: u32) -> u32 {
        let numbers = [&pair.from.id, &pair.to.id].map(RecordNumber::of);
        let row = Some(WaitingRow {
            row,
            low: numbers.map(|number| number.low),
            found: None,
            next: NONE,
            types,
            high: numbers.map(|number| number.high),
            seen: [false; 2],
        });
        if let Some(number) = self.free.pop() {
            self.rows[number as usize] = row;
            return number;
        }
        if self.rows.len() == self.rows.capacity() {
            // By an eighth, not to the double: the rows are most of the memory.
            self.rows.reserve_exact((self.rows.len() / 8).max(1024));
        }
        self.rows.push(row);
        u32::try_from(self.rows.len() - 1).expect("the limit of the rows is below 2^32")
    }

    /// Removes a row; `None` if there is no such row.
    pub(crate) fn remove(&mut self, number: u32) -> Option<(R, Option<Arc<Found>>, [bool; 2])> {
        let WaitingRow {
            row, found, seen, ..
        } = self.rows.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some((row, found, seen))
    }

    pub(crate) fn get(&self, number: u32) -> &WaitingRow<R> {
        let row = self.rows[number as usize].as_ref();
        row.expect("a row is removed only when nothing refers to it")
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> &mut WaitingRow<R> {
        let row = self.rows[number as usize].as_mut();
        row.expect("a row is removed only when nothing refers to it")
    }

    /// The rows of a record.
    pub(crate) fn of_record(&self, record: ReadRecord) -> impl Iterator<Item = u32> {
        let first = Some(record.first_row).filter(|&row| row != NONE);
        std::iter::successors(first, |&row| {
            Some(self.get(row).next).filter(|&next| next != NONE)
        })
    }

    /// A record with these rows.
    pub(crate) fn record(&mut self, number: RecordNumber, rows: &[u32]) -> ReadRecord {
        let mut next = NONE;
        for &row in rows.iter().rev() {
            self.get_mut(row).next = next;
            next = row;
        }
        ReadRecord::new(number, next, rows.len())
    }

    /// The rows with the numbers of their records on one side, in the order of these numbers.
    pub(crate) fn sorted_by(&self, rows: &[u32], side: Side) -> Vec<SortedRow> {
        let place = side.place();
        let of_row = |&row: &u32| {
            let waiting = self.get(row);
            SortedRow {
                low: waiting.low[place],
                row,
                high: waiting.high[place],
            }
        };
        let mut sorted: Vec<SortedRow> = rows.iter().map(of_row).collect();
        sorted.sort_unstable_by_key(|sorted| (sorted.high, sorted.low));
        sorted
    }
}

/// A row in the order of its records on one side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SortedRow {
    low: u64,
    pub(crate) row: u32,
    high: u8,
}

impl SortedRow {
    pub(crate) fn number(self) -> RecordNumber {
        RecordNumber {
            high: self.high,
            low: self.low,
        }
    }
}

/// The rows of each record, in the order of the records.
pub(crate) fn by_record(sorted: &[SortedRow]) -> impl Iterator<Item = &[SortedRow]> {
    sorted.chunk_by(|a, b| a.number() == b.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_costs_at_most_sixty_four_bytes_besides_itself() {
        let (number, record) = (size_of::<u32>(), size_of::<ReadRecord>());
        // In the table, in the open window or among the ready rows, and a record of its own.
        assert!(size_of::<Option<WaitingRow<()>>>() + number + record <= 64);
        assert_eq!(size_of::<SortedRow>(), 16);
    }
}
