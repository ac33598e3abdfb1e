//! A group of rows that will be sent in one batch once it is large enough.

use std::collections::HashSet;

use tokio::time::Instant;

use crate::run::row::SendableRow;

/// Rows with the same two object types. Each pair of ids occurs once, in either order.
#[derive(Debug)]
pub(crate) struct Group {
    rows: Vec<SendableRow>,
    ids: HashSet<[u128; 2]>,
    /// Rows whose ids already occur in this group: they wait for the next batch.
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
    /// Adds a row. Returns it if the next batch already has its maximum of waiting rows.
    pub(crate) fn push(&mut self, row: SendableRow, max: usize) -> Result<(), Box<SendableRow>> {
        let mut ids = [row.pair.from.id.number(), row.pair.to.id.number()];
        // Results name ids without their types, so a confirmed contact 1 -> company 2 looks like the
        // other direction of contact 2 -> company 1.
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

    pub(crate) fn is_full(&self, max: usize) -> bool {
        self.rows.len() >= max
    }

    /// When the group was created.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// The number of rows in the group, including those that wait for the next batch.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.later.len()
    }

    /// The rows for this batch, and the rows for the next one.
    pub(crate) fn into_parts(self) -> (Vec<SendableRow>, Vec<SendableRow>) {
        (self.rows, self.later)
    }

    pub(crate) fn into_rows(self) -> impl Iterator<Item = SendableRow> {
        self.rows.into_iter().chain(self.later)
    }
}
