//! One record of a CSV file, and the errors that prevent reading one. Its fields are bytes: the row checker
//! decides whether they are text, and what they mean.

use std::io;

use crate::input::csv::fields::Fields;
use crate::input::row::truncated;

/// One record, borrowed from the reader until the next one is read.
#[derive(Clone, Copy, Debug)]
pub struct Record<'reader> {
    line: u64,
    fields: Fields<'reader>,
    raw: &'reader [u8],
    misquoted: &'reader [usize],
    spans_lines: bool,
}

impl<'reader> Record<'reader> {
    /// A record without quotes; `raw` is the record verbatim.
    pub(crate) fn plain(line: u64, fields: Fields<'reader>, raw: &'reader [u8]) -> Self {
        Self {
            line,
            fields,
            raw,
            misquoted: &[],
            spans_lines: false,
        }
    }

    /// A record with quotes: `misquoted` has the fields with text after their closing quote, and `spans_lines` is
    /// true if there are line breaks inside quotes.
    pub(crate) fn quoted(
        line: u64,
        fields: Fields<'reader>,
        raw: &'reader [u8],
        misquoted: &'reader [usize],
        spans_lines: bool,
    ) -> Self {
        Self {
            line,
            fields,
            raw,
            misquoted,
            spans_lines,
        }
    }

    /// Whether a field, by its index counted from 0, has text after its closing quote: then its parsed value
    /// differs from the text in the file.
    #[must_use]
    pub fn is_misquoted(&self, index: usize) -> bool {
        self.misquoted.contains(&index)
    }

    /// Whether any field has text after its closing quote.
    #[must_use]
    pub(crate) fn has_misquoted(&self) -> bool {
        !self.misquoted.is_empty()
    }

    /// Whether there are line breaks inside its quotes.
    #[must_use]
    pub(crate) fn spans_lines(&self) -> bool {
        self.spans_lines
    }

    /// Whether it has only delimiters, quotes and blanks.
    #[must_use]
    pub(crate) fn is_blank(&self) -> bool {
        // Fast path: nearly every row starts with a letter or a digit.
        if self
            .fields
            .bytes()
            .first()
            .is_some_and(u8::is_ascii_alphanumeric)
        {
            return false;
        }
        self.fields().all(is_blank)
    }

    /// The line on which the record starts, counted from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The number of fields, at least one.
    #[must_use]
    pub fn field_count(&self) -> usize {
        self.fields.count()
    }

    /// A field's bytes without its quotes, by its index counted from 0.
    #[must_use]
    pub fn field(&self, index: usize) -> Option<&'reader [u8]> {
        self.fields.get(index)
    }

    /// The record verbatim, with its quotes and delimiters, without its line end.
    #[must_use]
    pub fn raw(&self) -> &'reader [u8] {
        self.raw
    }

    /// Whether a field, by its index counted from 0, is what [`RawValues`](crate::input::row::RawValues) keeps as `value`.
    #[must_use]
    pub fn has_value(&self, index: usize, value: &str) -> bool {
        truncated(self.field(index).unwrap_or_default()) == value
    }

    /// All fields in order.
    pub fn fields(&self) -> impl Iterator<Item = &'reader [u8]> {
        self.fields.iter()
    }
}

/// Whether a field is empty or has only blanks.
pub(crate) fn is_blank(field: &[u8]) -> bool {
    str::from_utf8(field).is_ok_and(|text| text.trim().is_empty())
}

/// Why no further record can be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Reading the source failed.
    #[error("cannot read any further")]
    Source {
        /// The line reached.
        line: u64,
        /// The system's error.
        source: io::Error,
    },
    /// The file ended inside quotes.
    #[error("a quoted field starts here and is never closed")]
    OpenQuote {
        /// The line on which the field starts.
        line: u64,
        /// The field's number in its record, counted from 1.
        field: usize,
    },
    /// A quoted field exceeded its limit.
    #[error("a quoted field starts here and does not end within 4 MiB")]
    LongQuote {
        /// The line on which the field starts.
        line: u64,
        /// The field's number in its record, counted from 1.
        field: usize,
    },
    /// A record of several lines has text after a closing quote.
    #[error("a quoted field starts here that spans lines and has text after its closing quote")]
    Misquoted {
        /// The line on which the field starts.
        line: u64,
        /// The field's number in its record, counted from 1.
        field: usize,
    },
    /// A record exceeded its limit in bytes.
    #[error("a record starts here that is larger than 64 MiB")]
    LargeRecord {
        /// The line on which the record starts.
        line: u64,
    },
    /// A record exceeded its limit in fields.
    #[error("a record starts here that has more than 65,536 fields")]
    ManyFields {
        /// The line on which the record starts.
        line: u64,
    },
}
