//! Detects rows inside quotes: lines within a quoted field that look like rows of the file. Pure.
//!
//! If one stray quote opens in a cell and another one closes in a later row, the text is valid CSV, and the
//! rows between are part of a cell. It may also be intended, so it only causes a warning.

use crate::domain::pair::{ObjectType, RecordId};
use crate::input::columns::column::Column;
use crate::input::columns::headerless::{looks_like_ids, looks_like_values};
use crate::input::columns::resolve::{Columns, TypeSource};
use crate::input::csv::record::Record;

/// How often a quoted field contained lines that look like rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct QuotedRows {
    /// The number of rows with such a field.
    pub rows: u64,
    /// The line on which the first of these rows starts.
    pub first_line: Option<u64>,
}

impl QuotedRows {
    pub(crate) fn add(&mut self, line: u64) {
        self.rows += 1;
        self.first_line.get_or_insert(line);
    }
}

/// Whether a line of `record` after its first one has ids and types in the columns where rows of this file have
/// them. `lists`: a cell may hold several ids.
pub(crate) fn holds_rows(
    record: Record<'_>,
    columns: &Columns,
    delimiter: u8,
    lists: bool,
) -> bool {
    record.spans_lines()
        && record
            .raw()
            .split(|byte| matches!(byte, b'\r' | b'\n'))
            .skip(1)
            .any(|line| looks_like_a_row(line, columns, delimiter, lists))
}

fn looks_like_a_row(line: &[u8], columns: &Columns, delimiter: u8, lists: bool) -> bool {
    // The quotes are unreliable here.
    let fields: Vec<&str> = line
        .split(|&byte| byte == delimiter)
        .map(|field| {
            let text = str::from_utf8(field).unwrap_or_default().trim();
            text.trim_matches('"').trim()
        })
        .collect();
    let is_id = |column: &Column, is_key: bool| {
        fields.get(column.index).is_some_and(|field| {
            if is_key {
                return looks_like_values(field, is_key);
            }
            RecordId::new(field).is_some() || (lists && looks_like_ids(field))
        })
    };
    let is_type = |source: &TypeSource| match source {
        TypeSource::Fixed(_) => true,
        TypeSource::Column(column) => fields
            .get(column.index)
            .is_some_and(|field| ObjectType::new(field).is_some()),
    };
    let [is_from_key, is_to_key] = columns.are_keys();
    // Any text may be a key: such lines are counted only where they have as many fields as the header.
    (!(is_from_key || is_to_key) || fields.len() == columns.field_count)
        && is_id(&columns.from_id, is_from_key)
        && is_id(&columns.to_id, is_to_key)
        && is_type(&columns.from_type)
        && is_type(&columns.to_type)
}
