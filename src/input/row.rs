//! The result of reading and checking a row. Under `--split` one row makes several of these, with the same
//! position and distinguished by their ids.

use crate::domain::pair::{Pair, RowKey};
use crate::input::validate::row_checker::{InvalidRow, RawValues};

/// A row of the input, or one of its pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRow {
    /// Its position.
    pub key: RowKey,
    /// Its content.
    pub content: RowContent,
}

impl Default for CheckedRow {
    /// An empty row, to be overwritten by the next read.
    fn default() -> Self {
        Self {
            key: RowKey { row: 0, line: 0 },
            content: RowContent::Skipped(SkippedRow::NothingToLink(RawValues::default())),
        }
    }
}

/// The content of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowContent {
    /// A pair to link.
    Pair(Pair),
    /// An invalid row; it is not sent.
    Invalid(InvalidRow),
    /// A valid row for which nothing is sent.
    Skipped(SkippedRow),
}

/// Why nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkippedRow {
    /// A list of ids is empty.
    NothingToLink(RawValues),
    /// The pair occurred in the input before.
    Duplicate(Pair),
    /// An earlier report lists the pair as associated.
    AlreadyAssociated(Pair),
    /// An earlier report lists the pair as associated, and the row already has its line in the report.
    AlreadyReported(Pair),
}

impl From<Result<Pair, InvalidRow>> for RowContent {
    fn from(checked: Result<Pair, InvalidRow>) -> Self {
        match checked {
            Ok(pair) => Self::Pair(pair),
            Err(invalid) => Self::Invalid(invalid),
        }
    }
}
