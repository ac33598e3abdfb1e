//! One batch request: the rows it sends, and the rows that wait for its reply. Pure.

use crate::domain::outcome::Details;
use crate::domain::pair::ObjectType;
use crate::run::request::{RequestKind, RequestState};
use crate::run::row::SendableRow;

/// Rows that are sent together.
#[derive(Debug)]
pub(crate) struct BatchRequest {
    /// The rows that are sent, each pair once.
    pub(crate) rows: Vec<SendableRow>,
    /// Rows that are not sent: the other half of a bisection.
    pub(crate) rest: Vec<SendableRow>,
    /// Rows that an earlier reply named. They finish after the rows that it did not name: otherwise the
    /// failure limit would count the bad rows of a batch before its good ones.
    pub(crate) named: Vec<(SendableRow, Details)>,
    pub(crate) request: RequestState,
    /// Whether this batch is part of a bisection.
    pub(crate) is_search: bool,
}

impl BatchRequest {
    pub(crate) fn new(rows: Vec<SendableRow>) -> Self {
        Self {
            rows,
            rest: Vec::new(),
            named: Vec::new(),
            request: RequestState::default(),
            is_search: false,
        }
    }

    /// One half of a set of rows that contains a bad row.
    pub(crate) fn half(rows: Vec<SendableRow>, rest: Vec<SendableRow>) -> Self {
        Self {
            rest,
            is_search: true,
            ..Self::new(rows)
        }
    }

    /// The rest of a batch after its named rows were taken out.
    pub(crate) fn without_named(
        rows: Vec<SendableRow>,
        named: Vec<(SendableRow, Details)>,
    ) -> Self {
        Self {
            named,
            ..Self::new(rows)
        }
    }

    pub(crate) fn kind(&self) -> RequestKind {
        if self.is_search {
            RequestKind::BisectedBatch
        } else {
            RequestKind::Batch
        }
    }

    pub(crate) fn types(&self) -> Option<Types> {
        self.rows.first().map(types_of)
    }

    /// Splits off all rows beyond the first `max`. The result no longer counts as a bisection: what was
    /// known about the two halves does not apply to the new parts.
    pub(crate) fn split_off(&mut self, max: usize) -> Self {
        let mut rows = self.rows.split_off(max);
        rows.append(&mut self.rest);
        self.is_search = false;
        Self::without_named(rows, std::mem::take(&mut self.named))
    }

    /// The number of rows in it, sent or not.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.rest.len() + self.named.len()
    }
}

/// The two types that all pairs of a batch have.
pub(crate) type Types = (ObjectType, ObjectType);

pub(crate) fn types_of(row: &SendableRow) -> Types {
    let pair = &row.pair;
    (pair.from.object_type.clone(), pair.to.object_type.clone())
}
