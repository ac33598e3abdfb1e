//! [`Input`]: one input from its header to its last row.

use std::io::Read;
use std::num::NonZeroU64;
use std::sync::Arc;

use crate::domain::pair::RowKey;
use crate::input::columns::column::Column;
use crate::input::columns::header::{Header, open_reader, read_header};
use crate::input::columns::resolve::Columns;
use crate::input::csv::delimiter::Delimiter;
use crate::input::csv::quoted_rows::{QuotedRows, holds_rows};
use crate::input::csv::quotes::raw_fields;
use crate::input::csv::reader::RecordReader;
use crate::input::csv::record::{Record, RecordError};
use crate::input::decode::encoding::TextEncoding;
use crate::input::decode::utf8::{Decoded, decode};
use crate::input::error::InputError;
use crate::input::progress::ReadProgress;
use crate::input::row::{CheckedRow, RowContent};
use crate::input::settings::InputSettings;
use crate::input::validate::id_list::Separator;
use crate::input::validate::key::key_error::KeyError;
use crate::input::validate::key::unique::KeyGuard;
use crate::input::validate::label_cells::{LabelCells, refused};
use crate::input::validate::pair_expander::PairExpander;
use crate::input::validate::row_checker::Checker;
use crate::input::validate::shape::RowShape;

/// An input whose header has been read.
pub struct Input {
    name: String,
    headers: Vec<String>,
    raw_header: Vec<u8>,
    reader: RecordReader,
    keys: KeyGuard,
    /// Whether the last record read is a row that was not returned yet.
    has_first_row: bool,
    quoted_rows: QuotedRows,
    checker: Checker,
    /// The labels of rows, if they have a column.
    labels: Option<LabelCells>,
    pub(crate) split: Option<Separator>,
    /// The remaining pairs of a row that makes several.
    expander: PairExpander,
    pub(crate) first: u64,
    /// The row that was read last.
    key: RowKey,
    /// Items returned so far: more than rows, where a row makes several pairs.
    items: u64,
    is_broken: bool,
    progress: Arc<ReadProgress>,
}

impl Input {
    /// Opens the input and finds its columns; reads no row.
    pub fn open(settings: &InputSettings) -> Result<Self, InputError> {
        let (source, size) = settings.path.open()?;
        Self::new(settings.path.name(), source, size, settings)
    }

    /// Like [`Input::open`], for any source. Messages call it `name`; `size` is its length, if it is a file.
    pub(super) fn new(
        name: String,
        source: Box<dyn Read + Send>,
        size: Option<u64>,
        settings: &InputSettings,
    ) -> Result<Self, InputError> {
        let progress = Arc::new(ReadProgress::new(size));
        let Decoded { text, encoding } =
            decode(&name, source, settings.encoding, Arc::clone(&progress))?;
        let failed =
            |error| InputError::of_record(&name, error, |number| format!("column {number}"));
        let mut reader = open_reader(text, settings).map_err(failed)?;
        let Header {
            line,
            names: headers,
            raw: raw_header,
            columns,
        } = read_header(&mut reader, settings, &name, size.is_some())?;
        progress.set_decoded(reader.taken());
        progress.header_read(if settings.no_header {
            0
        } else {
            reader.parsed()
        });
        let keys = KeyGuard::new(&columns, settings);
        keys.check_columns(&columns)
            .map_err(|problem| key_error(&name, None, problem))?;
        let shape = RowShape::of(&columns, &headers);
        let labels = columns.label.clone().map(|column| {
            let (split, may_be_blank) = (settings.split.clone(), settings.has_common_labels);
            LabelCells::new(column, (shape, encoding), split, may_be_blank)
        });
        Ok(Self {
            name,
            headers,
            raw_header,
            reader,
            keys,
            has_first_row: settings.no_header,
            quoted_rows: QuotedRows::default(),
            checker: Checker::new(columns, shape, encoding),
            labels,
            split: settings.split.clone(),
            expander: PairExpander::default(),
            first: settings.first.map_or(u64::MAX, NonZeroU64::get),
            key: RowKey { row: 0, line },
            items: 0,
            is_broken: false,
            progress,
        })
    }

