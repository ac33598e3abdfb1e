//! Writes the rows that are not associated to a CSV that can be imported again: input + report → rejects file.
//!
//! Rows are in the order of the input, and their cells are copied unchanged, quotes included, so that an invalid row
//! does not become valid by being rewritten. Where a cell held several ids, each id that is not associated gets a
//! line. Two columns are added, or replaced where the input is a rejects file itself: [`ERROR_COLUMNS`].

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use crate::files::atomic_file::AtomicFile;
use crate::files::atomic_file::place::same_as;
use crate::input::csv::comment::Comment;
use crate::input::csv_input::Input;
use crate::input::decode::encoding::TextEncoding;
use crate::input::error::InputError;
use crate::input::row::{CheckedRow, RowContent};
use crate::input::settings::InputSettings;
use crate::input::validate::shape::{ERROR_COLUMNS, has_error_columns};
use crate::report::comparison::Mismatch;
use crate::report::error::ReportError;
use crate::report::failed_rows::{FailedRows, FailureReason};
use crate::report::read_error::ReadBackError;
use crate::report::rejects_error::RejectsError;
use crate::report::row_identity::RowIdentity;
use crate::text::BYTE_ORDER_MARK;

/// Checks that a rejects file may be written to `path`, before a run that writes it at its end. A file that this
/// program did not write is never replaced.
pub fn prepare(path: &Path, settings: &InputSettings, report: &Path) -> Result<(), RejectsError> {
    if let Some(input) = settings.path.stream_name() {
        return Err(RejectsError::ComesOnce { input });
    }
    let input = settings.path.path();
    if let Some(what) = same_as(path, &[(input, "input"), (report, "report")]) {
        let path = path.to_owned();
        return Err(RejectsError::IsOther { path, what });
    }
    let failed = |source| RejectsError::Io {
        path: path.to_owned(),
        source,
    };
    if !may_be_replaced(path, settings).map_err(failed)? {
        let path = path.to_owned();
        return Err(RejectsError::Exists { path });
    }
    AtomicFile::check_writable(path).map_err(failed)
}

/// Whether `path` has no file that another program wrote.
fn may_be_replaced(path: &Path, settings: &InputSettings) -> io::Result<bool> {
    let Some(file) = AtomicFile::existing(path)? else {
        return Ok(true);
    };
    // A line that names the delimiter may precede the header too.
    let lines = usize::try_from(settings.skip_lines.saturating_add(2)).unwrap_or(usize::MAX);
    let is_ours = if settings.no_header {
        is_rejected_row
    } else {
        is_rejects_header
    };
    let mut is_empty = true;
    for line in BufReader::new(file.take(1024 * 1024))
        .split(b'\n')
        .take(lines)
    {
        let line = line?;
        let line = line.trim_ascii_end();
        is_empty &= line.is_empty();
        if is_ours(line) {
            return Ok(true);
        }
    }
    Ok(is_empty)
}

fn is_rejects_header(line: &[u8]) -> bool {
    let [category, message] = ERROR_COLUMNS.map(str::as_bytes);
    let before = line
        .strip_suffix(message)
        .and_then(|rest| rest.split_last());
    before.is_some_and(|(_, rest)| rest.ends_with(category))
}

/// Whether the line has a category such as `VALIDATION_ERROR` between two other fields.
fn is_rejected_row(line: &[u8]) -> bool {
    let is_category = |field: &[u8]| {
        let part =
            |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_;".contains(byte);
        field.contains(&b'_') && field.iter().all(part)
    };
    b",;\t|".iter().any(|delimiter| {
        let fields: Vec<_> = line.split(|byte| byte == delimiter).collect();
        fields.len() > 2
            && fields[1..fields.len() - 1]
                .iter()
                .any(|field| is_category(field))
    })
}

/// Writes the rows of `input` that `report` shows as rejected, failed or invalid to `path`; returns the number of
/// lines.
pub fn write(path: &Path, settings: &InputSettings, report: &Path) -> Result<u64, RejectsError> {
    let mut bad = FailedRows::read(report)?;
    // A pilot sends only the first rows; the report contains only these.
    let mut input = Input::open(&InputSettings {
        first: None,
        ..settings.clone()
    })?;
    let failed = |source| RejectsError::Io {
        path: path.to_owned(),
        source,
    };
    // Only users who may read the input may read its rows.
    let source = fs::metadata(settings.path.path()).map_err(failed)?;
    let file = AtomicFile::create_no_more_readable_than(path, &source).map_err(failed)?;
    let mut rejects = Rejects::new(file, &input, settings.comment);
    let lines = copy(&mut rejects, &mut input, &mut bad, report).map_err(|error| match error {
        RejectsError::Io { source, .. } => failed(source),
        error => error,
    })?;
    rejects.writer.finish().map_err(failed)?;
    Ok(lines)
}

fn copy(
    rejects: &mut Rejects<impl Write>,
    input: &mut Input,
    bad: &mut FailedRows,
    report: &Path,
) -> Result<u64, RejectsError> {
    let written = |source| RejectsError::Io {
        path: PathBuf::new(),
        source,
    };
    let unreadable = |source: ReadBackError| {
        RejectsError::Report(ReportError::ReadBack {
            path: report.to_owned(),
            source,
        })
    };
    rejects.add_header(input).map_err(written)?;
    let mut lines = 0;
    let mut row = CheckedRow::default();
    while !bad.are_all_visited() && input.read(&mut row)? {
        let name = input.name();
        let changed = |mismatch| changed(name, mismatch);
        bad.advance_to(row.key).map_err(changed)?;
        if let Some(why) = bad.why(&RowIdentity::of(&row)).map_err(unreadable)? {
            rejects.add(input, &row.content, &why).map_err(written)?;
            lines += 1;
        }
    }
    bad.end()
        .map_err(|mismatch| changed(input.name(), mismatch))?;
    Ok(lines)
}

