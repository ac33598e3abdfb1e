//! Reads the rows of a report for an undo, and refuses those of a report that cannot be undone.

use std::path::{Path, PathBuf};

use crate::domain::outcome::OutcomeKind;
use crate::domain::pair::{Pair, RowKey};
use crate::error::RunError;
use crate::report::end_of_run::EndOfRun;
use crate::report::origin::Origin;
use crate::report::report_rows::{ReportRow, ReportRows};
use crate::undo::error::UndoError;
use crate::undo::link_row::LinkRow;

/// The rows of a report.
pub(crate) struct LinkLines {
    rows: ReportRows,
    path: PathBuf,
    /// The line of the report that was read last.
    number: u64,
}

/// A row of a report.
pub(crate) struct LinkLine(ReportRow);

impl LinkLine {
    /// Its position in the input of the import.
    pub(crate) fn key(&self) -> RowKey {
        self.0.key
    }

    /// What it shows about a link; `None` if the row is not a pair.
    pub(crate) fn row(&self) -> Option<LinkRow<'_>> {
        Some(LinkRow {
            row: self.0.key.row,
            pair: self.0.pair.as_ref()?,
            is_associated: self.0.outcome == OutcomeKind::Associated,
            existed_before: self.0.existed_before,
            portal: self.0.portal_id,
            labels: self.0.labels.as_ref(),
            labels_added: self.0.labels_added.as_ref(),
            finished_at: self.0.finished_at,
        })
    }

    /// The pair.
    pub(crate) fn into_pair(self) -> Option<Pair> {
        self.0.pair
    }
}

impl LinkLines {
    /// Opens a report, plain or compressed.
    pub(crate) fn open(path: &Path) -> Result<Self, RunError> {
        Ok(Self {
            rows: ReportRows::open(path)?,
            path: path.to_owned(),
            number: 1,
        })
    }

    /// The next row; `None` at the end. Fails at a row of a rehearsal, and at an associated row without a pair.
    pub(crate) fn next(&mut self) -> Result<Option<LinkLine>, RunError> {
        let Some(row) = self.rows.next()? else {
            return Ok(None);
        };
        self.number = row.report_line;
        let (path, line) = (&self.path, row.report_line);
        if row.origin == Origin::Rehearsal {
            let path = path.clone();
            return Err(UndoError::Rehearsal { path, line }.into());
        }
        if row.outcome == OutcomeKind::Associated && row.pair.is_none() {
            let path = path.clone();
            return Err(UndoError::NoPair { path, line }.into());
        }
        Ok(Some(LinkLine(row)))
    }

    /// The line of the report that was read last.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// At the end: whether the import has finished.
    pub(crate) fn end_of_run(&self) -> EndOfRun {
        self.rows.end_of_run()
    }
}
