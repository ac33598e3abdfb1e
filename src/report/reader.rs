//! Reads a report line by line, to resume it, to summarize it or to render it as a page.
//!
//! This program writes no line break inside a field, so a line of the file is a line of the report. This makes
//! reading fast and damage easy to detect: a crash tears the last line or leaves zeros after the whole lines; neither
//! is returned. Columns are found by name, and columns that are newer than the report may be missing.

use std::io::{self, Read, Seek, SeekFrom};

use csv_core::ReadRecordResult;
use memchr::{memchr, memchr_iter};

use crate::domain::outcome::OutcomeKind;
use crate::report::column::{COLUMNS, Column};
use crate::report::damage::{Damage, OnDamage, has_garbage, is_text};
use crate::report::origin::Origin;
use crate::text::excerpt;

/// The number of bytes that are read from the file at once.
const BUFFER_LENGTH: usize = 256 * 1024;

/// The longest line that this program could have written is far shorter.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// The error for the header of another version.
pub(crate) const OTHER_COLUMNS: &str = "the columns are not those that this version writes";

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a report cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadBackError {
    /// An I/O error.
    #[error("cannot read it")]
    Io(#[from] io::Error),
    /// Columns are missing: it is another kind of file.
    #[error("it is not a report of this program: the header has no column {}", columns.join(", "))]
    NoReport {
        /// The missing columns, in backticks.
        columns: Vec<String>,
    },
    /// A line is damaged, and whole lines follow.
    #[error("line {line}: {why}")]
    Damaged {
        /// The line of the report.
        line: u64,
        /// What is wrong with the line.
        why: String,
    },
    /// Another kind of run wrote a line.
    #[error("line {line} was written by {origin}")]
    OtherOrigin {
        /// The line of the report.
        line: u64,
        /// The kind of run that wrote it.
        origin: Origin,
    },
    /// A row has two lines for the same pair.
    #[error("line {line}: row {row} has two lines for the same pair, this one and line {first}")]
    Twice {
        /// The second line.
        line: u64,
        /// The first line.
        first: u64,
        /// The row.
        row: u64,
    },
}

/// Reads the lines of a report.
pub struct ReportReader<R> {
    source: R,
    buffer: Vec<u8>,
    /// The start of the part of `buffer` that is not yet returned.
    start: usize,
    end: usize,
    /// The offset of `start` in the file.
    offset: u64,
    /// The number of the line that was read last.
    line: u64,
    on_damage: OnDamage,
    damage: Damage,
    /// The offset at which the last whole line ends.
    whole_length: u64,
    /// Whether bytes that are not text were read after the last whole line: the next line may begin inside them.
    is_behind_garbage: bool,
    current: Current,
    /// The position of each known column in this file.
    places: [Option<usize>; COLUMNS.len()],
    field_count: usize,
    fields: Fields,
    header: Vec<u8>,
    is_standard: bool,
    /// The error in the header, while the standard header is assumed. Only whole lines can confirm that assumption.
    header_error: Option<ReadBackError>,
}

/// The next part of the file.
enum NextLine {
    /// A line in the buffer, from its start to its end, line break included.
    Line(usize, usize),
    /// A line that is longer than any line of this program, and whether it has bytes that are not text.
    TooLong { has_garbage: bool },
    /// The end of the file; anything after the last line break is a torn line and is ignored.
    End,
}

/// The result of reading one line.
enum Step {
    /// A whole line, which is now the current one.
    Whole,
    /// A damaged line, and what is wrong with it.
    Damaged(String),
    /// The end of the file.
    End,
}

/// The last whole line.
#[derive(Default)]
struct Current {
    start: usize,
    end: usize,
    row: u64,
    outcome: Option<OutcomeKind>,
    /// Whether it ends with a time, as every line of this program does. A line that was cut in its last field does
    /// not.
    has_end: bool,
}

/// The positions of the fields of the current line, and the unquoted text of a line with quotes.
struct Fields {
    ends: Vec<usize>,
    unquoted: Vec<u8>,
    /// Whether the line has quotes, so that its fields are in `unquoted`.
    is_quoted: bool,
    core: csv_core::Reader,
}

/// One line of a report, borrowed until the next one is read.
#[derive(Clone, Copy, Debug)]
pub struct ReportLine<'r> {
    /// Its number in the file; the header is line 1.
    pub number: u64,
    /// The row.
    pub row: u64,
    /// The outcome of the row.
    pub outcome: OutcomeKind,
    /// The raw line, with its line break.
    pub raw: &'r [u8],
    text: &'r [u8],
    ends: &'r [usize],
    /// The number of bytes between two fields: 1 for a comma, 0 where the fields are unquoted.
    gap: usize,
    places: &'r [Option<usize>; COLUMNS.len()],
}

