//! The first record of a file → its columns, or the reason why there are none.

use std::borrow::Cow;

use crate::input::columns::find_header::{FoundHeader, find_header};
use crate::input::columns::headerless;
use crate::input::columns::keys_for_ids::keys_for_ids;
use crate::input::columns::resolve::Columns;
use crate::input::csv::delimiter::{Delimiter, sniff};
use crate::input::csv::layout::Layout;
use crate::input::csv::reader::RecordReader;
use crate::input::csv::record::Record;
use crate::input::decode::encoding::TextEncoding;
use crate::input::error::InputError;
use crate::input::settings::InputSettings;
use crate::input::validate::key::key_error::KeyError;

/// The length of text that is searched for a header that is not in its place.
const SEARCHED_LENGTH: usize = 16 * 1024;

/// The content of the first record.
pub(crate) struct Header {
    /// The line on which it starts.
    pub(crate) line: u64,
    /// Its fields; without a header the columns' numbers.
    pub(crate) names: Vec<String>,
    /// The header verbatim; empty if the first record is a row.
    pub(crate) raw: Vec<u8>,
    pub(crate) columns: Columns,
}

/// Opens a reader with the lines and fields that `settings` define.
pub(crate) fn open_reader(
    source: Box<dyn std::io::Read + Send>,
    settings: &InputSettings,
) -> Result<RecordReader, crate::input::csv::record::RecordError> {
    let has_columns = |fields: &[String]| has_columns(fields, settings);
    let layout = Layout {
        delimiter: settings.delimiter,
        skip_lines: settings.skip_lines,
        comment: settings.comment,
        has_columns: &has_columns,
    };
    RecordReader::new(source, layout)
}

/// Whether these fields can be the first record: a header with the four columns, or a row with ids.
fn has_columns(fields: &[String], settings: &InputSettings) -> bool {
    let columns = &settings.columns;
    if settings.no_header {
        let names = headerless::headers(fields.len());
        let Ok(found) = Columns::resolve(&names, columns, settings.properties()) else {
            return false;
        };
        let ids = [&found.from_id, &found.to_id]
            .into_iter()
            .zip(found.are_keys());
        return ids
            .into_iter()
            .all(|(column, is_key)| headerless::looks_like_values(&fields[column.index], is_key));
    }
    Columns::resolve(fields, columns, settings.properties())
        .is_ok_and(|found| headerless::ids_in_header(fields, &found, columns).is_empty())
}

/// Reads the first record. With `is_file`, reading further does not block.
pub(crate) fn read_header(
    reader: &mut RecordReader,
    settings: &InputSettings,
    input: &str,
    is_file: bool,
) -> Result<Header, InputError> {
    let failed = |error| InputError::of_record(input, error, |number| format!("column {number}"));
    // A blank row shows nothing about the columns; a blank header does.
    let is_there = if settings.no_header {
        reader.advance_to_row().map_err(failed)?
    } else {
        reader.read().map_err(failed)?.is_some()
    };
    if !is_there {
        return Err(nothing(settings, input));
    }
    let record = reader.last();
    let line = record.line();
    refuse_nul_bytes(record, input)?;
    let fields: Vec<String> = record
        .fields()
        .map(|field| String::from_utf8_lossy(field).into_owned())
        .collect();
    let raw = record.raw().to_vec();
    if settings.no_header {
        let header = without_header(line, fields.len(), settings, input)?;
        if is_file {
            refuse_keys(reader, Some((&raw, line)), &header.columns, input)?;
        }
        return Ok(header);
    }
    let columns = match Columns::resolve(&fields, &settings.columns, settings.properties()) {
        Ok(columns) => columns,
        Err(problem) => {
            let hint = match search(reader, &raw, line, settings, is_file) {
                Some(found) => found.hint(line, settings.delimiter.is_some()),
                None => with_delimiter(problem.hint(input), &raw, reader.delimiter()),
            };
            return Err(InputError::Columns {
                input: input.to_owned(),
                line,
                problem: Box::new(problem),
                hint,
            });
        }
    };
    refuse_ids(&fields, &columns, settings, input, line)?;
    if is_file {
        refuse_keys(reader, None, &columns, input)?;
    }
    Ok(Header {
        line,
        names: fields,
        raw,
        columns,
    })
}

