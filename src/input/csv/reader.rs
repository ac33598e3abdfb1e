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
use memchr::{memchr, memchr2_iter};

use crate::input::csv::buffer::ReadBuffer;
use crate::input::csv::delimiter::Delimiter;
use crate::input::csv::layout::Layout;
use crate::input::csv::quotes::OpenField;
use crate::input::csv::record::{Record, RecordError};

/// Bytes of a record that are allocated from the start.
const FIELDS_LENGTH: usize = 128 * 1024;

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
    core: csv_core::Reader,
    buffer: ReadBuffer,
    /// The fields of the current record, one after the other, and where each ends.
    fields: Vec<u8>,
    ends: Vec<usize>,
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
    place: Place,
    /// The number of its `ends`.
    count: usize,
}

#[derive(Debug)]
enum Place {
    /// Verbatim in the buffer.
    Buffer(Range<usize>),
    /// Without its quotes in this many bytes of `fields`.
    Fields(usize),
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
        let mut core = csv_core::ReaderBuilder::new()
            .delimiter(delimiter.as_byte())
            .build();
        // An empty first read prevents `csv_core` from looking for a byte order mark, which it would remove or
        // keep depending on how the first bytes arrive. Decoding is done by now.
        core.read_record(&[], &mut [], &mut [0]);
        Ok(Self {
            limits,
            delimiter,
            head,
            core,
            buffer,
            fields: vec![0; FIELDS_LENGTH.min(limits.record)],
            ends: vec![0; 64.min(limits.fields)],
            misquoted: Vec::new(),
            spans_lines: false,
            raw: Vec::new(),
            last: Last {
                line: 0,
                place: Place::Fields(0),
                count: 0,
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
        let (place, count) = match self.find_plain_record() {
            Some((place, count)) => (Place::Buffer(place), count),
            None => match self.parse_record()? {
                Some((length, count)) => (Place::Fields(length), count),
                None => return Ok(false),
            },
        };
        self.is_over = false;
        self.last = Last { line, place, count };
        Ok(true)
    }

    /// The record that was read last.
    pub(crate) fn last(&self) -> Record<'_> {
        let Last { line, place, count } = &self.last;
        let ends = &self.ends[..*count];
        match place {
            Place::Buffer(place) => {
                Record::with_delimiters(*line, self.buffer.at(place.clone()), ends)
            }
            Place::Fields(length) => {
                let raw = without_line_end(&self.raw);
                Record::new(*line, &self.fields[..*length], raw, ends, &self.misquoted)
                    .over_lines(self.spans_lines)
            }
        }
    }

    /// Finds a record that is in the buffer as a whole, without quotes and with ordinary line ends: nearly
    /// every one. It needs no copy. Returns its range, and the number of its `ends`.
    fn find_plain_record(&mut self) -> Option<(Range<usize>, usize)> {
        if !self.buffer.is_simple() {
            return None;
        }
        let rest = self.buffer.rest();
        let mut count = 0;
        for place in memchr2_iter(self.delimiter.as_byte(), b'\n', rest) {
            // A record with more fields than `ends` can hold takes the slow path, which grows it or refuses the
            // record.
            *self.ends.get_mut(count)? = place;
            count += 1;
            if rest[place] == b'\n' {
                let length = place - usize::from(place > 0 && rest[place - 1] == b'\r');
                if length > self.limits.record {
                    return None;
                }
                self.ends[count - 1] = length;
                let start = self.buffer.pass(place + 1, 1);
                return Some((start..start + length, count));
            }
        }
        None
    }

    /// Parses one record into `fields` and `ends`; returns the length of both.
    fn parse_record(&mut self) -> Result<Option<(usize, usize)>, RecordError> {
        let record_start = self.buffer.position();
        let mut open_field: Option<OpenField> = None;
        self.misquoted.clear();
        self.spans_lines = false;
        self.raw.clear();
        let (mut length, mut count) = (0, 0);
        loop {
            // `csv_core` takes empty input for the end, so it gets none before the source has ended.
            let at_end = self.buffer.rest().is_empty() && !self.buffer.fill()?;
            if at_end && let Some(field) = &open_field {
                close(field)?;
            }
            let before = self.core.line();
            let (result, read, written, ended) = self.core.read_record(
                self.buffer.rest(),
                &mut self.fields[length..],
                &mut self.ends[count..],
            );
            let line_feeds = self.core.line() - before;
            let bytes = &self.buffer.rest()[..read];
            let is_record = matches!(result, ReadRecordResult::Record);
            if open_field.is_some() || !is_record || memchr(b'"', bytes).is_some() {
                let field = open_field.get_or_insert_with(|| OpenField::new(record_start));
                self.follow(field, bytes)?;
            }
            self.raw.extend_from_slice(bytes);
            self.buffer.pass(read, line_feeds);
            length += written;
            count += ended;
            match result {
                ReadRecordResult::Record => {
                    if let Some(field) = open_field {
                        if let Some((line, field)) = field.misread_over_lines() {
                            return Err(RecordError::Misquoted { line, field });
                        }
                        self.spans_lines = field.spans_lines();
                        self.misquoted = field.into_misquoted();
                    }
                    return Ok(Some((length, count)));
                }
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    let line = record_start.line;
                    grow(&mut self.fields, self.limits.record)
                        .ok_or(RecordError::LargeRecord { line })?;
                }
                ReadRecordResult::OutputEndsFull => {
                    let line = record_start.line;
                    grow(&mut self.ends, self.limits.fields)
                        .ok_or(RecordError::ManyFields { line })?;
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

fn without_line_end(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    raw.strip_suffix(b"\r").unwrap_or(raw)
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

/// Doubles `buffer` up to `limit`; `None` if it has that length already.
fn grow<T: Clone + Default>(buffer: &mut Vec<T>, limit: usize) -> Option<()> {
    let length = buffer.len();
    (length < limit).then(|| buffer.resize((length * 2).min(limit), T::default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::csv::quotes::raw_fields;
    use proptest::prelude::*;
    use std::io;

    /// Returns its bytes in pieces of these sizes, repeatedly.
    struct Pieces {
        bytes: io::Cursor<Vec<u8>>,
        sizes: Vec<usize>,
        next: usize,
    }

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = self.sizes[self.next % self.sizes.len()].min(buffer.len());
            self.next += 1;
            self.bytes.read(&mut buffer[..size])
        }
    }

    type LineAndFields = (u64, Vec<Vec<u8>>);

    fn reader(bytes: &[u8], sizes: &[usize], limits: Limits) -> RecordReader {
        let source = Pieces {
            bytes: io::Cursor::new(bytes.to_vec()),
            sizes: sizes.to_vec(),
            next: 0,
        };
        let layout = Layout {
            delimiter: Some(",".parse().unwrap()),
            ..layout()
        };
        RecordReader::with_limits(Box::new(source), layout, limits).unwrap()
    }

    fn layout() -> Layout<'static> {
        Layout {
            delimiter: None,
            skip_lines: 0,
            comment: None,
            has_columns: &|_| false,
        }
    }

    fn read_all(reader: &mut RecordReader) -> Result<Vec<LineAndFields>, RecordError> {
        let mut records = Vec::new();
        while let Some(record) = reader.read()? {
            let fields = record.fields().map(<[u8]>::to_vec).collect();
            records.push((record.line(), fields));
        }
        Ok(records)
    }

    fn lines_and_fields(text: &str) -> Vec<(u64, String)> {
        let mut reader = reader(text.as_bytes(), &[usize::MAX], LIMITS);
        let records = read_all(&mut reader).unwrap();
        assert_eq!(reader.parsed(), text.len() as u64);
        records
            .into_iter()
            .map(|(line, fields)| (line, String::from_utf8(fields.join(&b'|')).unwrap()))
            .collect()
    }

    #[test]
    fn every_record_has_the_line_on_which_it_starts() {
        for (text, expected) in [
            ("", vec![]),
            ("\n\r\n\r", vec![]),
            ("a", vec![(1, "a")]),
            ("a,b\nc,d\n", vec![(1, "a|b"), (2, "c|d")]),
            ("a\r\nb\r\nc", vec![(1, "a"), (2, "b"), (3, "c")]),
            ("a\rb\rc", vec![(1, "a"), (2, "b"), (3, "c")]),
            ("a\r\rb", vec![(1, "a"), (3, "b")]),
            ("\n\na\n\n\nb", vec![(3, "a"), (6, "b")]),
            ("\r\n\r\na\r\n\r\nb", vec![(3, "a"), (5, "b")]),
            (
                "\"a\nb\rc\r\nd\"\nnext",
                vec![(1, "a\nb\rc\r\nd"), (5, "next")],
            ),
            (
                "\"a\r\n\r\n\",x\r\nnext",
                vec![(1, "a\r\n\r\n|x"), (4, "next")],
            ),
            ("\"\"\n,\n \n", vec![(1, ""), (2, "|"), (3, " ")]),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(line, fields)| (line, fields.to_owned()))
                .collect();
            assert_eq!(lines_and_fields(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_first_line_that_names_the_delimiter_is_not_a_record() {
        for (text, expected) in [
            ("sep=;\na,b;c\n", vec![(2, "a,b|c")]),
            ("SEP=|\r\n\r\na|b", vec![(3, "a|b")]),
            ("sep=,\ra;b;c;d,e", vec![(2, "a;b;c;d|e")]),
            ("\"sep=;\"\na,b;c", vec![(2, "a,b|c")]),
            ("sep=\t\na,b,c\td", vec![(2, "a,b,c|d")]),
            ("sep=;", vec![]),
            // None of these names a delimiter.
            ("sep=\na,b", vec![(1, "sep="), (2, "a|b")]),
            ("sep=;x\na", vec![(1, "sep=|x"), (2, "a")]),
            ("a\nsep=;\n", vec![(1, "a"), (2, "sep=;")]),
        ] {
            for size in [1, usize::MAX] {
                let pieces = Pieces {
                    bytes: io::Cursor::new(text.as_bytes().to_vec()),
                    sizes: vec![size],
                    next: 0,
                };
                let mut reader = RecordReader::new(Box::new(pieces), layout()).unwrap();
                let records = read_all(&mut reader).unwrap();
                let records: Vec<_> = records
                    .into_iter()
                    .map(|(line, fields)| (line, String::from_utf8(fields.join(&b'|')).unwrap()))
                    .collect();
                let expected: Vec<_> = expected
                    .iter()
                    .map(|&(line, fields)| (line, fields.to_owned()))
                    .collect();
                assert_eq!(records, expected, "{text:?}");
                assert_eq!(reader.parsed(), text.len() as u64);
            }
        }
    }

    /// Each record as `line:fields`, and the lines above the first one.
    fn laid_out(text: &str, skip_lines: u64, comment: Option<&str>) -> (Vec<String>, String) {
        let read = |size| {
            let pieces = Pieces {
                bytes: io::Cursor::new(text.as_bytes().to_vec()),
                sizes: vec![size],
                next: 0,
            };
            let layout = Layout {
                skip_lines,
                comment: comment.map(|comment| comment.parse().unwrap()),
                ..layout()
            };
            let mut reader = RecordReader::new(Box::new(pieces), layout).unwrap();
            let records = read_all(&mut reader).unwrap();
            assert_eq!(reader.parsed(), text.len() as u64);
            let shown = records.into_iter().map(|(line, fields)| {
                format!("{line}:{}", String::from_utf8(fields.join(&b'|')).unwrap())
            });
            let head = String::from_utf8(reader.head().to_vec()).unwrap();
            (shown.collect(), head)
        };
        assert_eq!(read(1), read(usize::MAX), "{text:?}");
        read(3)
    }

    #[test]
    fn lines_above_the_first_record_are_skipped_and_kept() {
        for (text, skip_lines, expected, head) in [
            (
                "A \"b\n\nx;y\n1;2\n",
                2,
                &["3:x|y", "4:1|2"][..],
                "A \"b\n\n",
            ),
            ("A\r\nB\r\nx,y", 2, &["3:x|y"], "A\r\nB\r\n"),
            ("A\rx,y", 1, &["2:x|y"], "A\r"),
            ("A\n", 5, &[], "A\n"),
            ("", 5, &[], ""),
            ("sep=;\nA,B\nx;y", 2, &["3:x|y"], "sep=;\nA,B\n"),
            ("A\nsep=;\nx;y,z", 1, &["3:x|y,z"], "A\nsep=;\n"),
            ("x;y", 0, &["1:x|y"], ""),
        ] {
            // An LF after the CR that ended the skipped lines is read as a blank line, or kept.
            let (records, kept) = laid_out(text, skip_lines, None);
            assert_eq!(records, expected, "{text:?}");
            assert_eq!(kept.trim_end(), head.trim_end(), "{text:?}");
        }
    }

    #[test]
    fn lines_that_begin_with_the_comment_character_are_not_records() {
        for (text, expected) in [
            ("#;;;\nx,y\n", &["2:x|y"][..]),
            (
                "# \"open\r\n\r\n# b\r\nx,#y\r\n#1,2\r\n3,\"4\n#5\"\n#",
                &["4:x|#y", "6:3|4\n#5"],
            ),
            ("x\r#a\ry", &["1:x", "3:y"]),
            ("#only", &[]),
            (" #x\n\"#y\"\n", &["1: #x", "2:#y"]),
        ] {
            assert_eq!(laid_out(text, 0, Some("#")).0, expected, "{text:?}");
        }
        assert_eq!(laid_out("#a\nx", 0, None).0, ["1:#a", "2:x"]);
        assert_eq!(laid_out("A\n#x,y\nx;y", 1, Some("#")).0, ["3:x|y"]);
    }

    #[test]
    fn a_record_of_several_lines_with_text_after_a_closing_quote_is_an_error_with_its_position() {
        for (text, expected) in [
            ("a,\"b\nc,d\ne,\"f\"\n", "Misquoted { line: 1, field: 2 }"),
            ("a\n1,\"2\n3\" 4\n", "Misquoted { line: 2, field: 2 }"),
            ("\"1\n2\",\"3\"x\n", "Misquoted { line: 2, field: 2 }"),
            ("\"1\"x,\"2\r\n3\",4\n", "Misquoted { line: 1, field: 1 }"),
        ] {
            assert_eq!(error_of(text.as_bytes(), LIMITS), expected, "{text:?}");
        }
        for text in ["\"a\"b,c\nd,\"e\n\"\"f\"\"\n\" \n", "a\"\nb\"c,\"d\ne\"\n"] {
            let read = read_all(&mut reader(text.as_bytes(), &[usize::MAX], LIMITS));
            assert!(read.is_ok(), "{text:?}");
        }
    }

    fn error_of(bytes: &[u8], limits: Limits) -> String {
        let messages: Vec<String> = [1, 3, usize::MAX]
            .into_iter()
            .map(|size| {
                let mut reader = reader(bytes, &[size], limits);
                let error = read_all(&mut reader).unwrap_err();
                assert!(
                    reader.read().unwrap().is_none(),
                    "no record follows an error"
                );
                format!("{error:?}")
            })
            .collect();
        assert!(messages.iter().all(|message| *message == messages[0]));
        messages[0].clone()
    }

    #[test]
    fn an_open_quote_is_an_error_with_the_position_where_it_opened() {
        for (text, expected) in [
            ("a,b\n1,\"2\n3,4\n", "OpenQuote { line: 2, field: 2 }"),
            ("\"", "OpenQuote { line: 1, field: 1 }"),
            (
                "\n\n\"a\nb\",\"c\"\"\n\n",
                "OpenQuote { line: 4, field: 2 }",
            ),
        ] {
            assert_eq!(error_of(text.as_bytes(), LIMITS), expected, "{text:?}");
        }
    }

    #[test]
    fn a_record_has_size_limits() {
        let limits = Limits {
            quoted_field: 40,
            record: 64,
            fields: 5,
        };
        let long = "x".repeat(50);
        for (text, expected) in [
            (
                format!("a\n\n1,\"{long}\n\n\",b"),
                "LongQuote { line: 3, field: 2 }",
            ),
            (format!("a\n{long}{long}\nb"), "LargeRecord { line: 2 }"),
            ("a\n1,2,3,4,5,6,7\n".to_owned(), "ManyFields { line: 2 }"),
        ] {
            assert_eq!(error_of(text.as_bytes(), limits), expected, "{text:?}");
        }
        let fits = format!("{long},{}\n1,2,3,4\n", "x".repeat(10));
        for size in [1, 7, usize::MAX] {
            let mut reader = reader(fits.as_bytes(), &[size], limits);
            assert_eq!(read_all(&mut reader).unwrap().len(), 2);
        }
    }

    #[test]
    fn the_limits_match_the_messages() {
        let message = RecordError::LongQuote { line: 1, field: 1 }.to_string();
        let mebibyte = 1024 * 1024;
        assert!(message.ends_with(&format!("within {} MiB", LIMITS.quoted_field / mebibyte)));
        let message = RecordError::LargeRecord { line: 1 }.to_string();
        assert!(message.ends_with(&format!("than {} MiB", LIMITS.record / mebibyte)));
        let message = RecordError::ManyFields { line: 1 }.to_string();
        assert!(
            message
                .replace(',', "")
                .ends_with(&format!("than {} fields", LIMITS.fields))
        );
    }

    #[test]
    fn records_and_fields_larger_than_the_buffers_are_read_whole() {
        let cell = "0123456789\"\"\r\n".repeat(20_000);
        let wide = vec!["w"; 3_000].join(",");
        let text = format!("h\n1,\"{cell}\",\"{cell}\"\n{wide}\nend\n");
        let mut reader = reader(text.as_bytes(), &[usize::MAX], LIMITS);
        let records = read_all(&mut reader).unwrap();
        let lines: Vec<u64> = records.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 40_003, 40_004]);
        assert_eq!(records[1].1[2], cell.replace("\"\"", "\"").into_bytes());
        assert_eq!(records[2].1.len(), 3_000);
    }

    #[test]
    fn a_quoted_field_of_exactly_four_mebibytes_is_read() {
        for (length, fits) in [(4 * 1024 * 1024 - 1, true), (4 * 1024 * 1024, false)] {
            let text = format!("\"{}\"\n", "x".repeat(length));
            let mut reader = reader(text.as_bytes(), &[usize::MAX], LIMITS);
            assert_eq!(read_all(&mut reader).is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn a_source_that_fails_is_an_error_with_the_line_reached() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let source = io::Cursor::new(b"a\nb\nc".to_vec()).chain(Broken);
        let mut reader = RecordReader::new(Box::new(source), layout()).unwrap();
        let error = read_all(&mut reader).unwrap_err();
        assert!(
            matches!(error, RecordError::Source { line: 3, .. }),
            "{error:?}"
        );
    }

    #[test]
    fn an_interrupted_read_is_retried() {
        struct Interrupted(bool);
        impl Read for Interrupted {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                self.0 = !self.0;
                if self.0 {
                    Err(io::ErrorKind::Interrupted.into())
                } else {
                    Ok(0)
                }
            }
        }
        let source = Interrupted(false).chain(&b"a\nb"[..]);
        let mut reader = RecordReader::new(Box::new(source), layout()).unwrap();
        assert_eq!(read_all(&mut reader).unwrap().len(), 2);
    }

    /// The line of each record by a slow and obvious method: count the breaks before its first byte.
    fn expected_lines(records: &[(String, usize)], text: &str) -> Vec<u64> {
        records
            .iter()
            .map(|(_, start)| {
                let before = text[..*start].replace("\r\n", "\n").replace('\r', "\n");
                1 + before.matches('\n').count() as u64
            })
            .collect()
    }

    fn csv_records(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes)
            .byte_records()
            .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
            .collect()
    }

    fn sizes() -> impl Strategy<Value = Vec<usize>> {
        prop_oneof![
            Just(vec![1]),
            Just(vec![usize::MAX]),
            prop::collection::vec(1_usize..9, 1..4),
        ]
    }

    proptest! {
        #[test]
        fn any_csv_writer_output_is_read_back_field_for_field(
            rows in prop::collection::vec(
                prop::collection::vec("[a1é ,;\"\r\n]{0,8}", 1..5),
                0..12,
            ),
            ending in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            blank_lines in 0_usize..3,
            sizes in sizes(),
        ) {
            let mut text = String::new();
            let mut starts = Vec::new();
            for row in &rows {
                text.push_str(&ending.repeat(blank_lines));
                let mut writer = csv::WriterBuilder::new()
                    .flexible(true)
                    .terminator(match ending {
                        "\r\n" => csv::Terminator::CRLF,
                        other => csv::Terminator::Any(other.as_bytes()[0]),
                    })
                    .from_writer(Vec::new());
                writer.write_record(row).unwrap();
                let written = String::from_utf8(writer.into_inner().unwrap()).unwrap();
                starts.push((written.clone(), text.len()));
                text.push_str(&written);
            }
            let mut reader = reader(text.as_bytes(), &sizes, LIMITS);
            let records = read_all(&mut reader).unwrap();
            let lines: Vec<u64> = records.iter().map(|(line, _)| *line).collect();
            prop_assert_eq!(lines, expected_lines(&starts, &text));
            let fields: Vec<_> = records.into_iter().map(|(_, fields)| fields).collect();
            prop_assert_eq!(&fields, &csv_records(text.as_bytes()));
            let written: Vec<Vec<Vec<u8>>> = rows
                .iter()
                .map(|row| row.iter().map(|field| field.clone().into_bytes()).collect())
                .collect();
            prop_assert_eq!(fields, written);
            prop_assert_eq!(reader.parsed(), text.len() as u64);
        }

        #[test]
        fn a_verbatim_record_has_all_fields_and_parses_to_the_same_record(
            text in "[a,\"\r\n]{0,30}",
            sizes in sizes(),
        ) {
            let mut whole = reader(text.as_bytes(), &sizes, LIMITS);
            while let Ok(Some(record)) = whole.read() {
                let raw = raw_fields(record.raw(), b',');
                prop_assert_eq!(raw.len(), record.field_count());
                prop_assert_eq!(raw.join(&b','), record.raw());
                let mut again = reader(record.raw(), &[usize::MAX], LIMITS);
                let again = again.read().unwrap().unwrap();
                prop_assert!(again.fields().eq(record.fields()));
                let is_misquoted = |of: &Record<'_>| {
                    (0..of.field_count()).map(|index| of.is_misquoted(index)).collect::<Vec<_>>()
                };
                prop_assert_eq!(is_misquoted(&again), is_misquoted(&record));
            }
        }

        #[test]
        fn any_text_is_parsed_like_the_csv_crate_or_refused_for_its_quotes(
            text in "[a,\"\r\n]{0,30}",
            sizes in sizes(),
        ) {
            let mut reader = reader(text.as_bytes(), &sizes, LIMITS);
            let mut at_once = self::reader(text.as_bytes(), &[usize::MAX], LIMITS);
            match (read_all(&mut reader), read_all(&mut at_once)) {
                (Ok(records), Ok(others)) => {
                    prop_assert_eq!(&records, &others);
                    let fields: Vec<_> = records.into_iter().map(|(_, fields)| fields).collect();
                    prop_assert_eq!(fields, csv_records(text.as_bytes()));
                }
                (Err(error), Err(other)) => {
                    prop_assert_eq!(format!("{error:?}"), format!("{other:?}"));
                    if let RecordError::OpenQuote { .. } = error {
                        // One more quote closes the last record.
                        let closed = format!("{text}\"");
                        prop_assert!(csv_records(closed.as_bytes()) == csv_records(text.as_bytes()));
                    }
                }
                (one, other) => prop_assert!(false, "{:?} but {:?}", one, other),
            }
        }
    }
}
