//! Rows that will be sent together once there are enough of them.

use std::collections::HashSet;

use tokio::time::Instant;

use crate::run::row::SendableRow;

/// Rows of the same two types, each two ids once, in whichever order.
#[derive(Debug)]
pub(super) struct Group {
    rows: Vec<SendableRow>,
    ids: HashSet<[u128; 2]>,
    /// Rows whose ids are among the others already: they wait for the next call.
    later: Vec<SendableRow>,
    since: Instant,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            ids: HashSet::new(),
            later: Vec::new(),
            since: Instant::now(),
        }
    }
}

impl Group {
    /// Adds a row; gives it back if as many wait for the next call as that may have.
    pub(super) fn push(&mut self, row: SendableRow, max: usize) -> Result<(), Box<SendableRow>> {
        let mut ids = [row.pair.from.id.number(), row.pair.to.id.number()];
        // Results name ids without their types: contact 1 -> company 2, once confirmed, reads like the other
        // direction of contact 2 -> company 1.
        ids.sort_unstable();
        if self.ids.insert(ids) {
            self.rows.push(row);
        } else if self.later.len() < max {
            self.later.push(row);
        } else {
            return Err(Box::new(row));
        }
        Ok(())
    }

    pub(super) fn is_full(&self, max: usize) -> bool {
        self.rows.len() >= max
    }

    /// When it began to fill.
    pub(super) fn since(&self) -> Instant {
        self.since
    }

    /// All rows in it.
    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.later.len()
    }

    /// The rows to be sent, and those that have to wait.
    pub(super) fn into_parts(self) -> (Vec<SendableRow>, Vec<SendableRow>) {
        (self.rows, self.later)
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = SendableRow> {
        self.rows.into_iter().chain(self.later)
    }
}