fn refuse_nul_bytes(record: Record<'_>, input: &str) -> Result<(), InputError> {
    match record.fields().find(|field| field.contains(&0)) {
        None => Ok(()),
        Some(field) => Err(InputError::NulInHeader {
            input: input.to_owned(),
            line: record.line(),
            encoding: TextEncoding::of_nul_bytes(field),
        }),
    }
}

fn refuse_ids(
    fields: &[String],
    columns: &Columns,
    settings: &InputSettings,
    input: &str,
    line: u64,
) -> Result<(), InputError> {
    let ids = headerless::ids_in_header(fields, columns, &settings.columns);
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Err(InputError::IdsInHeader {
        input: input.to_owned(),
        line,
        ids: ids.join(" and "),
    })
}

/// Refuses a file whose id columns hold emails or domains. Only the text in memory is looked at. `first` is
/// a row that was read already, with its line.
fn refuse_keys(
    reader: &mut RecordReader,
    first: Option<(&[u8], u64)>,
    columns: &Columns,
    input: &str,
) -> Result<(), InputError> {
    if columns.are_keys() != [false, false] {
        return Ok(());
    }
    let delimiter = reader.delimiter();
    let failed = |error| InputError::of_record(input, error, |number| format!("column {number}"));
    let (text, next_line) = reader.peek(SEARCHED_LENGTH, false).map_err(failed)?;
    let (rows, line) = match first {
        Some((row, line)) => (Cow::Owned([row, b"\n", text].concat()), line),
        None => (Cow::Borrowed(text), next_line),
    };
    match keys_for_ids(&rows, columns, delimiter) {
        None => Ok(()),
        Some(keys) => Err(InputError::Keys {
            input: input.to_owned(),
            line: Some(line),
            problem: Box::new(KeyError::KeysForIds(keys)),
        }),
    }
}

fn nothing(settings: &InputSettings, input: &str) -> InputError {
    let input = input.to_owned();
    match settings.skip_lines {
        0 if settings.no_header => InputError::NoRows { input },
        0 => InputError::NoHeader { input },
        lines => InputError::AllSkipped { input, lines },
    }
}

fn without_header(
    line: u64,
    count: usize,
    settings: &InputSettings,
    input: &str,
) -> Result<Header, InputError> {
    let input = input.to_owned();
    headerless::check(&settings.columns, count).map_err(|problem| InputError::NoHeaderColumns {
        input: input.clone(),
        problem,
    })?;
    let names = headerless::headers(count);
    let columns =
        Columns::resolve(&names, &settings.columns, settings.properties()).map_err(|problem| {
            InputError::Columns {
                hint: problem.hint(&input),
                input,
                line,
                problem: Box::new(problem),
            }
        })?;
    Ok(Header {
        line,
        names,
        raw: Vec::new(),
        columns,
    })
}

/// If other delimiters occur in the header, the one in use may be wrong.
fn with_delimiter(hint: String, raw: &[u8], in_use: Delimiter) -> String {
    let others = sniff(raw).others(in_use);
    if others.is_empty() || hint.contains("--delimiter") {
        return hint;
    }
    let others: Vec<String> = others.iter().map(|other| format!("`{other}`")).collect();
    format!(
        "{hint}; the header has {} too: if that separates its fields, name it with `--delimiter`",
        others.join(" and ")
    )
}

/// Searches for the header in the skipped lines, then after the first record.
fn search(
    reader: &mut RecordReader,
    raw: &[u8],
    line: u64,
    settings: &InputSettings,
    is_file: bool,
) -> Option<FoundHeader> {
    let delimiter = reader.delimiter();
    let has_columns = |fields: &[String]| has_columns(fields, settings);
    find_header((reader.head(), 1), b"", delimiter, &has_columns)
        .or_else(|| find_header((raw, line), b"", delimiter, &has_columns))
        .or_else(|| {
            // A failed search makes the hint less specific, but is not a second error.
            let peek = reader.peek(SEARCHED_LENGTH, is_file).ok()?;
            find_header(peek, raw, delimiter, &has_columns)
        })
}