fn changed(input: &str, Mismatch { row, key, .. }: Mismatch) -> InputError {
    InputError::Changed {
        input: input.to_owned(),
        row,
        line: key.map(|key| key.line),
        how: match key {
            Some(_) => "the input has another pair there".to_owned(),
            None => "the input ends before it".to_owned(),
        },
    }
}

/// The rejects file while it is written.
struct Rejects<W> {
    writer: W,
    delimiter: u8,
    /// Whether the last two columns of the input are error columns already.
    replaces: bool,
    ids: [usize; 2],
    /// The number of fields of a row of the input.
    width: usize,
    comment: Option<Comment>,
}

impl<W: Write> Rejects<W> {
    fn new(writer: W, input: &Input, comment: Option<Comment>) -> Self {
        let headers = input.headers();
        let columns = input.columns();
        Self {
            writer,
            delimiter: input.delimiter().as_byte(),
            replaces: has_error_columns(headers),
            ids: [columns.from_id.index, columns.to_id.index],
            width: headers.len(),
            comment,
        }
    }

    /// The encoding, the delimiter and the lines above the header stay those of the input, so that the same flags
    /// read the file.
    fn add_header(&mut self, input: &Input) -> io::Result<()> {
        if input.encoding() != TextEncoding::UTF_8 {
            self.writer.write_all(BYTE_ORDER_MARK.as_bytes())?;
        }
        self.writer.write_all(&with_line_feeds(input.head()))?;
        match input.raw_header() {
            Some(fields) => self.add_line(owned(fields), ERROR_COLUMNS),
            None => Ok(()),
        }
    }

    fn add(&mut self, input: &Input, content: &RowContent, why: &FailureReason) -> io::Result<()> {
        let record = input.record();
        let mut fields = owned(input.raw_row());
        if !content.has_wrong_field_count() {
            // Missing or extra empty cells at the end would shift the added columns.
            fields.resize(self.width, Vec::new());
        }
        let values = content.ids().into_iter().flatten();
        for (index, value) in self.ids.into_iter().zip(values) {
            // One of several ids replaces the list. A cell with text after its closing quote must stay as it is.
            if !record.is_misquoted(index) && !record.has_value(index, value) {
                fields[index] = self.quoted(&[value]);
            }
        }
        self.add_line(fields, [&why.categories, &why.message])
    }

    fn add_line(&mut self, mut fields: Vec<Vec<u8>>, added: [&str; 2]) -> io::Result<()> {
        if self.replaces {
            // A row with too many or too few fields keeps that number of fields.
            fields.truncate(fields.len().saturating_sub(ERROR_COLUMNS.len()).max(1));
        }
        let comment = self.comment.map(Comment::as_byte);
        if comment.is_some_and(|comment| fields[0].first() == Some(&comment)) {
            // One of several ids that now begins its line; a value that needs quotes for another reason has them.
            fields[0] = [b"\"", &fields[0][..], b"\""].concat();
        }
        fields.push(self.quoted(&added));
        self.writer.write_all(&fields.join(&self.delimiter))?;
        self.writer.write_all(b"\n")
    }

    /// Fields formatted as CSV.
    fn quoted(&self, fields: &[&str]) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .from_writer(Vec::new());
        let written = writer.write_record(fields);
        written.expect("writes to memory do not fail");
        let mut bytes = writer.into_inner().expect("writes to memory do not fail");
        bytes.pop();
        bytes
    }
}

/// The lines with LF line breaks, whatever line breaks they had.
fn with_line_feeds(lines: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(lines.len());
    let mut before = 0;
    for &byte in lines {
        match byte {
            b'\n' if before == b'\r' => {}
            b'\r' => text.push(b'\n'),
            byte => text.push(byte),
        }
        before = byte;
    }
    text
}

fn owned(fields: Vec<&[u8]>) -> Vec<Vec<u8>> {
    fields.into_iter().map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::record;
    use crate::domain::keyed_pair::{KeyedPair, RecordName};
    use crate::domain::pair::ObjectType;
    use crate::input::fixtures::{HEADER, next_row, open};

    #[test]
    fn the_cell_of_a_key_is_copied_unless_it_holds_further_keys() {
        for (cell, key, copied) in [
            ("Ann@Example.com", "Ann@Example.com", "Ann@Example.com"),
            (" \"a@b.c\"", "\"a@b.c\"", " \"a@b.c\""),
            ("\" a,\"\"b\"\" \"", "a,\"b\"", "\" a,\"\"b\"\" \""),
            ("a@b.c;D@e.f", "D@e.f", "D@e.f"),
            ("\"a;b,c\"", "b,c", "\"b,c\""),
        ] {
            let mut input =
                open(format!("{HEADER},note\ncontacts,{cell},deals,9,\"x\"\n")).unwrap();
            next_row(&mut input).unwrap().unwrap();
            let content = RowContent::Keyed(Box::new(KeyedPair {
                from: RecordName::Key {
                    object_type: ObjectType::new("contacts").unwrap(),
                    cell: key.into(),
                },
                to: RecordName::Id(record("deals 9")),
            }));
            let mut rejects = Rejects::new(Vec::new(), &input, None);
            let why = FailureReason {
                categories: "NONE".to_owned(),
                message: "none".to_owned(),
            };
            rejects.add(&input, &content, &why).unwrap();
            let written = String::from_utf8(rejects.writer).unwrap();
            let expected = format!("contacts,{copied},deals,9,\"x\",NONE,none\n");
            assert_eq!(written, expected);
        }
    }
}
