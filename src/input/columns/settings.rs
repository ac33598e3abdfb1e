//! The user's settings for the columns: the values of a row, names for columns, fixed types. Pure.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use crate::domain::pair::ObjectType;
use crate::input::columns::header_name::visible;

/// A value of a row that has a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The type of the record named first.
    FromType,
    /// The id of the record named first.
    FromId,
    /// The type of the record named second.
    ToType,
    /// The id of the record named second.
    ToId,
    /// The names of the labels. Unlike the other four, a row need not have it.
    Label,
}

impl Role {
    /// The values in the order in which messages list them.
    pub const ALL: [Self; 5] = [
        Self::FromType,
        Self::FromId,
        Self::ToType,
        Self::ToId,
        Self::Label,
    ];

    /// Whether no other value can have the same column: an id, or a label.
    #[must_use]
    pub fn needs_own_column(self) -> bool {
        matches!(self, Self::FromId | Self::ToId | Self::Label)
    }

    /// The header names that need no flag, normalized as `columns` compares them.
    pub(crate) fn known_names(self) -> &'static [&'static str] {
        match self {
            Self::FromType => &["fromobjecttype", "fromtype"],
            Self::FromId => &["fromobjectid", "fromid"],
            Self::ToType => &["toobjecttype", "totype"],
            Self::ToId => &["toobjectid", "toid"],
            // A file may have any column of that name, so that only a flag gives rows labels.
            Self::Label => &[],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::FromType => "from type",
            Self::FromId => "from id",
            Self::ToType => "to type",
            Self::ToId => "to id",
            Self::Label => "label",
        })
    }
}

/// How the user names a column: by its header, or by its number as in `#3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnName {
    /// The header's text.
    Header(String),
    /// The column's number, counted from 1.
    Number(NonZeroUsize),
}

/// Why a text does not name a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnNameError {
    /// Empty or blank.
    #[error("a column name cannot be blank")]
    Blank,
    /// `#0`.
    #[error("columns are counted from `#1`")]
    Zero,
}

impl FromStr for ColumnName {
    type Err = ColumnNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = visible(text);
        let digits = name.strip_prefix('#').unwrap_or_default();
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            // A number that does not fit is a column that no file has.
            let number = digits.parse().unwrap_or(usize::MAX);
            return NonZeroUsize::new(number)
                .map(Self::Number)
                .ok_or(ColumnNameError::Zero);
        }
        if name.is_empty() {
            return Err(ColumnNameError::Blank);
        }
        Ok(Self::Header(text.to_owned()))
    }
}

/// The user's settings for the columns; empty if the header is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnSettings {
    /// The type of all records named first, regardless of the file.
    pub from_type: Option<ObjectType>,
    /// The type of all records named second, regardless of the file.
    pub to_type: Option<ObjectType>,
    /// The column of [`Role::FromType`].
    pub from_type_column: Option<ColumnName>,
    /// The column of [`Role::FromId`].
    pub from_id_column: Option<ColumnName>,
    /// The column of [`Role::ToType`].
    pub to_type_column: Option<ColumnName>,
    /// The column of [`Role::ToId`].
    pub to_id_column: Option<ColumnName>,
    /// The column of [`Role::Label`], if the labels of rows have one.
    pub label_column: Option<ColumnName>,
}

impl ColumnSettings {
    pub(crate) fn fixed_type(&self, role: Role) -> Option<&ObjectType> {
        match role {
            Role::FromType => self.from_type.as_ref(),
            Role::ToType => self.to_type.as_ref(),
            Role::FromId | Role::ToId | Role::Label => None,
        }
    }

    pub(crate) fn column_name(&self, role: Role) -> Option<&ColumnName> {
        match role {
            Role::FromType => self.from_type_column.as_ref(),
            Role::FromId => self.from_id_column.as_ref(),
            Role::ToType => self.to_type_column.as_ref(),
            Role::ToId => self.to_id_column.as_ref(),
            Role::Label => self.label_column.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Option<ColumnName> {
        text.parse().ok()
    }

    #[test]
    fn a_column_name_is_a_header_or_a_number() {
        let number = |number| NonZeroUsize::new(number).map(ColumnName::Number);
        assert_eq!(name("#3"), number(3));
        assert_eq!(name("#99999999999999999999999"), number(usize::MAX));
        for header in ["Record ID", "3", "#", "#x", "# 3"] {
            assert_eq!(name(header), Some(ColumnName::Header(header.to_owned())));
        }
        assert_eq!("#0".parse::<ColumnName>(), Err(ColumnNameError::Zero));
        assert_eq!(name("\u{feff}#3\u{a0}"), number(3));
        for blank in ["", " ", "\u{200b}\u{a0}"] {
            assert_eq!(blank.parse::<ColumnName>(), Err(ColumnNameError::Blank));
        }
    }
}
