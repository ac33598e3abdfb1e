//! One record of a CSV file, and why there may be none. Its fields are bytes: what they mean, and
//! whether they are text, is for whoever checks them.

use std::io;

use super::row_checker::truncated;

/// One record, borrowed from the reader until the next one is read.
#[derive(Clone, Copy, Debug)]
pub struct Record<'reader> {
    line: u64,
    bytes: &'reader [u8],
    raw: &'reader [u8],
    ends: &'reader [usize],
    /// Bytes between two fields: the delimiter, or nothing.
    gap: usize,
    misquoted: &'reader [usize],
    spans_lines: bool,
}

impl<'reader> Record<'reader> {
    /// The fields in `bytes` stand one behind the other; `ends` says where each ends, `misquoted` which of
    /// them have text behind their closing quote. `raw` is the record as it stands.
    pub(super) fn new(
        line: u64,
        bytes: &'reader [u8],
        raw: &'reader [u8],
        ends: &'reader [usize],
        misquoted: &'reader [usize],
    ) -> Self {
        Self {
            line,
            bytes,
            raw,
            ends,
            gap: 0,
            misquoted,
            spans_lines: false,
        }
    }

    /// The same record, with line breaks inside quotes or not.
    pub(super) fn over_lines(self, spans_lines: bool) -> Self {
        Self {
            spans_lines,
            ..self
        }
    }

    /// The same for fields without quotes that still have the delimiter between them.
    pub(super) fn with_delimiters(line: u64, bytes: &'reader [u8], ends: &'reader [usize]) -> Self {
        Self {
            line,
            bytes,
            raw: bytes,
            ends,
            gap: 1,
            misquoted: &[],
            spans_lines: false,
        }
    }

    /// Whether a field, by its place counted from 0, has text behind its closing quote: then it is not
    /// what stands there.
    #[must_use]
    pub fn is_misquoted(&self, index: usize) -> bool {
        self.misquoted.contains(&index)
    }

    /// Whether any field has.
    #[must_use]
    pub(super) fn has_misquoted(&self) -> bool {
        !self.misquoted.is_empty()
    }

    /// Whether there are line breaks inside its quotes.
    #[must_use]
    pub(super) fn spans_lines(&self) -> bool {
        self.spans_lines
    }

    /// Whether there is nothing in it but delimiters, quotes and blanks.
    #[must_use]
    pub(super) fn is_blank(&self) -> bool {
        // Nearly every row starts with a letter or a digit, and is done here.
        if self.bytes.first().is_some_and(u8::is_ascii_alphanumeric) {
            return false;
        }
        self.fields().all(is_blank)
    }

    /// The line on which the record starts, counted from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// How many fields it has, at least one.
    #[must_use]
    pub fn field_count(&self) -> usize {
        self.ends.len()
    }

    /// A field's bytes without its quotes, by its place counted from 0.
    #[must_use]
    pub fn field(&self, index: usize) -> Option<&'reader [u8]> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => self.ends[before] + self.gap,
            None => 0,
        };
        Some(&self.bytes[start..end])
    }

    /// The record as it stands, with its quotes and delimiters, without its line end.
    #[must_use]
    pub fn raw(&self) -> &'reader [u8] {
        self.raw
    }

    /// Whether a field, by its place counted from 0, is what [`RawValues`](super::RawValues) keeps as `value`.
    #[must_use]
    pub fn has_value(&self, index: usize, value: &str) -> bool {
        truncated(self.field(index).unwrap_or_default()) == value
    }

    /// All fields in order.
    pub fn fields(&self) -> impl Iterator<Item = &'reader [u8]> {
        (0..self.field_count()).filter_map(|index| self.field(index))
    }
}

/// Whether a field is empty or has only blanks.
pub(super) fn is_blank(field: &[u8]) -> bool {
    str::from_utf8(field).is_ok_and(|text| text.trim().is_empty())
}

/// Why no further record can be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The source failed.
    #[error("cannot read on")]
    Source {
        /// The line reached.
        line: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The file ended inside quotes.
    #[error("a quoted field starts here and never ends")]
    OpenQuote {
        /// The line on which the field starts.
        line: u64,
        /// The field's place in its record, counted from 1.
        field: usize,
    },
    /// A quoted field passed its bound.
    #[error("a quoted field starts here and does not end within 4 MiB")]
    LongQuote {
        /// The line on which the field starts.
        line: u64,
        /// The field's place in its record, counted from 1.
        field: usize,
    },
    /// A record of several lines has text behind a closing quote.
    #[error("a quoted field starts here that spans lines and has text behind its closing quote")]
    Misquoted {
        /// The line on which the field starts.
        line: u64,
        /// The field's place in its record, counted from 1.
        field: usize,
    },
    /// A record passed its bound in bytes.
    #[error("a record starts here that is larger than 64 MiB")]
    LargeRecord {
        /// The line on which the record starts.
        line: u64,
    },
    /// A record passed its bound in fields.
    #[error("a record starts here that has more than 65,536 fields")]
    ManyFields {
        /// The line on which the record starts.
        line: u64,
    },
}