impl<'r> ReportLine<'r> {
    /// The bytes of the field in `column`; empty if the report has no such column.
    #[must_use]
    pub fn field(&self, column: Column) -> &'r [u8] {
        let Some(place) = self.places[column as usize] else {
            return &[];
        };
        let start = match place {
            0 => 0,
            place => self.ends[place - 1] + self.gap,
        };
        &self.text[start..self.ends[place]]
    }

    /// The field as text.
    #[must_use]
    pub fn text(&self, column: Column) -> std::borrow::Cow<'r, str> {
        String::from_utf8_lossy(self.field(column))
    }

    /// The four values that identify the pair.
    #[must_use]
    pub fn target(&self) -> [&'r [u8]; 4] {
        [
            Column::FromType,
            Column::FromId,
            Column::ToType,
            Column::ToId,
        ]
        .map(|c| self.field(c))
    }
}

impl<R: Read + Seek> ReportReader<R> {
    /// Reads the line at `offset`, which [`ReportReader::whole_length`] returned before that line was read. A line
    /// near the last one needs no system call. Line numbers are not tracked any more.
    pub fn read_at(&mut self, offset: u64) -> Result<Option<ReportLine<'_>>, ReadBackError> {
        let base = self.offset - self.start as u64;
        let place = offset.checked_sub(base);
        let place = place.and_then(|place| usize::try_from(place).ok());
        if let Some(place) = place.filter(|&place| place < self.end) {
            self.start = place;
        } else {
            self.source.seek(SeekFrom::Start(offset))?;
            (self.start, self.end) = (0, 0);
        }
        self.offset = offset;
        self.is_behind_garbage = false;
        self.read()
    }
}

impl<R: Read> ReportReader<R> {
    /// Reads the header. A file without a complete header has no lines, which is not an error. A damaged line is an
    /// error only if a whole line follows.
    pub fn new(source: R) -> Result<Self, ReadBackError> {
        Self::with(source, OnDamage::Refuse)
    }

    /// Like [`ReportReader::new`], with a choice of how damaged lines are handled. A damaged header is skipped too,
    /// if whole lines of this version follow.
    pub fn with(source: R, on_damage: OnDamage) -> Result<Self, ReadBackError> {
        let mut reader = Self {
            source,
            buffer: vec![0; BUFFER_LENGTH],
            start: 0,
            end: 0,
            offset: 0,
            line: 0,
            on_damage,
            damage: Damage::default(),
            whole_length: 0,
            is_behind_garbage: false,
            current: Current::default(),
            places: [None; COLUMNS.len()],
            field_count: 0,
            fields: Fields {
                ends: Vec::new(),
                unquoted: Vec::new(),
                is_quoted: false,
                core: csv_core::Reader::new(),
            },
            header: Vec::new(),
            is_standard: true,
            header_error: None,
        };
        let (read, has_garbage) = match reader.next_line()? {
            NextLine::Line(start, end) => {
                let read = reader.read_header(start, end);
                (read, has_garbage(&reader.buffer[start..end]))
            }
            NextLine::TooLong { has_garbage } => (Err(no_report(Column::NEEDED)), has_garbage),
            // A crash at the very start leaves part of a header; any other file must not be changed.
            NextLine::End if is_start_of_header(&reader.buffer[..reader.end]) => (Ok(()), false),
            NextLine::End => return Err(no_report(Column::NEEDED)),
        };
        match read {
            Err(error) if on_damage != OnDamage::Refuse => {
                reader.assume_header(error, has_garbage);
            }
            read => read?,
        }
        reader.whole_length = reader.offset;
        Ok(reader)
    }

