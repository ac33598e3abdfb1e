//! What a row of the input turned out to be. Under `--split` one row makes several of these, with the
//! same place and told apart by their ids.

use super::row_checker::{InvalidRow, RawValues};
use crate::pair::{Pair, RowKey};

/// A row of the input, or one of the pairs that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRow {
    /// Where it stands.
    pub key: RowKey,
    /// What it asks for.
    pub content: RowContent,
}

impl Default for CheckedRow {
    /// No row yet: what is read is put in its place.
    fn default() -> Self {
        Self {
            key: RowKey { row: 0, line: 0 },
            content: RowContent::Skipped(SkippedRow::NothingToLink(RawValues::default())),
        }
    }
}

/// What a row asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowContent {
    /// To link a pair.
    Pair(Pair),
    /// Something is wrong with it; it is not sent.
    Invalid(InvalidRow),
    /// Nothing is wrong with it, and nothing is to be sent.
    Skipped(SkippedRow),
}

/// Why nothing is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkippedRow {
    /// A list of ids is empty.
    NothingToLink(RawValues),
    /// The pair stood in the input before.
    Duplicate(Pair),
    /// An earlier report shows the pair as linked.
    AlreadyAssociated(Pair),
    /// The same, and the row has its line in the report already.
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
