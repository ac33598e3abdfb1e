//! The values of a record: types, ids, keys and lists of them, or their problems. Pure.

use crate::domain::key_kind::KeyKind;
use crate::domain::pair::{ObjectType, RecordId};
use crate::input::columns::column::Column;
use crate::input::columns::resolve::{Columns, TypeSource};
use crate::input::csv::record::Record;
use crate::input::decode::encoding::TextEncoding;
use crate::input::row::{InvalidRow, RawValues, truncated};
use crate::input::validate::cell::value_problem;
use crate::input::validate::diagnose::{type_problem, was_damaged};
use crate::input::validate::excel::unwrapped;
use crate::input::validate::id::parse_id;
use crate::input::validate::id_list::{IdOrProblem, Separator, split};
use crate::input::validate::key::key_cell::{key_or_problem, split_keys};
use crate::input::validate::problem::{RowProblem, ValueProblem};

/// The id of a cell, or its key if it has one of this kind.
pub(crate) fn cell_of(
    column: &Column,
    record: Record<'_>,
    kind: Option<KeyKind>,
    encoding: TextEncoding,
) -> IdOrProblem {
    let cell = record.field(column.index).unwrap_or_default();
    match kind {
        _ if record.is_misquoted(column.index) => IdOrProblem::bad(cell, ValueProblem::Misquoted),
        Some(kind) => key_or_problem(cell, kind, encoding),
        None => IdOrProblem::of(cell, encoding),
    }
}

/// The ids of a cell, or its keys if they are of this kind.
pub(crate) fn split_cell(
    column: &Column,
    record: Record<'_>,
    (separator, encoding): (&Separator, TextEncoding),
    kind: Option<KeyKind>,
    ids: &mut Vec<IdOrProblem>,
) {
    let cell = record.field(column.index).unwrap_or_default();
    if record.is_misquoted(column.index) {
        ids.push(IdOrProblem::bad(cell, ValueProblem::Misquoted));
    } else if let Some(kind) = kind {
        split_keys(cell, separator, kind, encoding, ids);
    } else {
        split(cell, separator, encoding, ids);
    }
}

/// The type of the row, if it is the cached one.
pub(crate) fn cached_type<'t>(
    source: &'t TypeSource,
    record: Record<'_>,
    last: Option<&'t ObjectType>,
) -> Option<&'t ObjectType> {
    match source {
        TypeSource::Fixed(object_type) => Some(object_type),
        TypeSource::Column(column) => {
            let field = record.field(column.index)?;
            last.filter(|last| last.as_str().as_bytes() == field)
        }
    }
}

pub(crate) fn check_id(
    column: &Column,
    record: Record<'_>,
    encoding: TextEncoding,
) -> Result<RecordId, RowProblem> {
    let bytes = record.field(column.index).unwrap_or_default();
    if record.is_misquoted(column.index) {
        return Err(value_problem(column, bytes, ValueProblem::Misquoted));
    }
    parse_id(bytes, encoding).map_err(|problem| value_problem(column, bytes, problem))
}

/// The types of a row, and caches them.
pub(crate) fn check_types(
    columns: &Columns,
    record: Record<'_>,
    encoding: TextEncoding,
    [last_from, last_to]: &mut [Option<ObjectType>; 2],
) -> [Result<ObjectType, RowProblem>; 2] {
    [
        check_type(&columns.from_type, record, encoding, last_from),
        check_type(&columns.to_type, record, encoding, last_to),
    ]
}

fn check_type(
    source: &TypeSource,
    record: Record<'_>,
    encoding: TextEncoding,
    last: &mut Option<ObjectType>,
) -> Result<ObjectType, RowProblem> {
    let column = match source {
        TypeSource::Fixed(object_type) => return Ok(object_type.clone()),
        TypeSource::Column(column) => column,
    };
    let bytes = record.field(column.index).unwrap_or_default();
    if record.is_misquoted(column.index) {
        return Err(value_problem(column, bytes, ValueProblem::Misquoted));
    }
    let Ok(text) = str::from_utf8(bytes) else {
        return Err(value_problem(column, bytes, ValueProblem::NotUtf8));
    };
    let text = unwrapped(text.trim());
    if let Some(last) = last
        && last.as_str() == text
    {
        return Ok(last.clone());
    }
    match ObjectType::new(text) {
        Some(object_type) => {
            *last = Some(object_type.clone());
            Ok(object_type)
        }
        None if was_damaged(text, encoding) => {
            let problem = ValueProblem::NotInEncoding(encoding);
            Err(value_problem(column, bytes, problem))
        }
        None => Err(value_problem(column, bytes, type_problem(text))),
    }
}

pub(crate) fn invalid(
    problems: Vec<RowProblem>,
    columns: &Columns,
    record: Record<'_>,
) -> InvalidRow {
    InvalidRow {
        problems,
        values: raw_values(columns, record),
    }
}

pub(crate) fn raw_values(columns: &Columns, record: Record<'_>) -> RawValues {
    let value = |column: &Column| truncated(record.field(column.index).unwrap_or_default());
    let type_value = |source: &TypeSource| match source {
        TypeSource::Fixed(object_type) => object_type.to_string(),
        TypeSource::Column(column) => value(column),
    };
    RawValues::new(
        [type_value(&columns.from_type), type_value(&columns.to_type)],
        [value(&columns.from_id), value(&columns.to_id)],
        columns.are_keys(),
    )
}
