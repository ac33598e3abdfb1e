//! The cells of the label column → the names of the labels that a row asks for, or why there are none. Pure.
//!
//! Nothing is guessed: a placeholder such as `NULL` or an error of a formula is refused also where a cell may be blank,
//! because the row would be linked without the label that it was to have.

use std::collections::HashMap;

use crate::domain::label_names::LabelNames;
use crate::domain::labels::AskedLabels;
use crate::input::columns::column::Column;
use crate::input::columns::resolve::Columns;
use crate::input::csv::record::Record;
use crate::input::decode::encoding::TextEncoding;
use crate::input::row::{RowContent, truncated};
use crate::input::validate::cell::{problem_of, value_problem};
use crate::input::validate::diagnose::was_damaged;
use crate::input::validate::excel::unwrapped;
use crate::input::validate::id_list::{Separator, parts};
use crate::input::validate::key::no_value::{is_placeholder, is_spreadsheet_error};
use crate::input::validate::label_problem::{LabelProblem, MAX_LABEL_LENGTH, MAX_LABELS};
use crate::input::validate::problem::{RowProblem, ValueProblem};
use crate::input::validate::row_values::invalid;
use crate::input::validate::shape::RowShape;

/// The number of different cells whose names are kept, and the length of the longest.
const MAX_KNOWN: usize = 256;
const MAX_KNOWN_LENGTH: usize = 1024;

/// Reads the label column of one file. Rows with the same cell share its names, so that a row rarely allocates anything.
#[derive(Debug)]
pub(crate) struct LabelCells {
    column: Column,
    shape: RowShape,
    encoding: TextEncoding,
    separator: Option<Separator>,
    /// Whether all rows have labels besides.
    may_be_blank: bool,
    /// The names of cells that occurred before.
    known: HashMap<Box<[u8]>, AskedLabels>,
    /// The labels of the row that was read last; `None` if it has none or is invalid.
    current: Option<AskedLabels>,
}

impl LabelCells {
    /// For cells with one name each, or with several at `separator`, in text that was decoded from `encoding`.
    pub(crate) fn new(
        column: Column,
        (shape, encoding): (RowShape, TextEncoding),
        separator: Option<Separator>,
        may_be_blank: bool,
    ) -> Self {
        Self {
            column,
            shape,
            encoding,
            separator,
            may_be_blank,
            known: HashMap::new(),
            current: None,
        }
    }

    /// The labels of a row with this content, which belongs to the row that was read last.
    pub(crate) fn of(&self, content: &RowContent) -> Option<AskedLabels> {
        match content {
            RowContent::Pair(_) | RowContent::Keyed(_) => self.current.clone(),
            RowContent::LabelsOf(_) | RowContent::Invalid(_) | RowContent::Skipped(_) => None,
        }
    }

    /// Reads the cell of the next row, or returns its problem.
    pub(crate) fn read(&mut self, record: Record<'_>) -> Option<RowProblem> {
        self.current = None;
        let index = self.column.index;
        let cell = self.shape.field(record, index).unwrap_or_default();
        if record.is_misquoted(index) {
            let problem = ValueProblem::Misquoted;
            return Some(value_problem(&self.column, cell, problem));
        }
        if let Some(known) = self.known.get(cell) {
            self.current = Some(known.clone());
            return None;
        }
        match self.names(cell) {
            Ok(Some(names)) => {
                let labels = AskedLabels::Named(names);
                if cell.len() <= MAX_KNOWN_LENGTH {
                    if self.known.len() >= MAX_KNOWN {
                        self.known.clear();
                    }
                    self.known.insert(cell.into(), labels.clone());
                }
                self.current = Some(labels);
                None
            }
            Ok(None) if self.may_be_blank => None,
            Ok(None) => Some(value_problem(&self.column, b"", LabelProblem::Blank.into())),
            Err(problem) => Some(problem),
        }
    }

    /// The names in a cell; `None` if it is blank.
    fn names(&self, cell: &[u8]) -> Result<Option<LabelNames>, RowProblem> {
        let failed = |problem| Err(value_problem(&self.column, cell, problem));
        let Ok(text) = str::from_utf8(cell) else {
            return failed(ValueProblem::NotUtf8);
        };
        if was_damaged(text, self.encoding) {
            return failed(ValueProblem::NotInEncoding(self.encoding));
        }
        let text = unwrapped(text.trim());
        let mut names: Vec<&str> = Vec::new();
        match &self.separator {
            None => names.push(text),
            Some(separator) => {
                for part in parts(text.as_bytes(), separator) {
                    // A separator is text, so that the parts of a text between separators are texts too.
                    let name = unwrapped(str::from_utf8(part).unwrap_or_default().trim());
                    if !name.is_empty() && !names.contains(&name) {
                        names.push(name);
                    }
                    if names.len() > MAX_LABELS {
                        return failed(LabelProblem::TooMany.into());
                    }
                }
            }
        }
        for name in &names {
            if let Some(problem) = problem_of_name(name) {
                let value = truncated(name.as_bytes());
                return Err(problem_of(&self.column, &value, problem.into()));
            }
        }
        Ok(LabelNames::new(names))
    }
}

/// Why a text without surrounding blanks is no name of a label.
fn problem_of_name(name: &str) -> Option<LabelProblem> {
    if is_placeholder(name) {
        return Some(LabelProblem::NoValue);
    }
    if is_spreadsheet_error(name) {
        return Some(LabelProblem::SpreadsheetError);
    }
    // Bytes are counted first, because that is fast.
    let is_long = name.len() > MAX_LABEL_LENGTH && name.chars().count() > MAX_LABEL_LENGTH;
    is_long.then(|| LabelProblem::TooLong(name.chars().count()))
}

/// The content of a row whose labels have a problem. A row for which nothing is sent needs no labels, and where fields are
/// missing the label may be a value of another column.
pub(crate) fn refused(
    content: Option<RowContent>,
    problem: RowProblem,
    columns: &Columns,
    record: Record<'_>,
) -> RowContent {
    match content {
        Some(content @ RowContent::Skipped(_)) => content,
        Some(content) if content.has_wrong_field_count() => content,
        Some(RowContent::Invalid(mut row)) => {
            row.problems.push(problem);
            RowContent::Invalid(row)
        }
        Some(RowContent::Pair(_) | RowContent::LabelsOf(_) | RowContent::Keyed(_)) | None => {
            RowContent::Invalid(invalid(vec![problem], columns, record))
        }
    }
}
