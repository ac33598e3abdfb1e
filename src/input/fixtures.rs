//! Inputs from memory for tests, and their rows as text.

use std::io::{Cursor, Read};

use crate::domain::keyed_pair::RecordName;
use crate::domain::pair::Pair;
use crate::input::csv_input::Input;
use crate::input::error::InputError;
use crate::input::row::{CheckedRow, InvalidRow, RowContent};
use crate::input::settings::InputSettings;

/// The header of a file with the four columns.
pub(crate) const HEADER: &str = "from_object_type,from_object_id,to_object_type,to_object_id";

/// Opens a file with these bytes.
pub(crate) fn open(bytes: impl AsRef<[u8]>) -> Result<Input, InputError> {
    let source = Cursor::new(bytes.as_ref().to_vec());
    open_with(source, &InputSettings::default())
}

/// Opens a source with these settings. Messages call it `pairs.csv`.
pub(crate) fn open_with(
    source: impl Read + Send + 'static,
    settings: &InputSettings,
) -> Result<Input, InputError> {
    Input::new("pairs.csv".to_owned(), Box::new(source), None, settings)
}

/// The next row, or `None` at the end.
pub(crate) fn next_row(input: &mut Input) -> Result<Option<CheckedRow>, InputError> {
    let mut row = CheckedRow::default();
    Ok(input.read(&mut row)?.then_some(row))
}

/// The rows from here to the end.
pub(crate) fn rows(input: &mut Input) -> Result<Vec<CheckedRow>, InputError> {
    let mut rows = Vec::new();
    while let Some(row) = next_row(input)? {
        rows.push(row);
    }
    Ok(rows)
}

/// Each row as `row/line: content`.
pub(crate) fn shown(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let mut input = open(bytes).unwrap();
    rows(&mut input)
        .unwrap()
        .into_iter()
        .map(shown_row)
        .collect()
}

/// A row as `row/line: content`.
pub(crate) fn shown_row(row: CheckedRow) -> String {
    let place = format!("{}/{}", row.key.row, row.key.line);
    match row.content {
        RowContent::Pair(pair) | RowContent::LabelsOf(pair) => format!("{place}: {pair}"),
        RowContent::Keyed(pair) => {
            let name = |name: &RecordName| match name {
                RecordName::Id(record) => format!("{} {}", record.object_type, record.id),
                RecordName::Key { object_type, cell } => format!("{object_type} `{cell}`"),
            };
            format!("{place}: {} -> {}", name(&pair.from), name(&pair.to))
        }
        RowContent::Invalid(invalid) => format!("{place}: {invalid}"),
        RowContent::Skipped(_) => format!("{place}: skipped"),
    }
}

/// Each row of a file that is read with these settings, as [`shown`].
pub(crate) fn shown_with(settings: &InputSettings, text: &str) -> Vec<String> {
    let slow = OneByOne(Cursor::new(text.as_bytes().to_vec()));
    let fast = Cursor::new(text.as_bytes().to_vec());
    let read = |input: Result<Input, InputError>| -> Vec<String> {
        let rows = rows(&mut input.unwrap()).unwrap();
        rows.into_iter().map(shown_row).collect()
    };
    let shown = read(open_with(fast, settings));
    assert_eq!(shown, read(open_with(slow, settings)));
    shown
}

/// The message and the hint of a file that cannot be read with these settings.
pub(crate) fn message_with(settings: &InputSettings, text: &str) -> [String; 2] {
    let source = Cursor::new(text.as_bytes().to_vec());
    let error = open_with(source, settings).err().unwrap();
    [error.to_string(), error.hint().unwrap_or_default()]
}

/// The pair of a valid row.
pub(crate) fn pair(row: CheckedRow) -> Pair {
    match row.content {
        RowContent::Pair(pair) => pair,
        other => panic!("{other:?}"),
    }
}

/// The problems of an invalid row.
pub(crate) fn invalid(row: CheckedRow) -> InvalidRow {
    match row.content {
        RowContent::Invalid(invalid) => invalid,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Rows that do not compress to nothing.
pub(crate) fn many_rows(count: u64) -> String {
    let row = |id| format!("contacts,{id},companies,{}\n", id * 7919 % 100_003 + 1);
    let rows: Vec<String> = (1..=count).map(row).collect();
    format!("{HEADER}\n{}", rows.concat())
}

/// A pipe that returns one byte at a time.
pub(crate) struct OneByOne(pub(crate) Cursor<Vec<u8>>);

impl Read for OneByOne {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(1);
        self.0.read(&mut buffer[..count])
    }
}
