//! The columns of the reports that a run can continue: those that this version writes, and those of earlier versions.

use std::fmt;

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

/// The columns of a report of `verify`.
const VERIFY: [&str; 10] = names([
    Column::Row,
    Column::FromType,
    Column::FromId,
    Column::ToType,
    Column::ToId,
    Column::State,
    Column::AssociationTypes,
    Column::Record,
    Column::CheckedAt,
    Column::Labels,
]);

/// The columns of a report of `undo`.
const UNDO: [&str; 8] = names([
    Column::Row,
    Column::FromType,
    Column::FromId,
    Column::ToType,
    Column::ToId,
    Column::Outcome,
    Column::Reason,
    Column::FinishedAt,
]);

const fn names<const N: usize>(columns: [Column; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut place = 0;
    while place < N {
        names[place] = columns[place].name();
        place += 1;
    }
    names
}

impl ReportKind {
    /// The layouts of its reports, the current one first.
    #[must_use]
    pub fn layouts(self) -> &'static [Layout] {
        match self {
            Self::Import => &[Layout::Current, Layout::WithoutPortal, Layout::WithoutKeys],
            Self::Verify => &[Layout::Verify],
            Self::Undo => &[Layout::Undo],
        }
    }

    /// The layout of a new report.
    #[must_use]
    pub fn layout(self) -> Layout {
        self.layouts()[0]
    }

    /// The layout with this number of columns.
    pub(crate) fn layout_of_width(self, width: usize) -> Option<Layout> {
        let mut layouts = self.layouts().iter().copied();
        layouts.find(|layout| layout.columns().len() == width)
    }

    /// Without these columns a file is not a report of this kind. Any other column may be missing in a report of
    /// another version.
    pub(crate) fn needed(self) -> &'static [Column] {
        const ROW: [Column; 5] = [
            Column::Row,
            Column::FromType,
            Column::FromId,
            Column::ToType,
            Column::ToId,
        ];
        const fn and(column: Column) -> [Column; 6] {
            let [row, from_type, from_id, to_type, to_id] = ROW;
            [row, from_type, from_id, to_type, to_id, column]
        }
        const BY_OUTCOME: [Column; 6] = and(Column::Outcome);
        const BY_STATE: [Column; 6] = and(Column::State);
        match self {
            Self::Import | Self::Undo => &BY_OUTCOME,
            Self::Verify => &BY_STATE,
        }
    }

    /// The column of the time at which a row ended. Every line that this program writes has one.
    pub(crate) fn time(self) -> Column {
        match self {
            Self::Import | Self::Undo => Column::FinishedAt,
            Self::Verify => Column::CheckedAt,
        }
    }
}

impl fmt::Display for ReportKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Import => "import",
            Self::Verify => "verify",
            Self::Undo => "undo",
        })
    }
}

/// The columns of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Those that this version writes for an import.
    #[default]
    Current,
    /// Those of versions that did not note the account: the last are the labels that were added.
    WithoutPortal,
    /// Those of versions that knew neither keys nor labels: the last is the time at which the row ended.
    WithoutKeys,
    /// Those of a report of `verify`.
    Verify,
    /// Those of a report of `undo`.
    Undo,
}

impl Layout {
    /// All layouts.
    pub(crate) const ALL: [Self; 5] = [
        Self::Current,
        Self::WithoutPortal,
        Self::WithoutKeys,
        Self::Verify,
        Self::Undo,
    ];

    /// The command whose report it is.
    #[must_use]
    pub fn kind(self) -> ReportKind {
        match self {
            Self::Current | Self::WithoutPortal | Self::WithoutKeys => ReportKind::Import,
            Self::Verify => ReportKind::Verify,
            Self::Undo => ReportKind::Undo,
        }
    }

    /// The names of the columns, in order.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Current => &COLUMNS[..=Column::EndOfRun as usize],
            Self::WithoutPortal => &COLUMNS[..=Column::LabelsAdded as usize],
            Self::WithoutKeys => &COLUMNS[..=Column::FinishedAt as usize],
            Self::Verify => &VERIFY,
            Self::Undo => &UNDO,
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

    /// Whether the lines have columns for keys.
    #[must_use]
    pub fn has_keys(self) -> bool {
        matches!(self, Self::Current | Self::WithoutPortal)
    }

    /// Whether the lines have a column for the labels asked for.
    #[must_use]
    pub fn has_labels(self) -> bool {
        self.has_keys() || self == Self::Verify
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
            assert_eq!(layout.kind().layout_of_width(names.len()), Some(layout));
            let needed = layout.kind().needed().iter();
            let needed: Vec<&str> = needed.map(|column| column.name()).collect();
            assert!(needed.iter().all(|name| layout.columns().contains(name)));
            assert!(layout.columns().contains(&layout.kind().time().name()));
        }
        assert_eq!(ReportKind::Import.layout_of_width(19), None);
        assert_eq!(ReportKind::Import.layout_of_width(9), None);
        for (layout, width, last) in [
            (Layout::Current, 27, "end_of_run"),
            (Layout::WithoutPortal, 25, "labels_added"),
            (Layout::WithoutKeys, 18, "finished_at"),
        ] {
            let columns = layout.columns();
            assert_eq!((columns.len(), columns.last()), (width, Some(&last)));
        }
    }

    #[test]
    fn the_columns_of_verify_and_undo_are_as_promised() {
        let pair = "row,from_object_type,from_object_id,to_object_type,to_object_id";
        let verify = format!("{pair},state,association_types,record,checked_at,labels\n");
        let undo = format!("{pair},outcome,reason,finished_at\n");
        assert_eq!(ReportKind::Verify.layout().header(), verify);
        assert_eq!(ReportKind::Undo.layout().header(), undo);
    }
}
