//! Splits records into fields, for inputs and for reports.
//!
//! A record without quotes stays where it is: only the ends of its fields are found. `csv_core` removes the quotes of
//! any other record, whose fields are copied. Buffers are reused; splitting allocates nothing per record.

use csv_core::ReadRecordResult;
use memchr::{memchr, memchr_iter, memchr2_iter};

use crate::input::csv::fields::Fields;

/// Bytes of a record that are allocated from the start.
const TEXT_LENGTH: usize = 128 * 1024;

/// Fields of a record that are allocated from the start.
const FIELD_COUNT: usize = 64;

/// The maximum size of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordLimits {
    /// Bytes without its quotes.
    pub(crate) bytes: usize,
    /// Fields.
    pub(crate) fields: usize,
}

/// The limit that a record exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExceededLimit {
    Bytes,
    Fields,
}

/// Splits records, and holds the fields of the last one.
#[derive(Debug)]
pub(crate) struct Splitter {
    delimiter: u8,
    limits: RecordLimits,
    core: csv_core::Reader,
    /// Whether the last record has no quotes and was not copied.
    is_plain: bool,
    /// The copied fields, one after the other, in the first `length` bytes.
    text: Vec<u8>,
    length: usize,
    /// Where each field ends, in the first `count` places.
    ends: Vec<usize>,
    count: usize,
}

/// A record without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlainRecord {
    /// Its length without its line end.
    pub(crate) length: usize,
    /// Its length with its line end.
    pub(crate) with_end: usize,
}

/// The result of one step through a record.
#[derive(Debug)]
pub(crate) struct Step {
    /// The number of bytes that were consumed.
    pub(crate) read: usize,
    /// The number of LFs in them.
    pub(crate) line_feeds: u64,
    pub(crate) result: ReadRecordResult,
}

impl Splitter {
    pub(crate) fn new(delimiter: u8, limits: RecordLimits) -> Self {
        let mut core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        ignore_byte_order_marks(&mut core);
        Self {
            delimiter,
            limits,
            core,
            is_plain: false,
            text: vec![0; TEXT_LENGTH.min(limits.bytes)],
            length: 0,
            ends: vec![0; FIELD_COUNT.min(limits.fields)],
            count: 0,
        }
    }

    /// Finds the fields of the first record in `bytes`, which have no quotes. `None` if it does not end with LF or
    /// CRLF in `bytes`, or has more fields than there is room for: [`Self::step`] splits it.
    pub(crate) fn find_plain(&mut self, bytes: &[u8]) -> Option<PlainRecord> {
        let mut count = 0;
        for place in memchr2_iter(self.delimiter, b'\n', bytes) {
            *self.ends.get_mut(count)? = place;
            count += 1;
            if bytes[place] == b'\n' {
                let length = place - usize::from(place > 0 && bytes[place - 1] == b'\r');
                if length > self.limits.bytes {
                    return None;
                }
                self.ends[count - 1] = length;
                self.count = count;
                self.is_plain = true;
                return Some(PlainRecord {
                    length,
                    with_end: place + 1,
                });
            }
        }
        None
    }

    /// Starts a record that [`Self::step`] splits.
    pub(crate) fn begin(&mut self) {
        self.is_plain = false;
        self.length = 0;
        self.count = 0;
    }

    /// Splits further bytes of the record; no bytes mean the end of the source.
    pub(crate) fn step(&mut self, bytes: &[u8]) -> Step {
        let before = self.core.line();
        let (result, read, written, ended) = self.core.read_record(
            bytes,
            &mut self.text[self.length..],
            &mut self.ends[self.count..],
        );
        self.length += written;
        self.count += ended;
        Step {
            read,
            line_feeds: self.core.line() - before,
            result,
        }
    }

    /// Makes room for the rest of the record if a step filled a buffer.
    pub(crate) fn make_room(&mut self, after: &ReadRecordResult) -> Result<(), ExceededLimit> {
        let (has_room, exceeded) = match after {
            ReadRecordResult::OutputFull => (
                grow(&mut self.text, self.limits.bytes),
                ExceededLimit::Bytes,
            ),
            ReadRecordResult::OutputEndsFull => (
                grow(&mut self.ends, self.limits.fields),
                ExceededLimit::Fields,
            ),
            _ => return Ok(()),
        };
        has_room.ok_or(exceeded)
    }

    /// Splits a line with its line end that is a whole record; `None` if it is not, because a quote is not closed or
    /// because of a CR inside it.
    pub(crate) fn split_line(&mut self, line: &[u8]) -> Option<()> {
        if memchr(b'"', line).is_none() && self.find_plain(line).is_some() {
            return Some(());
        }
        self.begin();
        let mut place = 0;
        let is_whole = loop {
            let Step { read, result, .. } = self.step(&line[place..]);
            place += read;
            match result {
                ReadRecordResult::Record => break place >= without_line_end(line).len(),
                ReadRecordResult::End | ReadRecordResult::InputEmpty => break false,
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    if self.make_room(&result).is_err() {
                        break false;
                    }
                }
            }
        };
        if !is_whole {
            // The next line is not part of this one.
            self.core.reset();
            ignore_byte_order_marks(&mut self.core);
        }
        // Quotes come in pairs, including escaped ones: an odd number leaves one open.
        let is_closed = memchr_iter(b'"', line).count().is_multiple_of(2);
        (is_whole && is_closed).then_some(())
    }

    /// The fields of the last record; `plain` is that record without its line end, in case it was not copied.
    pub(crate) fn fields<'f>(&'f self, plain: &'f [u8]) -> Fields<'f> {
        let ends = &self.ends[..self.count];
        if self.is_plain {
            Fields::with_delimiters(plain, ends)
        } else {
            Fields::unquoted(&self.text[..self.length], ends)
        }
    }
}

/// An empty first read prevents `csv_core` from looking for a byte order mark, which it would remove or keep depending
/// on how the first bytes arrive. Decoding is done by now.
fn ignore_byte_order_marks(core: &mut csv_core::Reader) {
    core.read_record(&[], &mut [], &mut [0]);
}

/// A line without its LF, CRLF or CR.
pub(crate) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Doubles `buffer` up to `limit`; `None` if it has that length already.
fn grow<T: Clone + Default>(buffer: &mut Vec<T>, limit: usize) -> Option<()> {
    let length = buffer.len();
    (length < limit).then(|| buffer.resize((length * 2).min(limit), T::default()))
}
