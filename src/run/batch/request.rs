//! One batch request: the rows it sends, and the rows that wait for its reply. Pure.

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
    /// Rows that are not sent: the other half of a bisection.
    pub(in crate::run) rest: Vec<SendableRow>,
    /// Rows that an earlier reply named. They finish after the rows that it did not name: otherwise the
    /// failure limit would count the bad rows of a batch before its good ones.
    pub(in crate::run) named: Vec<(SendableRow, Details)>,
    pub(in crate::run) attempt_counts: AttemptCounts,
    /// Whether this batch is part of a bisection.
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

    /// One half of a set of rows that contains a bad row.
    pub(super) fn half(rows: Vec<SendableRow>, rest: Vec<SendableRow>) -> Self {
        Self {
            rest,
            is_search: true,
            ..Self::new(rows)
        }
    }

    /// The rest of a batch after its named rows were taken out.
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

    /// Splits off all rows beyond the first `max`. The result no longer counts as a bisection: what was
    /// known about the two halves does not apply to the new parts.
    pub(super) fn split_off(&mut self, max: usize) -> Self {
        let mut rows = self.rows.split_off(max);
        rows.append(&mut self.rest);
        self.is_search = false;
        Self::without_named(rows, std::mem::take(&mut self.named))
    }

    /// The number of rows in it, sent or not.
    pub(super) fn len(&self) -> usize {
        self.rows.len() + self.rest.len() + self.named.len()
    }
}

impl AsRef<Pair> for SendableRow {
    fn as_ref(&self) -> &Pair {
        &self.pair
    }
}