    /// The sources of the four values of a row.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        self.checker.columns()
    }

    /// The header's fields verbatim; `#1` and so on without a header.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Its name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of rows read.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.key.row
    }

    /// The field delimiter.
    #[must_use]
    pub fn delimiter(&self) -> Delimiter {
        self.reader.delimiter()
    }

    /// The encoding of the file.
    #[must_use]
    pub fn encoding(&self) -> TextEncoding {
        self.checker.encoding()
    }

    /// The skipped lines above the header, and the line that names the delimiter as Excel writes it: verbatim,
    /// in UTF-8; lines beyond the first 64 KiB are blank.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        self.reader.head()
    }

    /// The fields of the header verbatim, with their quotes, in UTF-8; `None` if there is no header.
    #[must_use]
    pub fn raw_header(&self) -> Option<Vec<&[u8]>> {
        let has_header = !self.raw_header.is_empty();
        has_header.then(|| raw_fields(&self.raw_header, self.delimiter().as_byte()))
    }

    /// The rows so far with a quoted field that contains lines like rows of this file.
    #[must_use]
    pub fn quoted_rows(&self) -> QuotedRows {
        self.quoted_rows
    }

    /// The position of the row that was read last; meaningful once a row was read.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        self.reader.last()
    }

    /// The fields of the row that was read last, verbatim, with their quotes, in UTF-8.
    #[must_use]
    pub fn raw_row(&self) -> Vec<&[u8]> {
        raw_fields(self.record().raw(), self.delimiter().as_byte())
    }

    /// The reading progress; the returned value stays up to date.
    #[must_use]
    pub fn progress(&self) -> Arc<ReadProgress> {
        Arc::clone(&self.progress)
    }

    /// Reads the next row, or the next pair of the last row, into `row`; `false` at the end and after an error. Types
    /// that are the same as before are not allocated again.
    pub fn read(&mut self, row: &mut CheckedRow) -> Result<bool, InputError> {
        let left = match self.split {
            Some(_) => self.expander.next(self.checker.columns()),
            None => None,
        };
        match left {
            Some(content) => row.content = content,
            None if !self.read_row(&mut row.content)? => return Ok(false),
            None => {}
        }
        row.key = self.key;
        // The buffer may still have the labels of the row before.
        row.labels = match &self.labels {
            Some(labels) => labels.of(&row.content),
            None => None,
        };
        if let RowContent::Keyed(pair) = &row.content
            && let Err(problem) = self.keys.check(pair)
        {
            self.is_broken = true;
            return Err(key_error(&self.name, Some(self.key.line), problem));
        }
        self.items += 1;
        self.progress.row_read(self.items, self.reader.parsed());
        Ok(true)
    }

    /// Reads one row; its remaining pairs stay in the expander. `false` at the end.
    fn read_row(&mut self, content: &mut RowContent) -> Result<bool, InputError> {
        if self.key.row == self.first {
            self.progress.finish();
            return Ok(false);
        }
        let delimiter = self.reader.delimiter().as_byte();
        let record = match next_record(&mut self.reader, &mut self.has_first_row) {
            Ok(Some(record)) => record,
            Ok(None) => {
                // After an error there are no more rows either, but the count is not final.
                if !self.is_broken {
                    self.progress.finish();
                }
                return Ok(false);
            }
            Err(error) => {
                self.is_broken = true;
                let column = |number| column_name(&self.headers, number);
                return Err(InputError::of_record(&self.name, error, column));
            }
        };
        self.key = RowKey {
            row: self.key.row + 1,
            line: record.line(),
        };
        let columns = self.checker.columns();
        if holds_rows(record, columns, delimiter, self.split.is_some()) {
            self.quoted_rows.add(record.line());
        }
        let labels = self.labels.as_mut();
        let label_problem = labels.and_then(|labels| labels.read(record));
        match &self.split {
            None => {
                self.checker.check(record, content);
                if let Some(problem) = label_problem {
                    let checked = std::mem::replace(content, RowContent::empty());
                    *content = refused(Some(checked), problem, self.checker.columns(), record);
                }
            }
            Some(separator) => {
                let mut whole = self
                    .checker
                    .check_lists(record, separator, &mut self.expander);
                if let Some(problem) = label_problem {
                    whole = Some(refused(whole, problem, self.checker.columns(), record));
                    self.expander.clear();
                }
                let first = whole.or_else(|| self.expander.next(self.checker.columns()));
                *content = first.expect("lists that are not empty make a pair");
            }
        }
        self.progress.set_decoded(self.reader.taken());
        Ok(true)
    }
}

fn key_error(input: &str, line: Option<u64>, problem: KeyError) -> InputError {
    InputError::Keys {
        input: input.to_owned(),
        line,
        problem: Box::new(problem),
    }
}

/// The next record that is not blank. Without a header, the first one was read already.
fn next_record<'r>(
    reader: &'r mut RecordReader,
    has_first_row: &mut bool,
) -> Result<Option<Record<'r>>, RecordError> {
    let is_there = std::mem::take(has_first_row) || reader.advance_to_row()?;
    Ok(is_there.then(|| reader.last()))
}

/// A column as messages show it, by its number counted from 1; a row may have more columns than the header.
fn column_name(headers: &[String], number: usize) -> String {
    if number <= headers.len() {
        Column::new(headers, number - 1).to_string()
    } else {
        format!("column {number}")
    }
}
