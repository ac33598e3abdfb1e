//! Reads a report line by line, to resume it, to summarize it or to render it as a page.
//!
//! This program writes no line break inside a field, so a line of the file is a line of the report. This makes
//! reading fast and damage easy to detect: a crash tears the last line or leaves zeros after the whole lines; neither
//! is returned. Columns are found by name, and columns that are newer than the report may be missing.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::domain::outcome::OutcomeKind;
use crate::input::csv::splitter::{RecordLimits, Splitter, without_line_end};
use crate::report::column::Column;
use crate::report::damage::{Damage, OnDamage, has_garbage, is_text, shown};
use crate::report::end_of_run::EndOfRun;
use crate::report::header::{Header, is_start_of_header, without_mark};
use crate::report::layout::{Layout, ReportKind};
use crate::report::line_outcome::outcome_of;
use crate::report::line_source::{LineSource, MAX_LINE_BYTES, NextLine};
use crate::report::read_error::ReadBackError;
use crate::report::report_line::{ReportLine, field};

/// A line is in memory as a whole, so a longer line than this is never split.
const LIMITS: RecordLimits = RecordLimits {
    bytes: 2 * MAX_LINE_BYTES,
    fields: 2 * MAX_LINE_BYTES,
};

/// Reads the lines of a report.
pub struct ReportReader<R> {
    kind: ReportKind,
    lines: LineSource<R>,
    splitter: Splitter,
    header: Header,
    /// The error in the header. The first whole line shows which header it was; without one the error remains.
    header_error: Option<ReadBackError>,
    on_damage: OnDamage,
    damage: Damage,
    /// The offset at which the last whole line ends.
    whole_length: u64,
    /// Whether bytes that are not text were read after the last whole line: the next line may begin inside them.
    is_behind_garbage: bool,
    /// The last whole line.
    current: Option<Current>,
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

/// A whole line.
struct Current {
    place: Range<usize>,
    row: u64,
    outcome: OutcomeKind,
    /// Whether it ends with a time, as every line of this program does. A line that was cut in its last field does
    /// not.
    has_end: bool,
}

impl<R: Read + Seek> ReportReader<R> {
    /// Reads the line at `offset`, which [`ReportReader::whole_length`] returned before that line was read. Line
    /// numbers are not tracked any more.
    pub fn read_at(&mut self, offset: u64) -> Result<Option<ReportLine<'_>>, ReadBackError> {
        self.lines.seek(offset)?;
        self.is_behind_garbage = false;
        self.read()
    }
}

impl<R: Read> ReportReader<R> {
    /// Reads the header of a report of an import. A file without a complete header has no lines, which is not an error. A damaged line is an
    /// error only if a whole line follows.
    pub fn new(source: R) -> Result<Self, ReadBackError> {
        Self::with(source, OnDamage::Refuse)
    }

    /// Like [`ReportReader::new`], with a choice of how damaged lines are handled. A damaged header is skipped too,
    /// if whole lines of this version follow.
    pub fn with(source: R, on_damage: OnDamage) -> Result<Self, ReadBackError> {
        Self::of_kind(source, ReportKind::Import, on_damage)
    }

    /// Like [`ReportReader::with`], for the report of any command.
    pub fn of_kind(
        source: R,
        kind: ReportKind,
        on_damage: OnDamage,
    ) -> Result<Self, ReadBackError> {
        let mut reader = Self {
            kind,
            lines: LineSource::new(source),
            splitter: Splitter::new(b',', LIMITS),
            header: Header::missing(kind),
            header_error: None,
            on_damage,
            damage: Damage::default(),
            whole_length: 0,
            is_behind_garbage: false,
            current: None,
        };
        let no_report = || ReadBackError::no_report(kind, kind.needed().iter().copied());
        let (header, has_garbage) = match reader.lines.next_line()? {
            NextLine::Line(place) => {
                let raw = reader.lines.at(place);
                let header = read_header(&mut reader.splitter, raw, kind, on_damage);
                (header, has_garbage(raw))
            }
            NextLine::TooLong { has_garbage } => (Err(no_report()), has_garbage),
            // A crash at the very start leaves part of a header; any other file must not be changed.
            NextLine::End if is_start_of_header(reader.lines.rest(), kind) => {
                (Ok(Header::missing(kind)), false)
            }
            NextLine::End => return Err(no_report()),
        };
        match header {
            Err(error) if on_damage != OnDamage::Refuse => {
                reader
                    .damage
                    .add(reader.lines.line(), reader.lines.offset());
                reader.is_behind_garbage = has_garbage;
                reader.header = Header::of_layout(kind.layout());
                reader.header_error = Some(error);
            }
            header => reader.header = header?,
        }
        reader.whole_length = reader.lines.offset();
        Ok(reader)
    }

