//! Reads the rows of an import's report that are verified, in the order of its lines.

use std::path::{Path, PathBuf};

use crate::domain::label_set::LabelSet;
use crate::domain::labels::AskedLabels;
use crate::domain::pair::{Pair, RowKey};
use crate::input::row::{CheckedRow, RowContent};
use crate::report::end_of_run::EndOfRun;
use crate::report::error::ReportError;
use crate::report::read_error::ReadBackError;
use crate::report::report_rows::ReportRows;
use crate::verify::survey::{Refusal, Survey};

/// The rows of a report that are verified.
pub(crate) struct LinkedRows {
    rows: ReportRows,
    path: PathBuf,
    survey: Survey,
}

/// A row that is verified.
#[derive(Clone, Debug)]
pub(crate) struct LinkedRow {
    /// Its position in the input of the import.
    pub(crate) key: RowKey,
    pub(crate) pair: Pair,
    /// The labels that it asked for.
    pub(crate) labels: Option<LabelSet>,
}

impl From<LinkedRow> for CheckedRow {
    fn from(row: LinkedRow) -> Self {
        Self {
            key: row.key,
            content: RowContent::Pair(row.pair),
            labels: row.labels.map(AskedLabels::Known),
        }
    }
}

/// Why reading ends early.
#[derive(Debug)]
pub(crate) enum RowsError {
    /// The report cannot be read.
    Report(ReportError),
    /// It cannot be verified.
    Refused(Refusal),
}

impl LinkedRows {
    /// Opens a report, plain or compressed.
    pub(crate) fn open(path: &Path) -> Result<Self, ReportError> {
        Ok(Self {
            rows: ReportRows::open(path)?,
            path: path.to_owned(),
            survey: Survey::default(),
        })
    }

    /// The next row that is verified; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<LinkedRow>, RowsError> {
        while let Some(row) = self.rows.next().map_err(RowsError::Report)? {
            let is_verified = self.survey.add(&row).map_err(RowsError::Refused)?;
            match row.pair {
                Some(pair) if is_verified => {
                    return Ok(Some(LinkedRow {
                        key: row.key,
                        pair,
                        labels: row.labels,
                    }));
                }
                None if is_verified => {
                    let path = self.path.clone();
                    let source = ReadBackError::Damaged {
                        line: row.report_line,
                        why: format!("is {}, and names no pair of records", row.outcome),
                    };
                    return Err(RowsError::Report(ReportError::ReadBack { path, source }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// What the lines so far are.
    pub(crate) fn survey(&self) -> Survey {
        self.survey
    }

    /// Whether the import had finished. To be called once the end was read.
    pub(crate) fn end_of_run(&self) -> EndOfRun {
        self.rows.end_of_run()
    }
}
