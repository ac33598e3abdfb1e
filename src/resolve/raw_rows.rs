//! The text of the rows whose outcome is awaited: one thread adds it while another takes it, in the same order.
//!
//! The memory is limited: the thread that reads the input waits while it is used up.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The size of the text at which the reader of the input waits.
const MAX_BYTES: usize = 32 << 20;

/// The text of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRow {
    /// The number of the row.
    pub row: u64,
    /// Its text, with the quotes and delimiters of the input.
    pub text: Box<[u8]>,
    /// Whether the two id cells have text after their closing quote, so that their parsed value is not their text.
    pub misquoted: [bool; 2],
}

#[derive(Debug, Default)]
struct State {
    rows: VecDeque<RawRow>,
    bytes: usize,
    is_closed: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    has_room: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds rows.
#[derive(Debug)]
pub struct RawRowSender(Arc<Shared>);

/// Takes rows. Once it is dropped, adding rows has no effect.
#[derive(Debug)]
pub struct RawRows(Arc<Shared>);

/// A queue without rows.
#[must_use]
pub fn raw_rows() -> (RawRowSender, RawRows) {
    let shared = Arc::new(Shared::default());
    (RawRowSender(Arc::clone(&shared)), RawRows(shared))
}

impl RawRowSender {
    /// Adds a row; waits while the rows before it use up the memory.
    pub fn push(&self, row: RawRow) {
        let state = self.0.lock();
        let is_full = |state: &mut State| state.bytes >= MAX_BYTES && !state.is_closed;
        let state = self.0.has_room.wait_while(state, is_full);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if !state.is_closed {
            state.bytes += row.text.len();
            state.rows.push_back(row);
        }
    }
}

impl RawRows {
    /// Takes the row with this number, and those before it; `None` if it was not added.
    pub fn take(&self, number: u64) -> Option<RawRow> {
        let mut state = self.0.lock();
        while let Some(row) = state.rows.pop_front_if(|row| row.row <= number) {
            state.bytes -= row.text.len();
            self.0.has_room.notify_one();
            if row.row == number {
                return Some(row);
            }
        }
        None
    }
}

impl Drop for RawRows {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.has_room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    fn row(row: u64, bytes: usize) -> RawRow {
        RawRow {
            row,
            text: vec![b'x'; bytes].into(),
            misquoted: [false; 2],
        }
    }

    #[test]
    fn rows_are_taken_by_their_number_in_the_order_in_which_they_were_added() {
        let (sender, rows) = raw_rows();
        for number in [1, 2, 5] {
            sender.push(row(number, 1));
        }
        assert_eq!(rows.take(2), Some(row(2, 1)));
        assert_eq!(rows.take(1), None);
        assert_eq!(rows.take(4), None);
        assert_eq!(rows.take(5), Some(row(5, 1)));
        assert_eq!(rows.take(6), None);
    }

    #[test]
    fn the_reader_waits_while_the_memory_is_used_up_and_no_longer() {
        let (sender, rows) = raw_rows();
        let (added, is_added) = mpsc::channel();
        let reader = thread::spawn(move || {
            for number in 1..=4 {
                sender.push(row(number, MAX_BYTES));
                added.send(number).unwrap();
            }
        });
        assert_eq!(is_added.recv(), Ok(1));
        assert!(is_added.try_recv().is_err());
        assert_eq!(rows.take(1), Some(row(1, MAX_BYTES)));
        assert_eq!(is_added.recv(), Ok(2));
        // The run has ended.
        drop(rows);
        assert_eq!(is_added.iter().collect::<Vec<_>>(), [3, 4]);
        reader.join().unwrap();
    }
}
