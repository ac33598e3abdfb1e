//! One row with several ids or keys in its cells → a pair for each of them, one at a time. Pure.
//!
//! Where both cells are lists, every id of the one is paired with every id of the other; the pairs are made on
//! demand, so that only the two lists take memory.

use crate::domain::keyed_pair::{KeyedPair, RecordName};
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
        let types = [from_type.clone(), to_type.clone()];
        Some(content_of(columns, types, [from, to]))
    }
}

/// The pair of two cells, or their problems.
pub(crate) fn content_of(
    columns: &Columns,
    types: [ObjectType; 2],
    [from, to]: [&IdOrProblem; 2],
) -> RowContent {
    let [from_type, to_type] = types;
    if let (&IdOrProblem::Id(from), &IdOrProblem::Id(to)) = (from, to) {
        let record = |object_type, id| Record { object_type, id };
        return RowContent::Pair(Pair {
            from: record(from_type, from),
            to: record(to_type, to),
        });
    }
    if let (Some(from), Some(to)) = (name(&from_type, from), name(&to_type, to)) {
        return RowContent::Keyed(Box::new(KeyedPair { from, to }));
    }
    let problems = [problem(&columns.from_id, from), problem(&columns.to_id, to)];
    RowContent::Invalid(InvalidRow {
        problems: problems.into_iter().flatten().collect(),
        values: RawValues::new(
            [from_type.to_string(), to_type.to_string()],
            [value(from), value(to)],
            columns.are_keys(),
        ),
    })
}

fn name(object_type: &ObjectType, cell: &IdOrProblem) -> Option<RecordName> {
    let object_type = object_type.clone();
    match cell {
        &IdOrProblem::Id(id) => Some(RecordName::Id(Record { object_type, id })),
        IdOrProblem::Key(cell) => Some(RecordName::Key {
            object_type,
            cell: cell.clone(),
        }),
        IdOrProblem::Bad { .. } => None,
    }
}

/// The problem of a cell in this column.
pub(crate) fn problem(column: &Column, cell: &IdOrProblem) -> Option<RowProblem> {
    match cell {
        IdOrProblem::Id(_) | IdOrProblem::Key(_) => None,
        IdOrProblem::Bad { value, problem } => Some(problem_of(column, value, *problem)),
    }
}

fn value(cell: &IdOrProblem) -> String {
    match cell {
        IdOrProblem::Id(id) => id.to_string(),
        IdOrProblem::Key(text) => text.to_string(),
        IdOrProblem::Bad { value, .. } => value.clone(),
    }
}
