//! The part of the source that is in memory, its position in the text, and the delimiter sniffed from its first
//! bytes.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memchr;

use crate::input::csv::comment::Comment;
use crate::input::csv::delimiter;
use crate::input::csv::delimiter::Delimiter;
use crate::input::csv::lines::{LineCount, has_lone_carriage_return};
use crate::input::csv::record::RecordError;

/// Bytes requested from the source at once. Also the length within which a delimiter is searched.
const LENGTH: usize = 128 * 1024;

/// Bytes of skipped lines that are kept verbatim; of further lines only the line ends are kept.
const HEAD_LENGTH: usize = 64 * 1024;

/// A buffer that is refilled once all of its bytes are consumed.
pub(crate) struct ReadBuffer {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// `start..end` is the part of `buffer` that is filled and not yet consumed.
    start: usize,
    end: usize,
    /// Whether lines in `buffer` can be counted by their LFs.
    is_plain: bool,
    has_quotes: bool,
    position: LineCount,
    parsed: u64,
    taken: u64,
    /// The character that marks a comment line, and whether the next byte is in such a line.
    comment: Option<u8>,
    is_in_comment: bool,
}

impl ReadBuffer {
    /// Lines that begin with `comment` count as blank.
    pub(crate) fn new(source: Box<dyn Read + Send>, comment: Option<Comment>) -> Self {
        Self {
            source,
            buffer: vec![0; LENGTH],
            start: 0,
            end: 0,
            is_plain: true,
            has_quotes: false,
            position: LineCount::new(),
            parsed: 0,
            taken: 0,
            comment: comment.map(Comment::as_byte),
            is_in_comment: false,
        }
    }

    /// The position of the next byte in the text.
    pub(crate) fn position(&self) -> LineCount {
        self.position
    }

    /// Bytes consumed so far.
    pub(crate) fn parsed(&self) -> u64 {
        self.parsed
    }

    /// Bytes read from the source so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// The bytes that are not yet consumed.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Bytes that were consumed and have not been overwritten by a refill since.
    pub(crate) fn at(&self, place: Range<usize>) -> &[u8] {
        &self.buffer[place]
    }

    /// Whether the buffer has no quotes, and every CR in it is followed by an LF, unless it is the last byte.
    pub(crate) fn is_simple(&self) -> bool {
        self.is_plain && !self.has_quotes
    }

    /// Consumes `length` bytes, which contain `line_feeds` LFs. Returns their offset in the buffer.
    pub(crate) fn pass(&mut self, length: usize, line_feeds: u64) -> usize {
        let start = self.start;
        let bytes = &self.buffer[start..start + length];
        if self.is_plain {
            self.position.pass_plain(bytes, line_feeds);
        } else {
            for &byte in bytes {
                self.position.pass(byte);
            }
        }
        self.parsed += length as u64;
        self.start += length;
        start
    }

    /// Consumes the next byte.
    fn step(&mut self) -> u8 {
        let byte = self.buffer[self.start];
        self.position.pass(byte);
        self.parsed += 1;
        self.start += 1;
        byte
    }

    /// Advances to the first byte of the next record; `false` if there is none.
    pub(crate) fn skip_blank_lines(&mut self) -> Result<bool, RecordError> {
        loop {
            while self.start < self.end {
                let byte = self.buffer[self.start];
                if matches!(byte, b'\r' | b'\n') {
                    self.is_in_comment = false;
                } else if self.comment == Some(byte) {
                    self.is_in_comment = true;
                } else if !self.is_in_comment {
                    return Ok(true);
                }
                self.step();
            }
            if !self.fill()? {
                return Ok(false);
            }
        }
    }

    /// Consumes the first `count` lines, and adds them to `head`.
    pub(crate) fn skip_lines(&mut self, count: u64, head: &mut Vec<u8>) -> Result<(), RecordError> {
        while self.position.line <= count && (self.start < self.end || self.fill()?) {
            let byte = self.step();
            if head.len() < HEAD_LENGTH || matches!(byte, b'\r' | b'\n') {
                head.push(byte);
            }
        }
        Ok(())
    }

    /// Consumes the next line if it names the delimiter, adds it to `head`, and returns that delimiter.
    pub(crate) fn skip_delimiter_line(
        &mut self,
        head: &mut Vec<u8>,
    ) -> Result<Option<Delimiter>, RecordError> {
        while delimiter::may_become_a_line(self.rest()) && self.append()? {}
        let Some((delimiter, length)) = delimiter::named_by_line(self.rest()) else {
            return Ok(None);
        };
        for _ in 0..length {
            head.push(self.step());
        }
        Ok(Some(delimiter))
    }

    /// Guesses the delimiter from the next record, or from as much of it as the buffer holds.
    pub(crate) fn sniff(
        &mut self,
        has_columns: &dyn Fn(&[String]) -> bool,
    ) -> Result<Delimiter, RecordError> {
        self.make_room();
        let mut looked_at = self.start;
        loop {
            // Scanning every byte of a slow pipe again would take quadratic time; only a line break can
            // complete the header.
            let news = &self.buffer[looked_at..self.end];
            let may_be_complete = news.iter().any(|byte| matches!(byte, b'\r' | b'\n'));
            looked_at = self.end;
            if may_be_complete {
                let sniffed = delimiter::sniff(self.rest());
                if sniffed.header_is_complete {
                    return Ok(sniffed.delimiter(has_columns));
                }
            }
            if self.end == self.buffer.len() || !self.append()? {
                return Ok(delimiter::sniff(self.rest()).delimiter(has_columns));
            }
        }
    }

    /// Reads from the source until `length` unconsumed bytes are available or the buffer is full.
    pub(crate) fn look_ahead(&mut self, length: usize) -> Result<(), RecordError> {
        self.make_room();
        while self.rest().len() < length && self.end < self.buffer.len() && self.append()? {}
        Ok(())
    }

    /// Moves the unconsumed bytes to the beginning of the buffer. Consumed bytes are lost.
    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
    }

    /// Refills the buffer once all of it is consumed; `false` at the end of the source.
    pub(crate) fn fill(&mut self) -> Result<bool, RecordError> {
        self.start = 0;
        self.end = 0;
        self.is_plain = true;
        self.has_quotes = false;
        self.append()
    }

    /// Appends the bytes of one read from the source; `false` at its end.
    fn append(&mut self) -> Result<bool, RecordError> {
        let count = loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(RecordError::Source {
                        line: self.position.line,
                        source,
                    });
                }
            }
        };
        // Starts at the last byte before, because a CR there may or may not be followed by an LF now.
        let news = self.end.saturating_sub(1)..self.end + count;
        self.is_plain &= !has_lone_carriage_return(&self.buffer[news]);
        let news = &self.buffer[self.end..self.end + count];
        self.has_quotes |= memchr(b'"', news).is_some();
        self.end += count;
        self.taken += count as u64;
        Ok(count > 0)
    }
}
