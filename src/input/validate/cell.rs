//! The problem of one cell.

use crate::input::columns::column::Column;
use crate::input::row::{MAX_SHOWN_VALUE_LENGTH, truncated};
use crate::input::validate::problem::{RowProblem, ValueProblem};
use crate::text::excerpt;

pub(crate) fn value_problem(column: &Column, bytes: &[u8], problem: ValueProblem) -> RowProblem {
    problem_of(column, &truncated(bytes), problem)
}

/// The problem of a value that [`RawValues`](crate::input::row::RawValues) has.
pub(crate) fn problem_of(column: &Column, value: &str, problem: ValueProblem) -> RowProblem {
    RowProblem::Value {
        column: column.clone(),
        value: excerpt(value, MAX_SHOWN_VALUE_LENGTH),
        problem,
    }
}
