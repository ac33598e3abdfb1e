//! [`Input`]: one file from its header to its last row.

use std::io::Read;
use std::sync::Arc;

use super::check::{Checker, InvalidRow};
use super::column_settings::ColumnSettings;
use super::columns::{Column, Columns};
use super::decode::{InputSource, decode};
use super::delimiter::Delimiter;
use super::error::InputError;
use super::progress::ReadProgress;
use super::reader::RecordReader;
use crate::pair::{Pair, RowKey};

/// What to read, and what the user says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSettings {
    /// Where the text comes from.
    pub path: InputSource,
    /// What separates the fields; guessed from the header if not given.
    pub delimiter: Option<Delimiter>,
    /// Which column is which.
    pub columns: ColumnSettings,
}

/// A row of the input: a pair, or what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRow {
    /// Where it stands.
    pub key: RowKey,
    /// What it asks for.
    pub content: Result<Pair, InvalidRow>,
}

/// An input whose header has been read.
pub struct Input {
    name: String,
    headers: Vec<String>,
    reader: RecordReader,
    checker: Checker,
    rows: u64,
    is_broken: bool,
    progress: Arc<ReadProgress>,
}

impl Input {
    /// Opens the input and finds its columns; no row is read.
    pub fn open(settings: &InputSettings) -> Result<Self, InputError> {
        let (source, size) = settings.path.open()?;
        let name = settings.path.name();
        Self::new(name, source, size, settings.delimiter, &settings.columns)
    }

    /// Like [`Input::open`] for what is no file. `name` stands for it in messages.
    pub fn from_reader(
        name: &str,
        source: impl Read + Send + 'static,
        delimiter: Option<Delimiter>,
        columns: &ColumnSettings,
    ) -> Result<Self, InputError> {
        Self::new(name.to_owned(), Box::new(source), None, delimiter, columns)
    }

    fn new(
        name: String,
        source: Box<dyn Read + Send>,
        size: Option<u64>,
        delimiter: Option<Delimiter>,
        settings: &ColumnSettings,
    ) -> Result<Self, InputError> {
        let progress = Arc::new(ReadProgress::new(size));
        let text = decode(&name, source, Arc::clone(&progress))?;
        let failed =
            |error| InputError::of_record(&name, error, |number| format!("column {number}"));
        let mut reader = RecordReader::new(text, delimiter).map_err(failed)?;
        let Some(record) = reader.read().map_err(failed)? else {
            return Err(InputError::NoHeader { input: name });
        };
        let line = record.line();
        if record.fields().any(|field| field.contains(&0)) {
            return Err(InputError::NulInHeader { input: name, line });
        }
        let headers: Vec<String> = record
            .fields()
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect();
        let columns = Columns::resolve(&headers, settings).map_err(|problem| {
            let input = name.clone();
            InputError::Columns {
                input,
                line,
                problem,
            }
        })?;
        progress.set_decoded(reader.taken());
        progress.header_read(reader.parsed());
        Ok(Self {
            name,
            headers,
            reader,
            checker: Checker::new(columns),
            rows: 0,
            is_broken: false,
            progress,
        })
    }

    /// Where the four values of a row come from.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        self.checker.columns()
    }

    /// The header's fields as they stand.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// How messages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows were read.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What separates the fields.
    #[must_use]
    pub fn delimiter(&self) -> Delimiter {
        self.reader.delimiter()
    }

    /// How far the reading has come; stays up to date.
    #[must_use]
    pub fn progress(&self) -> Arc<ReadProgress> {
        Arc::clone(&self.progress)
    }

    /// The next row, or `None` at the end. After an error there are no more rows.
    pub fn next_row(&mut self) -> Result<Option<CheckedRow>, InputError> {
        let record = match self.reader.read() {
            Ok(Some(record)) => record,
            Ok(None) => {
                // Behind an error there are no more rows either, but the count is not final.
                if !self.is_broken {
                    self.progress.finish();
                }
                return Ok(None);
            }
            Err(error) => {
                self.is_broken = true;
                let column = |number| column_name(&self.headers, number);
                return Err(InputError::of_record(&self.name, error, column));
            }
        };
        self.rows += 1;
        let key = RowKey {
            row: self.rows,
            line: record.line(),
        };
        let content = self.checker.check(record);
        self.progress.set_decoded(self.reader.taken());
        self.progress.row_read(self.rows, self.reader.parsed());
        Ok(Some(CheckedRow { key, content }))
    }
}

/// A column as messages show it, by its place counted from 1; a row may have more than the header.
fn column_name(headers: &[String], number: usize) -> String {
    if number <= headers.len() {
        Column::new(headers, number - 1).to_string()
    } else {
        format!("column {number}")
    }
}