    fn assume_header(&mut self, error: ReadBackError, has_garbage: bool) {
        self.damage.add(self.line, self.offset);
        self.is_behind_garbage = has_garbage;
        self.header = (COLUMNS.join(",") + "\n").into_bytes();
        self.places = std::array::from_fn(Some);
        self.field_count = COLUMNS.len();
        self.is_standard = true;
        self.header_error = Some(error);
    }

    fn read_header(&mut self, start: usize, end: usize) -> Result<(), ReadBackError> {
        let raw = &self.buffer[start..end];
        self.header.extend_from_slice(raw);
        let damaged = |why| ReadBackError::Damaged { line: 1, why };
        self.fields.split(content(raw)).map_err(damaged)?;
        let count = self.fields.ends.len();
        let names: Vec<&[u8]> = (0..count)
            .map(|place| self.fields.get(content(raw), place))
            .collect();
        let names: Vec<&[u8]> = names
            .iter()
            .map(|name| name.strip_prefix(BYTE_ORDER_MARK).unwrap_or(name))
            .collect();
        for (column, place) in self.places.iter_mut().enumerate() {
            *place = names
                .iter()
                .position(|name| *name == COLUMNS[column].as_bytes());
        }
        self.field_count = count;
        self.is_standard = names
            .iter()
            .copied()
            .eq(COLUMNS.iter().map(|name| name.as_bytes()));
        let missing = Column::NEEDED
            .into_iter()
            .filter(|&column| self.places[column as usize].is_none());
        let missing: Vec<Column> = missing.collect();
        if !missing.is_empty() {
            return Err(no_report(missing));
        }
        let is_usable = match self.on_damage {
            OnDamage::Refuse => true,
            OnDamage::Skip => is_text(content(raw)),
            // A header that is cut short could still name the columns that are needed.
            OnDamage::Repair => self.is_standard,
        };
        if is_usable {
            Ok(())
        } else {
            let why = OTHER_COLUMNS.to_owned();
            Err(ReadBackError::Damaged { line: 1, why })
        }
    }