    /// The raw header, with its line break.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.header.raw
    }

    /// The layout of the report, if lines can be appended. If the header is damaged, it is known after the first line.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        self.header.layout
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

    /// Whether the run that wrote the report has finished. To be called once the end was read.
    #[must_use]
    pub fn end_of_run(&self) -> EndOfRun {
        let is_marked = self.current_line().map(|line| line.is_marked_as_last());
        // Anything after the last whole line is the beginning of a line that a later run added.
        let is_last = self.lines.offset() == self.whole_length && self.lines.rest().is_empty();
        match is_marked.flatten() {
            None => EndOfRun::NotNoted,
            Some(true) if is_last => EndOfRun::Finished,
            Some(_) => EndOfRun::NotFinished,
        }
    }

    /// Reads the next whole line; `None` at the end.
    pub fn read(&mut self) -> Result<Option<ReportLine<'_>>, ReadBackError> {
        loop {
            let before = self.lines.offset();
            match self.step()? {
                Step::Whole => break,
                Step::End => {
                    return match self.header_error.take() {
                        // Every line was skipped, so none confirms that the file is a report.
                        Some(error) if self.current.is_none() => Err(error),
                        _ => Ok(None),
                    };
                }
                Step::Damaged(why) if self.on_damage == OnDamage::Refuse => {
                    self.end_or_refuse(why)?;
                    return Ok(None);
                }
                Step::Damaged(_) => {
                    let bytes = self.lines.offset() - before;
                    self.damage.add(self.lines.line(), bytes);
                }
            }
        }
        self.whole_length = self.lines.offset();
        Ok(self.current_line())
    }

    /// Handles a damaged line: accepted if only damage follows up to the end of the file, otherwise an error.
    fn end_or_refuse(&mut self, why: String) -> Result<(), ReadBackError> {
        let line = self.lines.line();
        let is_cut = self.current.as_ref().is_some_and(|line| !line.has_end);
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
        let place = match self.lines.next_line()? {
            NextLine::Line(place) => place,
            NextLine::TooLong { has_garbage } => {
                self.is_behind_garbage |= has_garbage;
                let why = "is longer than any line that this program writes".to_owned();
                return Ok(Step::Damaged(why));
            }
            NextLine::End => return Ok(Step::End),
        };
        Ok(match self.parse(place.clone()) {
            Ok(_) if std::mem::take(&mut self.is_behind_garbage) => {
                Step::Damaged("may begin inside the damage before it".to_owned())
            }
            Ok(current) => {
                self.current = Some(current);
                Step::Whole
            }
            Err(why) => {
                self.is_behind_garbage |= has_garbage(self.lines.at(place));
                Step::Damaged(why)
            }
        })
    }

    /// Splits a line; fails with what is wrong with it.
    fn parse(&mut self, place: Range<usize>) -> Result<Current, String> {
        let raw = self.lines.at(place.clone());
        let text = without_line_end(raw);
        split(&mut self.splitter, raw)?;
        let fields = self.splitter.fields(text);
        let found = fields.count();
        if self.header_error.is_some()
            && self.current.is_none()
            && let Some(layout) = self.kind.layout_of_width(found)
        {
            self.header = Header::of_layout(layout);
        }
        let expected = self.header.field_count;
        if found != expected {
            return Err(format!(
                "has {found} fields, expected {expected}: {}",
                shown(text)
            ));
        }
        if !is_text(text) {
            return Err(format!("has bytes that are not text: {}", shown(text)));
        }
        let field = |column| field(fields, &self.header.places, column);
        let row = field(Column::Row);
        let row = row_number(row).ok_or_else(|| format!("`{}` is not a row number", shown(row)))?;
        let outcome = outcome_of(self.kind, field)?;
        let time = field(self.kind.time());
        let has_end = time.ends_with(b"Z");
        if !has_end && self.on_damage == OnDamage::Repair {
            return Err(format!("`{}` is not a time", shown(time)));
        }
        Ok(Current {
            place,
            row,
            outcome,
            has_end,
        })
    }

    fn current_line(&self) -> Option<ReportLine<'_>> {
        let current = self.current.as_ref()?;
        let raw = self.lines.at(current.place.clone());
        Some(ReportLine {
            number: self.lines.line(),
            row: current.row,
            outcome: current.outcome,
            raw,
            fields: self.splitter.fields(without_line_end(raw)),
            places: &self.header.places,
        })
    }
}

