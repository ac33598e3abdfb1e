//! The number of fields that a row may have. Pure.
//!
//! Spreadsheets leave out empty cells at the end of a row, and programs add some. Neither moves a value, as
//! long as the four values are in their columns.

use crate::input::columns::resolve::{Columns, TypeSource};
use crate::input::csv::record::{Record, is_blank};

/// The columns that a rejects file has after those of its input.
pub const ERROR_COLUMNS: [&str; 2] = ["error_category", "error_message"];

/// Whether the last columns of a file are [`ERROR_COLUMNS`]: then it is a rejects file.
#[must_use]
pub fn has_error_columns(headers: &[String]) -> bool {
    headers.len() > ERROR_COLUMNS.len() && headers.ends_with(&ERROR_COLUMNS.map(String::from))
}

/// The number of fields in the rows of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowShape {
    /// The number of fields in the header.
    usual: usize,
    /// The number of fields up to the last of the four values.
    needed: usize,
    /// The number of fields that a rejects file adds, also to rows with too many or too few fields.
    added: usize,
}

impl RowShape {
    pub(crate) fn of(columns: &Columns, headers: &[String]) -> Self {
        let type_index = |source: &TypeSource| match source {
            TypeSource::Fixed(_) => 0,
            TypeSource::Column(column) => column.index,
        };
        let indices = [
            columns.from_id.index,
            columns.to_id.index,
            type_index(&columns.from_type),
            type_index(&columns.to_type),
        ];
        Self {
            usual: columns.field_count,
            needed: indices.into_iter().max().unwrap_or_default() + 1,
            added: if has_error_columns(headers) {
                ERROR_COLUMNS.len()
            } else {
                0
            },
        }
    }

    /// A field of `record` that may be left out at its end; `None` if it is.
    pub(crate) fn field(self, record: Record<'_>, index: usize) -> Option<&[u8]> {
        // The columns that a rejects file adds follow those that a row has.
        let is_added = record.field_count() < self.usual
            && index >= record.field_count().saturating_sub(self.added);
        record.field(index).filter(|_| !is_added)
    }

    /// Whether all values of `record` are in their columns.
    pub(crate) fn fits(self, record: Record<'_>) -> bool {
        let found = record.field_count();
        if found == self.usual {
            return true;
        }
        let usual = self.usual - self.added;
        let found = found.saturating_sub(self.added);
        if found < usual {
            return found >= self.needed;
        }
        (usual..found).all(|index| record.field(index).is_none_or(is_blank))
    }
}
