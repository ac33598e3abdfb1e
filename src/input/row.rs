//! The result of reading and checking a row. Under `--split` one row makes several of these, with the same
//! position and distinguished by their ids.

use std::borrow::Cow;
use std::fmt;

use crate::domain::keyed_pair::{KeyedPair, RecordName};
use crate::domain::labels::AskedLabels;
use crate::domain::outcome::RowTarget;
use crate::domain::pair::{Pair, RowKey};
use crate::domain::row_keys::{CellKey, RowKeys};
use crate::input::validate::problem::RowProblem;

/// A row of the input, or one of its pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRow {
    /// Its position.
    pub key: RowKey,
    /// Its content.
    pub content: RowContent,
    /// The labels that it asks for; `None` if it asks for none, or is invalid.
    pub labels: Option<AskedLabels>,
}

impl Default for CheckedRow {
    /// An empty row, to be overwritten by the next read.
    fn default() -> Self {
        Self {
            key: RowKey { row: 0, line: 0 },
            content: RowContent::empty(),
            labels: None,
        }
    }
}

/// The content of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowContent {
    /// A pair to link.
    Pair(Pair),
    /// A pair whose link stays, while an undo removes labels of it.
    LabelsOf(Pair),
    /// A pair to link, with at least one key that has to be looked up first.
    Keyed(Box<KeyedPair>),
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
    /// HubSpot showed the pair as associated before it was sent.
    Exists(Pair),
    /// An undo keeps the link, for this reason.
    Kept(Pair, Cow<'static, str>),
}

/// Characters of a value that a message shows.
pub(crate) const MAX_SHOWN_VALUE_LENGTH: usize = 60;

/// Characters of a value that an invalid row keeps.
const MAX_RAW_VALUE_LENGTH: usize = 200;

/// A row that will not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRow {
    /// The problems, one at least, in the order of the four values.
    pub problems: Vec<RowProblem>,
    /// The four values of the row.
    pub values: RawValues,
}

impl fmt::Display for InvalidRow {
    /// All problems on one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(formatter, "{separator}{problem}")?;
        }
        Ok(())
    }
}

/// The four values as the file has them, but without surrounding blanks, as UTF-8 and cut to 200 characters;
/// blank where the row has no such field. Not escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawValues {
    /// The type of the record named first.
    pub from_type: String,
    /// The id of the record named first.
    pub from_id: String,
    /// The type of the record named second.
    pub to_type: String,
    /// The id of the record named second.
    pub to_id: String,
    /// The cells that hold keys instead of ids; the id beside each of them is empty.
    pub keys: Option<Box<RowKeys>>,
}

impl RawValues {
    /// `cells` are the texts in place of the two ids; `are_keys` says which of them stand for a key.
    pub(crate) fn new(types: [String; 2], cells: [String; 2], are_keys: [bool; 2]) -> Self {
        let [from_type, to_type] = types;
        let [from, to] = cells;
        let [(from_id, from_key), (to_id, to_key)] =
            [(from, are_keys[0]), (to, are_keys[1])].map(|(cell, is_key)| {
                if is_key {
                    (String::new(), Some(CellKey::new(cell)))
                } else {
                    (cell, None)
                }
            });
        let keys = RowKeys {
            from: from_key,
            to: to_key,
        };
        Self {
            from_type,
            from_id,
            to_type,
            to_id,
            keys: (keys != RowKeys::default()).then(|| Box::new(keys)),
        }
    }

    /// The values of a pair.
    pub(crate) fn of(pair: &Pair) -> Self {
        let [from_type, from_id, to_type, to_id] = RowTarget::Pair(pair.clone()).values();
        Self {
            from_type,
            from_id,
            to_type,
            to_id,
            keys: None,
        }
    }

    /// The texts in place of the two ids.
    fn cells(&self) -> [&str; 2] {
        let keys = self.keys.as_deref();
        [
            keys.and_then(|keys| keys.from.as_ref())
                .map_or(&self.from_id, |key| &key.cell),
            keys.and_then(|keys| keys.to.as_ref())
                .map_or(&self.to_id, |key| &key.cell),
        ]
    }
}

