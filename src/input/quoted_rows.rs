//! Rows that vanished inside quotes: lines within a quoted field that look like rows of the file. Pure.
//!
//! Where one stray quote opens in a cell and another one closes in a later row, the text is a correct CSV, and
//! the rows between are part of a cell. That cannot be known for sure, so it is only worth a warning.

use super::columns::{Column, Columns, TypeSource};
use super::headerless::looks_like_ids;
use super::record::Record;
use crate::pair::{ObjectType, RecordId};

/// How often a quoted field held lines that look like rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct QuotedRows {
    /// How many rows have such a field.
    pub rows: u64,
    /// The line on which the first of these rows starts.
    pub first_line: Option<u64>,
}

impl QuotedRows {
    pub(super) fn add(&mut self, line: u64) {
        self.rows += 1;
        self.first_line.get_or_insert(line);
    }
}

/// Whether a line of `record`, behind its first one, has ids and types where rows of this file have them.
/// `lists` tells that a cell may hold several ids.
pub(super) fn holds_rows(
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
    // Quotes are what cannot be relied on here.
    let fields: Vec<&str> = line
        .split(|&byte| byte == delimiter)
        .map(|field| {
            let text = str::from_utf8(field).unwrap_or_default().trim();
            text.trim_matches('"').trim()
        })
        .collect();
    let is_id = |column: &Column| {
        fields
            .get(column.index)
            .is_some_and(|field| RecordId::new(field).is_some() || (lists && looks_like_ids(field)))
    };
    let is_type = |source: &TypeSource| match source {
        TypeSource::Fixed(_) => true,
        TypeSource::Column(column) => fields
            .get(column.index)
            .is_some_and(|field| ObjectType::new(field).is_some()),
    };
    is_id(&columns.from_id)
        && is_id(&columns.to_id)
        && is_type(&columns.from_type)
        && is_type(&columns.to_type)
}