fn read_header(
    splitter: &mut Splitter,
    raw: &[u8],
    kind: ReportKind,
    on_damage: OnDamage,
) -> Result<Header, ReadBackError> {
    let line = without_mark(raw);
    let split = split(splitter, line);
    split.map_err(|why| ReadBackError::Damaged { line: 1, why })?;
    let header = Header::of(raw, splitter.fields(without_line_end(line)), kind)?;
    header.check(on_damage)?;
    Ok(header)
}

fn split(splitter: &mut Splitter, line: &[u8]) -> Result<(), String> {
    let split = splitter.split_line(line);
    split.ok_or_else(|| {
        let line = shown(without_line_end(line));
        format!("has an unclosed quote: {line}")
    })
}

fn row_number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = str::from_utf8(digits).ok().filter(|_| is_number)?;
    text.parse().ok().filter(|&row| row > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::outcome;
    use crate::report::line::LineBuffer;
    use crate::report::origin::Origin;
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
        assert_eq!(reader.layout(), None);
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
    fn a_report_with_columns_after_the_known_ones_is_read_by_name() {
        let header = Layout::Current.columns().join(",");
        let mut values = vec!["x"; Layout::Current.columns().len()];
        values[Column::Row as usize] = "7";
        values[Column::Outcome as usize] = "skipped";
        values[Column::FinishedAt as usize] = "2026-05-04T09:15:22.118Z";
        let values = values.join(",");
        for (more, added) in [("", ""), (",colour,note", ",,\"a,b\""), (",\"a b\"", ",")] {
            let text = format!("{header}{more}\n{values}{added}\n");
            let mut reader = ReportReader::new(text.as_bytes()).unwrap();
            let line = reader.read().unwrap().unwrap();
            assert_eq!((line.row, line.outcome), (7, OutcomeKind::Skipped));
            assert_eq!(line.text(Column::FinishedAt), "2026-05-04T09:15:22.118Z");
            assert_eq!(reader.layout().is_some(), more.is_empty());
        }
    }

    #[test]
    fn the_first_whole_line_shows_the_columns_below_a_damaged_header() {
        for layout in Layout::ALL {
            let mut lines = LineBuffer::of(Origin::RealRun, layout, None);
            lines.add(&outcome(7, OutcomeKind::Skipped));
            let line = String::from_utf8(lines.take()).unwrap();
            let text = format!("row,li\0\0\n1,2,cut\n{line}");
            let kind = layout.kind();
            let mut reader =
                ReportReader::of_kind(text.as_bytes(), kind, OnDamage::Repair).unwrap();
            assert_eq!(reader.read().unwrap().unwrap().row, 7);
            assert_eq!(reader.layout(), Some(layout));
            assert_eq!(reader.header(), layout.header().as_bytes());
            assert_eq!(reader.damage().lines, 2);
        }
    }

    #[test]
    fn a_byte_order_mark_before_a_quoted_header_is_not_part_of_a_name() {
        let quoted = SHORT.replace(',', "\",\"");
        let text = format!("\u{feff}\"{quoted}\"\nfailed,7,,a,1,b,2\n");
        assert_eq!(read(text.as_bytes()).unwrap().len(), 1);
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
