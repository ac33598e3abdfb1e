//! One call: the rows that it carries, and what waits for its reply. Pure.

use super::{Types, types_of};
use crate::outcome::Details;
use crate::pair::Pair;
use crate::run::row::SendableRow;
use crate::verdict::AttemptCounts;

/// Rows that are sent together.
#[derive(Debug)]
pub(in crate::run) struct BatchRequest {
    /// The rows that are sent, each pair once.
    pub(in crate::run) rows: Vec<SendableRow>,
    /// Rows that are not sent: the other half of a search.
    pub(in crate::run) rest: Vec<SendableRow>,
    /// Rows that an earlier reply named. They end after those that it did not: rows that are refused together
    /// would otherwise look as if all were.
    pub(in crate::run) named: Vec<(SendableRow, Details)>,
    pub(in crate::run) attempt_counts: AttemptCounts,
    /// Whether it looks for a bad row.
    pub(in crate::run) is_search: bool,
}

impl BatchRequest {
    pub(super) fn new(rows: Vec<SendableRow>) -> Self {
        Self {
            rows,
            rest: Vec::new(),
            named: Vec::new(),
            attempt_counts: AttemptCounts::default(),
            is_search: false,
        }
    }

    /// One half of those among which a bad row is.
    pub(super) fn half(rows: Vec<SendableRow>, rest: Vec<SendableRow>) -> Self {
        Self {
            rest,
            is_search: true,
            ..Self::new(rows)
        }
    }

    /// What is left of a call once its named rows are taken out of it.
    pub(in crate::run) fn without_named(
        rows: Vec<SendableRow>,
        named: Vec<(SendableRow, Details)>,
    ) -> Self {
        Self {
            named,
            ..Self::new(rows)
        }
    }

    pub(in crate::run) fn types(&self) -> Option<Types> {
        self.rows.first().map(types_of)
    }

    /// Takes out all rows but the first `max`; what was known of either half is no longer.
    pub(super) fn split_off(&mut self, max: usize) -> Self {
        let mut rows = self.rows.split_off(max);
        rows.append(&mut self.rest);
        self.is_search = false;
        Self::without_named(rows, std::mem::take(&mut self.named))
    }

    /// All rows in it.
    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.rest.len() + self.named.len()
    }
}

impl AsRef<Pair> for SendableRow {
    fn as_ref(&self) -> &Pair {
        &self.pair
    }
}