    /// The raw header, with its line break.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Whether this version writes the same header, so that lines can be appended.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        self.is_standard
    }

    /// The size of the header and the lines returned so far, in bytes. This includes lines that were skipped before
    /// the last one.
    #[must_use]
    pub fn whole_length(&self) -> u64 {
        self.whole_length
    }

    /// The lines that were skipped so far.
    #[must_use]
    pub fn damage(&self) -> Damage {
        self.damage
    }

    /// Reads the next whole line; `None` at the end.
    pub fn read(&mut self) -> Result<Option<ReportLine<'_>>, ReadBackError> {
        loop {
            let before = self.offset;
            match self.step()? {
                Step::Whole => break,
                Step::End => {
                    return match self.header_error.take() {
                        // Every line was skipped, so none confirms that the file is a report.
                        Some(error) if self.current.outcome.is_none() => Err(error),
                        _ => Ok(None),
                    };
                }
                Step::Damaged(why) if self.on_damage == OnDamage::Refuse => {
                    self.end_or_refuse(why)?;
                    return Ok(None);
                }
                Step::Damaged(_) => self.damage.add(self.line, self.offset - before),
            }
        }
        self.whole_length = self.offset;
        Ok(Some(self.current_line()))
    }

    /// Handles a damaged line: accepted if only damage follows up to the end of the file, otherwise an error.
    fn end_or_refuse(&mut self, why: String) -> Result<(), ReadBackError> {
        let line = self.line;
        let is_cut = self.current.outcome.is_some() && !self.current.has_end;
        let mut is_end = !(self.is_behind_garbage && is_cut);
        while is_end {
            match self.step()? {
                Step::End => return Ok(()),
                Step::Whole => is_end = false,
                Step::Damaged(_) => {}
            }
        }
        Err(ReadBackError::Damaged { line, why })
    }

    /// Reads one line.
    fn step(&mut self) -> Result<Step, ReadBackError> {
        let (start, end) = match self.next_line()? {
            NextLine::Line(start, end) => (start, end),
            NextLine::TooLong { has_garbage } => {
                self.is_behind_garbage |= has_garbage;
                let why = "is longer than any line that this program writes".to_owned();
                return Ok(Step::Damaged(why));
            }
            NextLine::End => return Ok(Step::End),
        };
        Ok(match self.parse(start, end) {
            Ok(_) if std::mem::take(&mut self.is_behind_garbage) => {
                Step::Damaged("may begin inside the damage before it".to_owned())
            }
            Ok(current) => {
                self.current = current;
                Step::Whole
            }
            Err(why) => {
                self.is_behind_garbage |= has_garbage(&self.buffer[start..end]);
                Step::Damaged(why)
            }
        })
    }

    /// Finds the fields of a line; fails with what is wrong with it.
    fn parse(&mut self, start: usize, end: usize) -> Result<Current, String> {
        let text = content(&self.buffer[start..end]);
        self.fields.split(text)?;
        let (found, expected) = (self.fields.ends.len(), self.field_count);
        if found != expected {
            return Err(format!(
                "has {found} fields, expected {expected}: {}",
                shown(text)
            ));
        }
        if !is_text(text) {
            return Err(format!("has bytes that are not text: {}", shown(text)));
        }
        let line = self.line_at(start, end);
        let row = line.field(Column::Row);
        let row = row_number(row).ok_or_else(|| format!("`{}` is not a row number", shown(row)))?;
        let outcome = line.field(Column::Outcome);
        let outcome = OutcomeKind::of_word(outcome)
            .ok_or_else(|| format!("`{}` is not an outcome", shown(outcome)))?;
        let time = line.field(Column::FinishedAt);
        let has_end = time.ends_with(b"Z");
        if !has_end && self.on_damage == OnDamage::Repair {
            return Err(format!("`{}` is not a time", shown(time)));
        }
        Ok(Current {
            start,
            end,
            row,
            outcome: Some(outcome),
            has_end,
        })
    }

    fn current_line(&self) -> ReportLine<'_> {
        let current = &self.current;
        let line = self.line_at(current.start, current.end);
        ReportLine {
            row: current.row,
            outcome: current.outcome.unwrap_or(line.outcome),
            ..line
        }
    }

    /// Creates the line at this position from its fields; row and outcome are set by the caller.
    fn line_at(&self, start: usize, end: usize) -> ReportLine<'_> {
        let raw = &self.buffer[start..end];
        let (text, gap) = self.fields.text_and_gap(content(raw));
        ReportLine {
            number: self.line,
            row: 0,
            outcome: OutcomeKind::Skipped,
            raw,
            text,
            ends: &self.fields.ends,
            gap,
            places: &self.places,
        }
    }

    /// Finds the next line.
    fn next_line(&mut self) -> Result<NextLine, ReadBackError> {
        let mut searched = self.start;
        // Set once a line is too long: its bytes are discarded.
        let mut too_long = false;
        let mut garbage = false;
        loop {
            if let Some(place) = memchr(b'\n', &self.buffer[searched..self.end]) {
                let (start, end) = (self.start, searched + place + 1);
                self.start = end;
                self.offset += (end - start) as u64;
                self.line += 1;
                if too_long {
                    let has_garbage = garbage || has_garbage(&self.buffer[start..end]);
                    return Ok(NextLine::TooLong { has_garbage });
                }
                return Ok(NextLine::Line(start, end));
            }
            searched = self.end;
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                searched -= self.start;
                self.end -= self.start;
                self.start = 0;
            }
            if self.end == self.buffer.len() {
                if self.end >= MAX_LINE_BYTES {
                    too_long = true;
                    garbage |= has_garbage(&self.buffer);
                    self.offset += self.end as u64;
                    (searched, self.end) = (0, 0);
                } else {
                    self.buffer.resize(self.end * 2, 0);
                }
            }
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(NextLine::End),
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn no_report(columns: impl IntoIterator<Item = Column>) -> ReadBackError {
    let columns = columns.into_iter();
    ReadBackError::NoReport {
        columns: columns
            .map(|column| format!("`{}`", column.name()))
            .collect(),
    }
}

/// Whether a file without a line break may be the beginning of a report: the header or a part of it, possibly
/// followed by zeros, as a power cut leaves them. A file that has only zeros may be anything.
fn is_start_of_header(file: &[u8]) -> bool {
    let zeros = file.iter().rev().take_while(|&&byte| byte == 0).count();
    let text = &file[..file.len() - zeros];
    COLUMNS.join(",").as_bytes().starts_with(text) && (zeros == 0 || !text.is_empty())
}

impl Fields {
    /// Finds the fields of a line.
    fn split(&mut self, line: &[u8]) -> Result<(), String> {
        self.ends.clear();
        self.is_quoted = memchr(b'"', line).is_some();
        if !self.is_quoted {
            self.ends.extend(memchr_iter(b',', line));
            self.ends.push(line.len());
            return Ok(());
        }
        self.unquoted.resize(line.len(), 0);
        self.ends.resize(line.len() + 1, 0);
        self.core.reset();
        let (result, read, written, ended) =
            self.core
                .read_record(line, &mut self.unquoted, &mut self.ends);
        // A second call without input ends the last field and the record.
        let (end, _, more, last) =
            self.core
                .read_record(&[], &mut self.unquoted[written..], &mut self.ends[ended..]);
        let is_whole = matches!(result, ReadRecordResult::InputEmpty) && read == line.len();
        if !is_whole || !matches!(end, ReadRecordResult::Record) || is_in_quotes(line) {
            return Err(format!("has an unclosed quote: {}", shown(line)));
        }
        self.unquoted.truncate(written + more);
        self.ends.truncate(ended + last);
        Ok(())
    }

    fn text_and_gap<'f>(&'f self, line: &'f [u8]) -> (&'f [u8], usize) {
        if self.is_quoted {
            (&self.unquoted, 0)
        } else {
            (line, 1)
        }
    }

    fn get<'f>(&'f self, line: &'f [u8], place: usize) -> &'f [u8] {
        let (text, gap) = self.text_and_gap(line);
        let start = if place == 0 {
            0
        } else {
            self.ends[place - 1] + gap
        };
        &text[start..self.ends[place]]
    }
}

