//! A pair whose records are named by ids or by the values of another property.

use crate::domain::pair::{ObjectType, Record};
use crate::domain::row_keys::{CellKey, RowKeys};

/// How a cell names a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordName {
    /// By its id.
    Id(Record),
    /// By a key, which has to be looked up.
    Key {
        /// The type of the record.
        object_type: ObjectType,
        /// The text of the cell without surrounding blanks.
        cell: Box<str>,
    },
}

impl RecordName {
    /// The type of the record.
    #[must_use]
    pub fn object_type(&self) -> &ObjectType {
        match self {
            Self::Id(record) => &record.object_type,
            Self::Key { object_type, .. } => object_type,
        }
    }

    fn key(&self) -> Option<CellKey> {
        match self {
            Self::Id(_) => None,
            Self::Key { cell, .. } => Some(CellKey::new(cell.clone())),
        }
    }
}

/// A pair with at least one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedPair {
    /// The record the request names first.
    pub from: RecordName,
    /// The record the request names second.
    pub to: RecordName,
}

impl KeyedPair {
    /// The keys of the row, not looked up yet.
    #[must_use]
    pub fn keys(&self) -> RowKeys {
        RowKeys {
            from: self.from.key(),
            to: self.to.key(),
        }
    }

    /// The four values as in the columns of the pair; the id of a record that is named by a key is empty.
    #[must_use]
    pub fn values(&self) -> [String; 4] {
        let id = |name: &RecordName| match name {
            RecordName::Id(record) => record.id.to_string(),
            RecordName::Key { .. } => String::new(),
        };
        [
            self.from.object_type().to_string(),
            id(&self.from),
            self.to.object_type().to_string(),
            id(&self.to),
        ]
    }
}
