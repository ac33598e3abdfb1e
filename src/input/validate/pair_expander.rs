//! One row with several ids in its cells → a pair for each of them, one at a time. Pure.
//!
//! Where both cells are lists, every id of the one is paired with every id of the other; the pairs are made on
//! demand, so that only the two lists take memory.

use crate::domain::pair::{ObjectType, Pair, Record};
use crate::input::columns::column::Column;
use crate::input::columns::resolve::Columns;
use crate::input::row::{InvalidRow, RawValues, RowContent};
use crate::input::validate::cell::problem_of;
use crate::input::validate::id_list::IdOrProblem;
use crate::input::validate::problem::RowProblem;

/// The remaining pairs of one row.
#[derive(Debug, Default)]
pub(crate) struct PairExpander {
    types: Option<[ObjectType; 2]>,
    pub(crate) from: Vec<IdOrProblem>,
    pub(crate) to: Vec<IdOrProblem>,
    next: usize,
}

impl PairExpander {
    /// Removes all pairs, and keeps the allocated memory.
    pub(crate) fn clear(&mut self) {
        self.types = None;
        self.from.clear();
        self.to.clear();
        self.next = 0;
    }

    /// Whether a list is empty, so that there is no pair.
    pub(crate) fn is_empty(&self) -> bool {
        self.from.is_empty() || self.to.is_empty()
    }

    /// Starts to make pairs of these types from the lists.
    pub(crate) fn open(&mut self, types: [ObjectType; 2]) {
        self.types = Some(types);
    }

    /// The next pair, or its problems; `None` after the last one.
    pub(crate) fn next(&mut self, columns: &Columns) -> Option<RowContent> {
        let [from_type, to_type] = self.types.as_ref()?;
        let from = self.from.get(self.next / self.to.len().max(1));
        let (Some(from), Some(to)) = (from, self.to.get(self.next % self.to.len().max(1))) else {
            self.clear();
            return None;
        };
        self.next += 1;
        if let (&IdOrProblem::Id(from), &IdOrProblem::Id(to)) = (from, to) {
            let record = |object_type: &ObjectType, id| Record {
                object_type: object_type.clone(),
                id,
            };
            return Some(RowContent::Pair(Pair {
                from: record(from_type, from),
                to: record(to_type, to),
            }));
        }
        let problems = [problem(&columns.from_id, from), problem(&columns.to_id, to)];
        Some(RowContent::Invalid(InvalidRow {
            problems: problems.into_iter().flatten().collect(),
            values: RawValues {
                from_type: from_type.to_string(),
                from_id: value(from),
                to_type: to_type.to_string(),
                to_id: value(to),
            },
        }))
    }
}

fn problem(column: &Column, id: &IdOrProblem) -> Option<RowProblem> {
    match id {
        IdOrProblem::Id(_) => None,
        IdOrProblem::Bad { value, problem } => Some(problem_of(column, value, *problem)),
    }
}

fn value(id: &IdOrProblem) -> String {
    match id {
        IdOrProblem::Id(id) => id.to_string(),
        IdOrProblem::Bad { value, .. } => value.clone(),
    }
}