/// Quotes come in pairs, including escaped ones: an odd number leaves one open.
fn is_in_quotes(line: &[u8]) -> bool {
    memchr_iter(b'"', line).count() % 2 == 1
}

/// A line without its line break.
fn content(raw: &[u8]) -> &[u8] {
    let line = raw.strip_suffix(b"\n").unwrap_or(raw);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn row_number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = str::from_utf8(digits).ok().filter(|_| is_number)?;
    text.parse().ok().filter(|&row| row > 0)
}

fn shown(bytes: &[u8]) -> String {
    excerpt(&String::from_utf8_lossy(&bytes[..bytes.len().min(200)]), 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The row, outcome and message of every line.
    fn read(bytes: &[u8]) -> Result<Vec<(u64, OutcomeKind, String)>, ReadBackError> {
        let mut reader = ReportReader::new(bytes)?;
        let mut lines = Vec::new();
        while let Some(line) = reader.read()? {
            lines.push((
                line.row,
                line.outcome,
                line.text(Column::Message).into_owned(),
            ));
        }
        Ok(lines)
    }

    const SHORT: &str =
        "outcome,row,error_message,from_object_type,from_object_id,to_object_type,to_object_id";

    #[test]
    fn columns_are_found_by_name_and_newer_ones_may_be_missing() {
        let text = format!(
            "\u{feff}{SHORT}\r\nfailed,7,\"says \"\"x\"\", and more\",a,1,b,2\r\ninvalid,9,,a,\"1,2\",b,2\r\n"
        );
        let mut reader = ReportReader::new(text.as_bytes()).unwrap();
        assert!(!reader.is_standard());
        let line = reader.read().unwrap().unwrap();
        assert_eq!(
            (line.number, line.row, line.outcome),
            (2, 7, OutcomeKind::Failed)
        );
        assert_eq!(line.text(Column::Message), "says \"x\", and more");
        assert_eq!(line.target(), [&b"a"[..], b"1", b"b", b"2"]);
        assert_eq!(line.field(Column::Attempts), b"");
        let line = reader.read().unwrap().unwrap();
        assert_eq!(line.target()[1], b"1,2");
        assert!(reader.read().unwrap().is_none());
        assert_eq!(reader.whole_length(), text.len() as u64);
    }

    #[test]
    fn only_the_last_line_may_be_torn() {
        let whole = format!("{SHORT}\nfailed,7,,a,1,b,2\n");
        for torn in [
            "",
            "f",
            "failed,8,,a,1,b",
            "failed,8,,a,1,b,2",
            "\0\0\0",
            "failed,8,\"x",
        ] {
            let text = format!("{whole}{torn}");
            let mut reader = ReportReader::new(text.as_bytes()).unwrap();
            assert_eq!(reader.read().unwrap().unwrap().row, 7);
            assert!(reader.read().unwrap().is_none(), "{torn}");
            assert_eq!(reader.whole_length(), whole.len() as u64);
        }
    }

    #[test]
    fn damage_in_the_middle_is_an_error_with_its_line() {
        for (line, why) in [
            (
                "failed,7,,a,1,b",
                "has 6 fields, expected 7: failed,7,,a,1,b",
            ),
            ("failed,0,,a,1,b,2", "`0` is not a row number"),
            ("failed,x,,a,1,b,2", "`x` is not a row number"),
            (
                "failed,99999999999999999999,,a,1,b,2",
                "`99999999999999999999` is not a row number",
            ),
            ("fine,7,,a,1,b,2", "`fine` is not an outcome"),
            (
                "failed,7,\"x,a,1,b,2",
                "has an unclosed quote: failed,7,\"x,a,1,b,2",
            ),
            ("", "has 1 fields, expected 7: "),
            ("\0\0", "has 1 fields, expected 7: \\u{0}\\u{0}"),
        ] {
            let text = format!("{SHORT}\nfailed,6,,a,1,b,2\n{line}\nfailed,8,,a,1,b,2\n");
            let error = read(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), format!("line 3: {why}"));
        }
    }

    #[test]
    fn another_kind_of_file_is_not_a_report() {
        for (text, missing) in [
            (
                "a,b\n1,2\n",
                "`row`, `from_object_type`, `from_object_id`, `to_object_type`, `to_object_id`, `outcome`",
            ),
            (
                "row,from_object_type,from_object_id,to_object_type,to_object_id\n",
                "`outcome`",
            ),
            (
                "precious",
                "`row`, `from_object_type`, `from_object_id`, `to_object_type`, `to_object_id`, `outcome`",
            ),
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("it is not a report of this program: the header has no column {missing}")
            );
        }
        for start in ["", "row", "row,line,from_obj"] {
            assert_eq!(read(start.as_bytes()).unwrap(), []);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            lines in "[a-z0-9,\"\n\r\0]{0,200}",
        ) {
            drop(read(&bytes));
            drop(read(format!("{SHORT}\n{lines}").as_bytes()));
        }

        #[test]
        fn what_a_csv_writer_writes_on_one_line_is_read_field_for_field(
            fields in prop::collection::vec("[a\",é ]{0,6}", 6),
            row in 1..=u64::MAX,
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(SHORT.split(',')).unwrap();
            let mut record = vec!["skipped".to_owned(), row.to_string()];
            record.extend(fields[..5].to_vec());
            writer.write_record(&record).unwrap();
            let bytes = writer.into_inner().unwrap();
            let mut reader = ReportReader::new(bytes.as_slice()).unwrap();
            let line = reader.read().unwrap().unwrap();
            prop_assert_eq!(line.row, row);
            prop_assert_eq!(line.text(Column::Message), fields[0].as_str());
            prop_assert_eq!(line.text(Column::ToId), fields[4].as_str());
        }
    }
}
