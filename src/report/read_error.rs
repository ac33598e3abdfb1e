//! Why a report cannot be read.

use std::io;

use crate::report::column::Column;
use crate::report::layout::ReportKind;
use crate::report::origin::Origin;

/// Why a report cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadBackError {
    /// An I/O error.
    #[error("cannot read it")]
    Io(#[from] io::Error),
    /// Columns are missing: it is another kind of file.
    #[error("it is not a report of {}: the header has no column {}", program_or(*kind), columns.join(", "))]
    NoReport {
        /// The kind of report that was expected.
        kind: ReportKind,
        /// The missing columns, in backticks.
        columns: Vec<String>,
    },
    /// It is the report of another command.
    #[error("it is a report of `{found}`, not of `{wanted}`")]
    OtherKind {
        /// What it is.
        found: ReportKind,
        /// What was expected.
        wanted: ReportKind,
    },
    /// A line is damaged, and whole lines follow.
    #[error("line {line}: {why}")]
    Damaged {
        /// The line of the report.
        line: u64,
        /// What is wrong with the line.
        why: String,
    },
    /// Another kind of run wrote a line.
    #[error("line {line} was written by {origin}")]
    OtherOrigin {
        /// The line of the report.
        line: u64,
        /// The kind of run that wrote it.
        origin: Origin,
    },
    /// A run of another account wrote a line.
    #[error("line {line} is of portal {found}, and this run writes to portal {wanted}")]
    OtherPortal {
        /// The line of the report.
        line: u64,
        /// The portal that it names.
        found: u64,
        /// The portal of this run.
        wanted: u64,
    },
    /// A row has two lines for the same pair.
    #[error("line {line}: row {row} has two lines for the same pair, this one and line {first}")]
    Twice {
        /// The second line.
        line: u64,
        /// The first line.
        first: u64,
        /// The row.
        row: u64,
    },
}

impl ReadBackError {
    /// Creates the error for a file without these columns.
    pub(crate) fn no_report(kind: ReportKind, columns: impl IntoIterator<Item = Column>) -> Self {
        let columns = columns.into_iter();
        Self::NoReport {
            kind,
            columns: columns
                .map(|column| format!("`{}`", column.name()))
                .collect(),
        }
    }

    /// Creates the error for a header that this version does not write.
    pub(crate) fn other_columns() -> Self {
        Self::Damaged {
            line: 1,
            why: "the columns are not those that this version writes".to_owned(),
        }
    }
}

/// The command of a report, as a message names it: reports of imports are what users know as reports.
pub(crate) fn program_or(kind: ReportKind) -> String {
    match kind {
        ReportKind::Import => "this program".to_owned(),
        ReportKind::Verify | ReportKind::Undo => format!("`{kind}`"),
    }
}
