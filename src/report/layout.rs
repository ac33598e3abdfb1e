//! The columns of the reports that a run can continue: those that this version writes, and those of earlier versions.

use crate::report::column::{COLUMNS, Column};

/// The command whose report it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportKind {
    /// `import`.
    #[default]
    Import,
    /// `verify`.
    Verify,
    /// `undo`.
    Undo,
}

/// The columns of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Those that this version writes.
    #[default]
    Current,
    /// Those of versions that did not note the account: the last are the labels that were added.
    WithoutPortal,
    /// Those of versions that did not look up keys: the last is the time at which the row ended.
    WithoutKeys,
}

impl Layout {
    /// All layouts, the current one first.
    pub(crate) const ALL: [Self; 3] = [Self::Current, Self::WithoutPortal, Self::WithoutKeys];

    /// The names of the columns, in order.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Current => &COLUMNS,
            Self::WithoutPortal => &COLUMNS[..=Column::LabelsAdded as usize],
            Self::WithoutKeys => &COLUMNS[..=Column::FinishedAt as usize],
        }
    }

    /// The header with its line break.
    #[must_use]
    pub fn header(self) -> String {
        self.columns().join(",") + "\n"
    }

    /// The layout with these names of columns.
    pub(crate) fn of(names: &[&[u8]]) -> Option<Self> {
        let found = names.iter().copied();
        let is_found = |layout: &Self| {
            let columns = layout.columns().iter().map(|name| name.as_bytes());
            found.clone().eq(columns)
        };
        Self::ALL.into_iter().find(is_found)
    }

    /// The layout with this number of columns.
    pub(crate) fn of_width(width: usize) -> Option<Self> {
        let mut layouts = Self::ALL.into_iter();
        layouts.find(|layout| layout.columns().len() == width)
    }

    /// Whether the lines have columns for keys.
    #[must_use]
    pub fn has_keys(self) -> bool {
        self != Self::WithoutKeys
    }

    /// Whether the lines have columns for the account and for the end of the run.
    #[must_use]
    pub fn has_portal(self) -> bool {
        self == Self::Current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_found_by_all_its_names_and_by_their_number() {
        for layout in Layout::ALL {
            let header = layout.header();
            let names: Vec<&[u8]> = header.trim_end().split(',').map(str::as_bytes).collect();
            assert_eq!(Layout::of(&names), Some(layout));
            assert_eq!(Layout::of(&names[1..]), None);
            assert_eq!(Layout::of_width(names.len()), Some(layout));
        }
        assert_eq!(Layout::of_width(19), None);
        for (layout, width, last) in [
            (Layout::Current, 27, "end_of_run"),
            (Layout::WithoutPortal, 25, "labels_added"),
            (Layout::WithoutKeys, 18, "finished_at"),
        ] {
            let columns = layout.columns();
            assert_eq!((columns.len(), columns.last()), (width, Some(&last)));
        }
    }
}
