//! The keys that stood in a row's id cells instead of ids.

/// How a record matches a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchKind {
    /// Its property has this value.
    Exact,
    /// Its property has this value in another case, or the cell had.
    Folded,
    /// One of its secondary email addresses is this one.
    Secondary,
    /// It was found by the search.
    Search,
}

impl MatchKind {
    /// Its name in the report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Folded => "folded",
            Self::Secondary => "secondary",
            Self::Search => "search",
        }
    }
}

/// A key that stood in an id cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellKey {
    /// The text of the cell without surrounding blanks.
    pub cell: Box<str>,
    /// How the record that was found matches; `None` if none was found.
    pub matched: Option<MatchKind>,
}

impl CellKey {
    /// A key without a record.
    #[must_use]
    pub fn new(cell: impl Into<Box<str>>) -> Self {
        Self {
            cell: cell.into(),
            matched: None,
        }
    }
}

/// The keys of a row: `None` for a cell that held an id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowKeys {
    /// The key of the record named first.
    pub from: Option<CellKey>,
    /// The key of the record named second.
    pub to: Option<CellKey>,
}