/// A value as [`RawValues`] stores it.
pub(crate) fn truncated(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.trim().chars().take(MAX_RAW_VALUE_LENGTH).collect()
}

/// The target of a row, as shown in its report line.
#[must_use]
pub fn target_of(row: &CheckedRow) -> RowTarget {
    match &row.content {
        RowContent::Pair(pair) | RowContent::LabelsOf(pair) => RowTarget::Pair(pair.clone()),
        RowContent::Keyed(pair) => RowTarget::Raw(pair.values()),
        RowContent::Invalid(invalid) => raw(invalid.values.clone()),
        RowContent::Skipped(skipped) => skipped.target(),
    }
}

impl RowContent {
    /// Content that is to be replaced.
    pub(crate) fn empty() -> Self {
        Self::Skipped(SkippedRow::NothingToLink(RawValues::default()))
    }

    /// The two ids or keys as the row has them, or the text in their place; `None` if the row is skipped.
    pub(crate) fn ids(&self) -> Option<[&str; 2]> {
        match self {
            Self::Pair(pair) | Self::LabelsOf(pair) => {
                Some([pair.from.id.as_str(), pair.to.id.as_str()])
            }
            Self::Invalid(InvalidRow { values, .. }) => Some(values.cells()),
            Self::Keyed(pair) => Some([cell_of(&pair.from), cell_of(&pair.to)]),
            Self::Skipped(_) => None,
        }
    }

    /// The types and the ids or keys of a pair, in the order of the columns; `None` if the row is no pair to link.
    #[must_use]
    pub fn pair_values(&self) -> Option<[&str; 4]> {
        match self {
            Self::Pair(Pair { from, to }) | Self::LabelsOf(Pair { from, to }) => Some([
                from.object_type.as_str(),
                from.id.as_str(),
                to.object_type.as_str(),
                to.id.as_str(),
            ]),
            Self::Keyed(pair) => Some([
                pair.from.object_type().as_str(),
                cell_of(&pair.from),
                pair.to.object_type().as_str(),
                cell_of(&pair.to),
            ]),
            Self::Invalid(_) | Self::Skipped(_) => None,
        }
    }

    /// The keys in the row's id cells, not looked up; `None` if they hold ids, or if the row is a pair.
    #[must_use]
    pub fn keys(&self) -> Option<RowKeys> {
        match self {
            Self::Keyed(pair) => Some(pair.keys()),
            Self::Invalid(InvalidRow { values, .. })
            | Self::Skipped(SkippedRow::NothingToLink(values)) => values.keys.as_deref().cloned(),
            Self::Pair(_) | Self::LabelsOf(_) | Self::Skipped(_) => None,
        }
    }

    /// Whether the row has too many or too few fields.
    pub(crate) fn has_wrong_field_count(&self) -> bool {
        let is_count = |problem: &RowProblem| matches!(problem, RowProblem::FieldCount { .. });
        matches!(self, Self::Invalid(InvalidRow { problems, .. }) if problems.iter().any(is_count))
    }
}

impl SkippedRow {
    fn target(&self) -> RowTarget {
        match self {
            Self::NothingToLink(values) => raw(values.clone()),
            Self::Duplicate(pair)
            | Self::AlreadyAssociated(pair)
            | Self::AlreadyReported(pair)
            | Self::Exists(pair)
            | Self::Kept(pair, _) => RowTarget::Pair(pair.clone()),
        }
    }
}

fn cell_of(name: &RecordName) -> &str {
    match name {
        RecordName::Id(record) => record.id.as_str(),
        RecordName::Key { cell, .. } => cell,
    }
}

pub(crate) fn raw(values: RawValues) -> RowTarget {
    let RawValues {
        from_type,
        from_id,
        to_type,
        to_id,
        keys: _,
    } = values;
    RowTarget::Raw([from_type, from_id, to_type, to_id])
}
