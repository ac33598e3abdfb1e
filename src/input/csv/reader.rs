//! UTF-8 bytes → records, one at a time, each with the line on which it starts.
//!
//! It uses `csv_core` and not `csv::Reader`, whose positions refer to the blank lines before a record and whose
//! records may grow until memory is exhausted. Here lines end with LF, CRLF or a lone CR, blank lines are
//! skipped and counted, and records have a maximum size: the usual cause of an endless record is a quote that
//! is never closed, so the error names the line where it opened. Buffers are reused; reading allocates nothing
//! per record.

use std::io::Read;
use std::ops::Range;

use csv_core::ReadRecordResult;
use memchr::memchr;

use crate::input::csv::buffer::ReadBuffer;
use crate::input::csv::delimiter::Delimiter;
use crate::input::csv::layout::Layout;
use crate::input::csv::quotes::OpenField;
use crate::input::csv::record::{Record, RecordError};
use crate::input::csv::splitter::{ExceededLimit, RecordLimits, Splitter, without_line_end};

/// The maximum size of a record. The constants are the real limits; tests use smaller ones.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Bytes of a quoted field: far more than the 32,767 characters of a spreadsheet cell.
    quoted_field: usize,
    /// Bytes of a record without its quotes: some hundred of the largest cells that HubSpot exports.
    record: usize,
    /// Fields of a record: four times the maximum of a spreadsheet.
    fields: usize,
}

const LIMITS: Limits = Limits {
    quoted_field: 4 * 1024 * 1024,
    record: 64 * 1024 * 1024,
    fields: 65_536,
};

/// Reads records from UTF-8 bytes.
pub(crate) struct RecordReader {
    limits: Limits,
    delimiter: Delimiter,
    /// The skipped lines above the first record, and the line that names the delimiter.
    head: Vec<u8>,
    buffer: ReadBuffer,
    splitter: Splitter,
    /// The fields of the current record with text after their closing quote.
    misquoted: Vec<usize>,
    /// Whether the current record has line breaks inside quotes.
    spans_lines: bool,
    /// The current record verbatim, with its line end, if it is not in `buffer`.
    raw: Vec<u8>,
    last: Last,
    is_over: bool,
}

/// The location of the current record.
#[derive(Debug)]
struct Last {
    line: u64,
    /// Its range in the buffer, if it is there verbatim.
    in_buffer: Option<Range<usize>>,
}

impl RecordReader {
    /// Reads from `source`. A delimiter that `layout` does not give is guessed from the first record; this
    /// blocks until it is available.
    pub(crate) fn new(
        source: Box<dyn Read + Send>,
        layout: Layout<'_>,
    ) -> Result<Self, RecordError> {
        Self::with_limits(source, layout, LIMITS)
    }

    fn with_limits(
        source: Box<dyn Read + Send>,
        layout: Layout<'_>,
        limits: Limits,
    ) -> Result<Self, RecordError> {
        let mut buffer = ReadBuffer::new(source, layout.comment);
        let mut head = Vec::new();
        // The line that names the delimiter may be one of the skipped lines, or follow them.
        let mut named = buffer.skip_delimiter_line(&mut head)?;
        if layout.skip_lines > 0 {
            buffer.skip_lines(layout.skip_lines, &mut head)?;
            if named.is_none() {
                named = buffer.skip_delimiter_line(&mut head)?;
            }
        }
        let delimiter = if let Some(delimiter) = layout.delimiter.or(named) {
            delimiter
        } else {
            buffer.skip_blank_lines()?;
            buffer.sniff(layout.has_columns)?
        };
        let splitter = Splitter::new(
            delimiter.as_byte(),
            RecordLimits {
                bytes: limits.record,
                fields: limits.fields,
            },
        );
        Ok(Self {
            limits,
            delimiter,
            head,
            buffer,
            splitter,
            misquoted: Vec::new(),
            spans_lines: false,
            raw: Vec::new(),
            last: Last {
                line: 0,
                in_buffer: None,
            },
            is_over: false,
        })
    }

    /// The delimiter in use.
    pub(crate) fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// The skipped lines above the first record, and the line that names the delimiter.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The text after the records read so far, with the number of its first line: at most `length` bytes of it,
    /// and only those in memory unless it `may_read` more.
    pub(crate) fn peek(
        &mut self,
        length: usize,
        may_read: bool,
    ) -> Result<(&[u8], u64), RecordError> {
        if may_read {
            self.buffer.look_ahead(length)?;
        }
        if !self.buffer.rest().is_empty() {
            self.buffer.skip_blank_lines()?;
        }
        let line = self.buffer.position().line;
        let rest = self.buffer.rest();
        Ok((&rest[..rest.len().min(length)], line))
    }

    /// The length of the records read so far, including the blank lines before them.
    pub(crate) fn parsed(&self) -> u64 {
        self.buffer.parsed()
    }

    /// The number of bytes read from the source so far.
    pub(crate) fn taken(&self) -> u64 {
        self.buffer.taken()
    }

    /// The next record, or `None` at the end and after an error.
    pub(crate) fn read(&mut self) -> Result<Option<Record<'_>>, RecordError> {
        Ok(self.advance()?.then(|| self.last()))
    }

    /// Advances to the next record that is not blank; `false` at the end and after an error.
    pub(crate) fn advance_to_row(&mut self) -> Result<bool, RecordError> {
        while self.advance()? {
            if !self.last().is_blank() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn advance(&mut self) -> Result<bool, RecordError> {
        if self.is_over {
            return Ok(false);
        }
        // An early return means the end or an error; only a complete record resets this.
        self.is_over = true;
        if !self.buffer.skip_blank_lines()? {
            return Ok(false);
        }
        let line = self.buffer.position().line;
        let in_buffer = self.find_plain_record();
        if in_buffer.is_none() && !self.parse_record()? {
            return Ok(false);
        }
        self.is_over = false;
        self.last = Last { line, in_buffer };
        Ok(true)
    }

    /// The record that was read last.
    pub(crate) fn last(&self) -> Record<'_> {
        let Last { line, in_buffer } = &self.last;
        if let Some(place) = in_buffer {
            let raw = self.buffer.at(place.clone());
            return Record::plain(*line, self.splitter.fields(raw), raw);
        }
        let raw = without_line_end(&self.raw);
        let fields = self.splitter.fields(raw);
        Record::quoted(*line, fields, raw, &self.misquoted, self.spans_lines)
    }

    /// Finds a record that is in the buffer as a whole, without quotes and with ordinary line ends: nearly
    /// every one. It needs no copy. Returns its range.
    fn find_plain_record(&mut self) -> Option<Range<usize>> {
        if !self.buffer.is_simple() {
            return None;
        }
        let record = self.splitter.find_plain(self.buffer.rest())?;
        let start = self.buffer.pass(record.with_end, 1);
        Some(start..start + record.length)
    }

    /// Parses one record; `false` at the end.
    fn parse_record(&mut self) -> Result<bool, RecordError> {
        let record_start = self.buffer.position();
        let mut open_field: Option<OpenField> = None;
        self.misquoted.clear();
        self.spans_lines = false;
        self.raw.clear();
        self.splitter.begin();
        loop {
            // `csv_core` takes empty input for the end, so it gets none before the source has ended.
            let at_end = self.buffer.rest().is_empty() && !self.buffer.fill()?;
            if at_end && let Some(field) = &open_field {
                close(field)?;
            }
            let step = self.splitter.step(self.buffer.rest());
            let bytes = &self.buffer.rest()[..step.read];
            let is_record = matches!(step.result, ReadRecordResult::Record);
            if open_field.is_some() || !is_record || memchr(b'"', bytes).is_some() {
                let field = open_field.get_or_insert_with(|| OpenField::new(record_start));
                self.follow(field, bytes)?;
            }
            self.raw.extend_from_slice(bytes);
            self.buffer.pass(step.read, step.line_feeds);
            match step.result {
                ReadRecordResult::Record => {
                    if let Some(field) = open_field {
                        if let Some((line, field)) = field.misread_over_lines() {
                            return Err(RecordError::Misquoted { line, field });
                        }
                        self.spans_lines = field.spans_lines();
                        self.misquoted = field.into_misquoted();
                    }
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
                full_or_empty => {
                    let exceeded = self.splitter.make_room(&full_or_empty);
                    exceeded.map_err(|limit| too_large(limit, record_start.line))?;
                }
            }
        }
    }

    fn follow(&self, field: &mut OpenField, bytes: &[u8]) -> Result<(), RecordError> {
        let delimiter = self.delimiter.as_byte();
        if field.follow(bytes, delimiter, self.limits.quoted_field) {
            return Ok(());
        }
        Err(RecordError::LongQuote {
            line: field.line,
            field: field.number,
        })
    }
}

fn too_large(limit: ExceededLimit, line: u64) -> RecordError {
    match limit {
        ExceededLimit::Bytes => RecordError::LargeRecord { line },
        ExceededLimit::Fields => RecordError::ManyFields { line },
    }
}

/// Fails if the source ended within `field`.
fn close(field: &OpenField) -> Result<(), RecordError> {
    if field.is_in_quotes() {
        return Err(RecordError::OpenQuote {
            line: field.line,
            field: field.number,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
