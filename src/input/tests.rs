//! Tests of the input through its public interface: whole messages, whole files, and properties of any bytes.

use std::error::Error;
use std::io::{Cursor, Read};

use proptest::prelude::*;

use crate::domain::pair::{ObjectType, Pair};
use crate::input::columns::settings::ColumnSettings;
use crate::input::csv::quoted_rows::QuotedRows;
use crate::input::csv::record;
use crate::input::csv_input::Input;
use crate::input::decode::source::InputSource;
use crate::input::error::InputError;
use crate::input::row::{CheckedRow, InvalidRow, RawValues, RowContent, SkippedRow};
use crate::input::settings::InputSettings;
use crate::input::validate::problem::RowProblem;

const HEADER: &str = "from_object_type,from_object_id,to_object_type,to_object_id";

fn open(bytes: impl AsRef<[u8]>) -> Result<Input, InputError> {
    let source = Cursor::new(bytes.as_ref().to_vec());
    Input::from_reader("pairs.csv", source, None, &ColumnSettings::default())
}

fn rows(input: &mut Input) -> Result<Vec<CheckedRow>, InputError> {
    let mut rows = Vec::new();
    while let Some(row) = input.next_row()? {
        rows.push(row);
    }
    Ok(rows)
}

/// Each row as `row/line: content`.
fn shown(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let mut input = open(bytes).unwrap();
    rows(&mut input)
        .unwrap()
        .into_iter()
        .map(shown_row)
        .collect()
}

fn shown_row(row: CheckedRow) -> String {
    let place = format!("{}/{}", row.key.row, row.key.line);
    match row.content {
        RowContent::Pair(pair) => format!("{place}: {pair}"),
        RowContent::Invalid(invalid) => format!("{place}: {invalid}"),
        RowContent::Skipped(_) => format!("{place}: skipped"),
    }
}

fn pair(row: CheckedRow) -> Pair {
    match row.content {
        RowContent::Pair(pair) => pair,
        other => panic!("{other:?}"),
    }
}

fn invalid(row: CheckedRow) -> InvalidRow {
    match row.content {
        RowContent::Invalid(invalid) => invalid,
        other => panic!("{other:?}"),
    }
}

/// The message of the one row below the header.
fn row_message(row: impl AsRef<[u8]>) -> String {
    let mut input = open([HEADER.as_bytes(), b"\n", row.as_ref()].concat()).unwrap();
    let row = input.next_row().unwrap().unwrap();
    assert!(input.next_row().unwrap().is_none());
    invalid(row).to_string()
}

fn input_message(bytes: impl AsRef<[u8]>) -> [String; 2] {
    let error = match open(bytes) {
        Ok(mut input) => rows(&mut input).unwrap_err(),
        Err(error) => error,
    };
    [error.to_string(), error.hint().unwrap_or_default()]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

/// Rows that do not compress to nothing.
fn many_rows(count: u64) -> String {
    let row = |id| format!("contacts,{id},companies,{}\n", id * 7919 % 100_003 + 1);
    let rows: Vec<String> = (1..=count).map(row).collect();
    format!("{HEADER}\n{}", rows.concat())
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// A pipe that returns one byte at a time.
struct OneByOne(Cursor<Vec<u8>>);

impl Read for OneByOne {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(1);
        self.0.read(&mut buffer[..count])
    }
}

#[test]
fn an_input_can_be_sent_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Input>();
    is_send::<InputError>();
}

#[test]
fn rows_are_read_with_their_numbers_and_lines() {
    let expected = [
        "1/2: contacts 1 -> companies 2",
        "2/4: 0-1 0031 -> p_vendor 99999999999999999999",
        "3/5: contacts 3 -> companies 4",
    ];
    let text = format!(
        "{HEADER}\ncontacts,1,companies,2\n\n \"0-1\",0031,p_vendor,99999999999999999999\n\
         contacts , 3 ,\u{a0}companies,\"4\t\""
    );
    let text = text.replace(" \"0-1\"", "\"0-1\"");
    for ending in ["\n", "\r\n", "\r"] {
        assert_eq!(shown(text.replace('\n', ending)), expected, "{ending:?}");
    }
    assert_eq!(shown(format!("\u{feff}{text}")), expected);
    assert_eq!(shown(format!("\u{feff}\u{feff}{text}")), expected);
    for delimiter in [";", "\t", "|"] {
        let text = text.replace("4\t", "4").replace(',', delimiter);
        assert_eq!(shown(text), expected, "{delimiter:?}");
    }
}

#[test]
fn utf_16_is_read_by_its_byte_order_mark() {
    let text = format!("\u{feff}{HEADER},name\r\ncontacts,1,companies,2,Zoë 漢\r\n");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        assert_eq!(shown(bytes), ["1/2: contacts 1 -> companies 2"]);
    }
}

/// Each row of a file in this encoding, as [`shown`].
fn shown_in(encoding: &str, bytes: impl AsRef<[u8]>) -> Vec<String> {
    let settings = InputSettings {
        encoding: Some(encoding.parse().unwrap()),
        ..InputSettings::default()
    };
    let source = Cursor::new(bytes.as_ref().to_vec());
    let mut input = Input::from_source(source, &settings).unwrap();
    rows(&mut input)
        .unwrap()
        .into_iter()
        .map(shown_row)
        .collect()
}

#[test]
fn other_encodings_are_read_by_their_names() {
    let text = format!("{HEADER},n\u{e9}e\r\ncontacts,1,companies,2,Zo\u{eb}\r\n");
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode(&text);
    for (encoding, bytes) in [
        ("windows-1252", latin.clone()),
        ("latin1", latin),
        ("utf-16be", utf_16),
        ("shift_jis", shift_jis.into_owned()),
        ("utf-8", text.clone().into_bytes()),
    ] {
        let expected = ["1/2: contacts 1 -> companies 2"];
        assert_eq!(shown_in(encoding, &bytes), expected, "{encoding}");
        assert_eq!(
            shown_in(encoding, format!("\u{feff}{text}")),
            expected,
            "the byte order mark takes precedence"
        );
    }
}

#[test]
fn a_wrong_encoding_makes_a_row_invalid_and_never_another_id() {
    let rows =
        b"contacts,1\x81,companies,2,x\ncontacts,3,companies,4,\x81\ncontacts,5,companies,6,\xe9\n";
    let text = [HEADER.as_bytes(), b",note\n", rows].concat();
    let damaged = |encoding: &str| {
        format!(
            "1/2: `from_object_id` (column 2): `1\u{fffd}` has bytes that are not valid {encoding}"
        )
    };
    let expected = [
        damaged("Shift_JIS"),
        "2/3: contacts 3 -> companies 4".to_owned(),
        "3/4: contacts 5 -> companies 6".to_owned(),
    ];
    assert_eq!(shown_in("shift_jis", &text), expected);
    for encoding in ["gb18030", "gbk", "big5", "euc-kr", "euc-jp"] {
        let shown = shown_in(encoding, &text);
        assert_eq!(shown[1..], expected[1..], "{encoding}");
        assert!(shown[0].contains("has "), "{}", shown[0]);
    }
    // Half of a character at the end, and a type.
    let odd = [
        &HEADER
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()[..],
        b"\n\0c\0",
    ]
    .concat();
    assert_eq!(
        shown_in("utf-16le", &odd),
        ["1/2: expected 4 fields, found 1"]
    );
    let text = format!("{HEADER}\ncont\u{81},1,b,2\n").replace('\u{81}', "!");
    let text: Vec<u8> = text
        .bytes()
        .map(|byte| if byte == b'!' { 0x81 } else { byte })
        .collect();
    assert_eq!(
        shown_in("shift_jis", &text),
        [
            "1/2: `from_object_type` (column 1): `cont\u{fffd}` has bytes that are not valid Shift_JIS"
        ]
    );
}

#[test]
fn compressed_files_are_decompressed_with_any_content() {
    let text = format!("\u{feff}{HEADER}\ncontacts,1,companies,2\ncontacts,3,companies,4");
    let (head, tail) = text.as_bytes().split_at(70);
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let expected = [
        "1/2: contacts 1 -> companies 2",
        "2/3: contacts 3 -> companies 4",
    ];
    for bytes in [
        gzip(text.as_bytes()),
        zstd(text.as_bytes()),
        [gzip(head), gzip(tail)].concat(),
        [zstd(head), zstd(tail)].concat(),
        gzip(&utf_16),
        zstd(&utf_16),
    ] {
        assert_eq!(shown(&bytes), expected);
        let slow = OneByOne(Cursor::new(bytes));
        let settings = ColumnSettings::default();
        let mut input = Input::from_reader("pairs.csv", slow, None, &settings).unwrap();
        assert_eq!(rows(&mut input).unwrap().len(), 2);
    }
}

#[test]
fn rows_before_damaged_compressed_data_are_read_and_the_error_has_its_position() {
    let text = many_rows(5000);
    for (whole, kind) in [
        (gzip(text.as_bytes()), "gzip"),
        (zstd(text.as_bytes()), "zstd"),
    ] {
        let cut = whole.len() - 20;
        let mut input = open(&whole[..cut]).unwrap();
        let mut count = 0;
        let error = loop {
            match input.next_row() {
                Ok(Some(_)) => count += 1,
                Ok(None) => panic!("the cut is not detected"),
                Err(error) => break error,
            }
        };
        let line = count + 2;
        assert_eq!(
            error.to_string(),
            format!("`pairs.csv` line {line}: cannot read any further")
        );
        let cause = error.source().unwrap().to_string();
        assert_eq!(
            cause,
            format!("the {kind} data is cut off at byte {cut} of the compressed file")
        );
        assert!(!input.progress().is_finished());
        if kind == "gzip" {
            assert!(count > 4900, "{count}");
        }
    }
}

#[test]
fn the_rows_of_a_compressed_file_are_estimated_by_its_compressed_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let text = many_rows(40_000);
    for (kind, bytes) in [
        ("gz", gzip(text.as_bytes())),
        ("zst", zstd(text.as_bytes())),
    ] {
        let path = folder.path().join(kind);
        std::fs::write(&path, &bytes).unwrap();
        let mut input = Input::open(&InputSettings {
            path: path.into(),
            ..InputSettings::default()
        })
        .unwrap();
        for _ in 0..20_000 {
            input.next_row().unwrap().unwrap();
        }
        let estimated = input.progress().estimated_rows().unwrap();
        assert!((36_000..44_000).contains(&estimated), "{kind}: {estimated}");
        assert_eq!(rows(&mut input).unwrap().len(), 20_000);
        assert_eq!(input.progress().consumed(), bytes.len() as u64, "{kind}");
    }
}

#[test]
fn a_line_that_names_the_delimiter_is_not_the_header() {
    for text in [
        format!(
            "sep=;\r\n{}\r\ncontacts;1;companies;2\r\n",
            HEADER.replace(',', ";")
        ),
        format!("\u{feff}sep=,\n{HEADER}\ncontacts,1,companies,2"),
    ] {
        assert_eq!(shown(&text), ["1/3: contacts 1 -> companies 2"], "{text:?}");
    }
}

#[test]
fn byte_order_marks_nuls_and_line_ends_in_odd_places_affect_only_their_row() {
    for (text, expected) in [
        // Two concatenated files, each with a mark and a header.
        (
            format!(
                "\u{feff}{HEADER}\ncontacts,1,companies,2\n\u{feff}{HEADER}\ncontacts,3,companies,4\n"
            ),
            &[
                "1/2: contacts 1 -> companies 2",
                "2/3: `from_object_type` (column 1): `\\u{feff}from_object_type` has the invisible character U+FEFF; \
                 `from_object_id` (column 2): `from_object_id` has letters, an id has only digits; \
                 `to_object_id` (column 4): `to_object_id` has letters, an id has only digits",
                "3/4: contacts 3 -> companies 4",
            ][..],
        ),
        (
            format!("{HEADER},x\ncontacts,1\0,companies,2,x\ncontacts,3,companies,4,\0\n"),
            &[
                "1/2: `from_object_id` (column 2): `1\\u{0}` has the invisible character U+0000",
                "2/3: contacts 3 -> companies 4",
            ],
        ),
        (
            format!("{HEADER}\rcontacts,1,companies,2\r\rcontacts,3,companies,4"),
            &[
                "1/2: contacts 1 -> companies 2",
                "2/4: contacts 3 -> companies 4",
            ],
        ),
        (
            format!(
                "\"{}\"\n\"contacts\",\"1\",\"companies\",\"2\"",
                HEADER.replace(',', "\",\"")
            ),
            &["1/2: contacts 1 -> companies 2"],
        ),
        (
            format!(
                "{}{HEADER}\n{}contacts,1,companies,2",
                "h,".repeat(596),
                "v,".repeat(596)
            ),
            &["1/2: contacts 1 -> companies 2"],
        ),
    ] {
        assert_eq!(shown(&text), expected, "{text:?}");
    }
}

#[test]
fn a_header_without_rows_has_zero_rows() {
    for text in [HEADER.to_owned(), format!("\n{HEADER}\r\n\r\n")] {
        assert_eq!(shown(text), [""; 0]);
    }
}

#[test]
fn errors_in_other_columns_affect_no_row() {
    let header = format!("{HEADER},na\u{ef}ve\n");
    let row = b"contacts,1,companies,2,\xff\xfe\0\x1b\n";
    let bytes = [header.as_bytes(), row].concat();
    assert_eq!(shown(bytes), ["1/2: contacts 1 -> companies 2"]);
}

#[test]
fn an_input_that_cannot_be_used_is_an_error_with_its_reason() {
    let header_hint = format!("the first line must name the columns, e.g. `{HEADER}`");
    let quote_hint = "write a quote inside a quoted field as two quotes, as in `\"5\"\" pipe\"`";
    for (bytes, message, hint) in [
        (
            b"".to_vec(),
            "`pairs.csv` is empty: it has no header",
            header_hint.as_str(),
        ),
        (
            b"\xef\xbb\xbf\r\n\n".to_vec(),
            "`pairs.csv` is empty: it has no header",
            &header_hint,
        ),
        (
            b"\x1f\x8b\x08\0\0\0\0".to_vec(),
            "`pairs.csv` line 1: cannot read any further",
            "download or create the file again: the data after this position is lost",
        ),
        (
            gzip(b"PK\x03\x04rest"),
            "`pairs.csv` is an archive with a zip archive or an Excel workbook in it, not a CSV file",
            "unpack it, and pass the CSV file in it",
        ),
        (
            gzip(&gzip(HEADER.as_bytes())),
            "`pairs.csv` is an archive with a gzip file in it, not a CSV file",
            "unpack it, and pass the CSV file in it",
        ),
        (
            b"BZh91AY&SY".to_vec(),
            "`pairs.csv` is a bzip2 file, not a CSV file",
            "run `bzip2 -dc pairs.csv | hubspot-associate import - --report pairs.report.csv`",
        ),
        (
            b"from_type,from_id,to_type,Soci\xe9t\xe9\n".to_vec(),
            "`pairs.csv` line 1: no column for the to id; headers found: `from_type`, `from_id`, \
             `to_type`, `Soci\u{fffd}t\u{fffd}`",
            "the header has bytes that cannot be decoded: name the file's encoding, e.g. \
             `--encoding windows-1252`",
        ),
        (
            b"PK\x03\x04rest".to_vec(),
            "`pairs.csv` is a zip archive or an Excel workbook, not a CSV file",
            "save the sheet as CSV UTF-8, or unpack the archive",
        ),
        (
            HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "`pairs.csv` line 1: the header has NUL bytes, like UTF-16 without a byte order mark",
            "save the file as CSV UTF-8, or name its encoding: `--encoding utf-16le`",
        ),
        (
            HEADER.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            "`pairs.csv` line 1: the header has NUL bytes, like UTF-16 without a byte order mark",
            "save the file as CSV UTF-8, or name its encoding: `--encoding utf-16be`",
        ),
        (
            b"\nfrom_type,from_id,to_type,x\x1b\n".to_vec(),
            "`pairs.csv` line 2: no column for the to id; headers found: `from_type`, `from_id`, \
             `to_type`, `x\\u{1b}`",
            "name the columns with `--to-id-column`: a header, or `#3` for the third column",
        ),
        (
            format!("{HEADER}\ncontacts,1,companies,2\ncontacts,\"3\n,companies,4\n").into_bytes(),
            "`pairs.csv` line 3: a quoted field opens here in `from_object_id` (column 2) and is never \
             closed",
            quote_hint,
        ),
        (
            format!("{HEADER}\na,b,c,d,e,\"{}\"", "x".repeat(5 << 20)).into_bytes(),
            "`pairs.csv` line 2: a quoted field opens here in column 6 and does not end within 4 MiB",
            quote_hint,
        ),
        (
            b"from_id,\"to_id\n1,2\n".to_vec(),
            "`pairs.csv` line 1: a quoted field opens here in column 2 and is never closed",
            quote_hint,
        ),
        (
            format!("{HEADER},note\ncontacts,1,companies,2,\"a\ncontacts,3,companies,4,\"b\"\n")
                .into_bytes(),
            "`pairs.csv` line 2: a quoted field opens here in `note` (column 5) and spans lines, with text after \
             its closing quote",
            quote_hint,
        ),
        (
            b"from_id,\"to_id\n1,2\",\"x\"y\n".to_vec(),
            "`pairs.csv` line 2: a quoted field opens here in column 3 and spans lines, with text after its \
             closing quote",
            quote_hint,
        ),
        (
            format!("{HEADER}\n{}", ",".repeat(65_536)).into_bytes(),
            "`pairs.csv` line 2: a record starts here that has more than 65,536 fields",
            "check that this is a CSV file, and that `--delimiter` is right",
        ),
    ] {
        assert_eq!(input_message(bytes), [message, hint]);
    }
}

#[test]
fn an_invalid_row_names_column_value_and_cause() {
    let id = "`from_object_id` (column 2)";
    let rounded = "a spreadsheet rounded it: re-export the column as text";
    let reformatted = "a spreadsheet reformatted it: re-export the column as text";
    for (value, expected) in [
        (" ", "is blank".to_owned()),
        (
            "5.12E+11",
            format!("`5.12E+11` is in scientific notation, {rounded}"),
        ),
        (
            "\"5,12E+11\"",
            format!("`5,12E+11` is in scientific notation, {rounded}"),
        ),
        (
            "51200.0",
            format!("`51200.0` is a decimal number, {rounded}"),
        ),
        (
            "1.234.567",
            format!("`1.234.567` has thousands separators, {reformatted}"),
        ),
        (
            "\"512,513\"",
            "`512,513` has thousands separators, or is a list where one id was expected, see `--split`".to_owned(),
        ),
        (
            "1;2;3",
            "`1;2;3` is a list where one id was expected, see `--split`".to_owned(),
        ),
        (
            "\"12345\n67890\"",
            "`12345\\n67890` is a list where one id was expected, see `--split`".to_owned(),
        ),
        (
            "'512",
            format!("`'512` begins with an apostrophe, {reformatted}"),
        ),
        ("-5", "`-5` has a sign, an id has only digits".to_owned()),
        ("00", "`00` is zero, no record has that id".to_owned()),
        (
            "123456789012345678901",
            "`123456789012345678901` has 21 digits, an id has at most 20".to_owned(),
        ),
        ("５", "`５` has digits other than 0 to 9".to_owned()),
        ("12a", "`12a` has letters, an id has only digits".to_owned()),
        ("#1", "`#1` has `#`, an id has only digits".to_owned()),
        (
            "5\u{200b}",
            "`5\\u{200b}` has the invisible character U+200B".to_owned(),
        ),
    ] {
        let separator = if expected.starts_with('`') { ": " } else { " " };
        assert_eq!(
            row_message(format!("contacts,{value},companies,2")),
            format!("{id}{separator}{expected}")
        );
    }
    assert_eq!(
        row_message(b"contacts,5\xff,companies,2"),
        format!("{id}: `5\u{fffd}` has bytes that are not valid UTF-8")
    );
    assert_eq!(row_message("contacts,1,2"), "expected 4 fields, found 3");
    assert_eq!(
        row_message("contacts,1,companies,2,,x"),
        "expected 4 fields, found 6"
    );
    assert_eq!(
        row_message("contacts,x,2,companies,5"),
        "expected 4 fields, found 5"
    );
    assert_eq!(
        row_message("deal s,1,,x/y"),
        "`from_object_type` (column 1): `deal s` has a blank inside, a type has letters, digits, \
         `_` and `-`; `to_object_type` (column 3) is blank; `to_object_id` (column 4): `x/y` has \
         letters, an id has only digits"
    );
    assert_eq!(
        row_message(format!("a/b,1,{},2", "t".repeat(200))),
        format!(
            "`from_object_type` (column 1): `a/b` has `/`, a type has letters, digits, `_` and `-`; \
             `to_object_type` (column 3): `{}…` has 200 characters, a type has at most 128",
            "t".repeat(59)
        )
    );
}

#[test]
fn an_invalid_row_keeps_its_four_values() {
    let long = "é".repeat(300);
    let text = format!("x,{HEADER}\n1, contacts ,5\u{1b},{long}\n");
    let mut input = open(text).unwrap();
    let invalid = invalid(input.next_row().unwrap().unwrap());
    assert_eq!(
        invalid.values,
        RawValues {
            from_type: "contacts".to_owned(),
            from_id: "5\u{1b}".to_owned(),
            to_type: "é".repeat(200),
            to_id: String::new(),
        }
    );
    assert_eq!(
        invalid.problems,
        [RowProblem::FieldCount {
            expected: 5,
            found: 4
        }]
    );
}

#[test]
fn rows_of_one_type_share_it() {
    let text = format!("{HEADER}\ncontacts,1,deals,2\n contacts,3,x y,4\ncontacts,5,deals,6\n");
    let mut input = open(text).unwrap();
    let rows = rows(&mut input).unwrap();
    let (first, last) = (pair(rows[0].clone()), pair(rows[2].clone()));
    assert_eq!(
        first.from.object_type.as_str().as_ptr(),
        last.from.object_type.as_str().as_ptr()
    );
    assert_eq!(
        first.to.object_type.as_str().as_ptr(),
        last.to.object_type.as_str().as_ptr()
    );
}

#[test]
fn fixed_types_apply_to_every_row() {
    let settings = ColumnSettings {
        from_type: ObjectType::new("contacts"),
        to_type: ObjectType::new("0-2"),
        ..ColumnSettings::default()
    };
    let source = Cursor::new("from_id:to_id\n1:2\n:4\n");
    let colon = Some(":".parse().unwrap());
    let mut input = Input::from_reader("pairs.csv", source, colon, &settings).unwrap();
    let pair = pair(input.next_row().unwrap().unwrap());
    assert_eq!(pair.to_string(), "contacts 1 -> 0-2 2");
    let invalid = invalid(input.next_row().unwrap().unwrap());
    assert_eq!(invalid.values.to_type, "0-2");
    assert_eq!(invalid.to_string(), "`from_id` (column 1) is blank");
}

#[test]
fn a_path_that_cannot_be_read_is_a_one_line_error() {
    let folder = tempfile::tempdir().unwrap();
    let settings = |path: std::path::PathBuf| InputSettings {
        path: path.into(),
        ..InputSettings::default()
    };
    let missing = folder.path().join("no\nfile.csv");
    let error = Input::open(&settings(missing)).err().unwrap();
    let name = format!("{}/no\\nfile.csv", folder.path().display());
    assert_eq!(error.to_string(), format!("`{name}` does not exist"));
    let error = Input::open(&settings(folder.path().to_owned()))
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` is a directory, not a CSV file",
            folder.path().display()
        )
    );
}

#[test]
fn a_file_without_read_permission_is_an_error_with_its_cause() {
    let error = InputError::Denied {
        input: "pairs.csv".to_owned(),
        source: std::io::ErrorKind::PermissionDenied.into(),
    };
    assert_eq!(error.to_string(), "no permission to read `pairs.csv`");
    assert_eq!(error.source().unwrap().to_string(), "permission denied");
    assert_eq!(error.hint(), None);
}

#[test]
fn a_dash_is_standard_input_and_other_streams_are_treated_alike() {
    for (path, name) in [("-", "standard input"), ("./-", "./-"), ("a\tb", "a\\tb")] {
        let source = InputSource::from(std::path::PathBuf::from(path));
        assert_eq!(source.name(), name);
    }
    assert_eq!(
        InputSource::from(std::path::PathBuf::from("-")),
        InputSource::Stdin
    );
    for path in ["/dev/stdin", "/dev/fd/63", "/dev/null", "/proc/self/fd/0"] {
        let source = InputSource::from(std::path::PathBuf::from(path));
        assert_eq!(source, InputSource::Stream(path.into()));
        let name = format!("`{path}`, which is not a regular file,");
        assert_eq!(source.stream_name(), Some(name));
    }
}

#[test]
fn a_failing_source_is_an_error_with_its_line_and_cause() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let source = Cursor::new(format!("{HEADER}\ncontacts,1,companies,2\n")).chain(Broken);
    let settings = ColumnSettings::default();
    let mut input = Input::from_reader("pairs.csv", source, None, &settings).unwrap();
    assert!(input.next_row().unwrap().is_some());
    let error = input.next_row().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`pairs.csv` line 3: cannot read any further"
    );
    assert_eq!(error.source().unwrap().to_string(), "the disk is gone");
    assert!(
        input.next_row().unwrap().is_none(),
        "no row follows an error"
    );
    assert!(
        !input.progress().is_finished(),
        "an input with an error is not finished"
    );
}

#[test]
fn progress_covers_only_rows_already_returned() {
    let folder = tempfile::tempdir().unwrap();
    let row = "contacts,1,companies,2\n";
    let text = format!("\u{feff}{HEADER}\n{}", row.repeat(10));
    for (kind, bytes) in [
        ("utf-8", text.clone().into_bytes()),
        (
            "utf-16",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
    ] {
        let path = folder.path().join(kind);
        std::fs::write(&path, &bytes).unwrap();
        let mut input = Input::open(&InputSettings {
            path: path.into(),
            ..InputSettings::default()
        })
        .unwrap();
        let progress = input.progress();
        assert_eq!((progress.rows(), progress.estimated_rows()), (0, None));
        for _ in 0..4 {
            input.next_row().unwrap().unwrap();
        }
        assert_eq!(progress.rows(), 4);
        assert_eq!(progress.estimated_rows(), Some(10), "{kind}");
        assert_eq!(rows(&mut input).unwrap().len(), 6);
        assert!(progress.is_finished());
        assert_eq!(progress.consumed(), bytes.len() as u64, "{kind}");
        assert_eq!(progress.estimated_rows(), Some(10));
    }
}

/// Each row of a file that is read with these settings, as [`shown`].
fn shown_with(settings: &InputSettings, text: &str) -> Vec<String> {
    let slow = OneByOne(Cursor::new(text.as_bytes().to_vec()));
    let fast = Cursor::new(text.as_bytes().to_vec());
    let read = |input: Result<Input, InputError>| -> Vec<String> {
        let rows = rows(&mut input.unwrap()).unwrap();
        rows.into_iter().map(shown_row).collect()
    };
    let shown = read(Input::from_source(fast, settings));
    assert_eq!(shown, read(Input::from_source(slow, settings)));
    shown
}

#[test]
fn rows_with_too_few_or_too_many_empty_cells_at_their_end_are_read() {
    let text = format!(
        "{HEADER},note,more\ncontacts,1,companies,2\ncontacts,3,companies,4,x\ncontacts,5,companies,6,x,y,, \"\"\n\
         contacts,7,companies,8,,,,x\ncontacts,9,companies\ncontacts,5x,companies,6,\n"
    );
    let text = text.replace(", \"\"", ",\"\", ");
    assert_eq!(
        shown(text),
        [
            "1/2: contacts 1 -> companies 2",
            "2/3: contacts 3 -> companies 4",
            "3/4: contacts 5 -> companies 6",
            "4/5: expected 6 fields, found 8",
            "5/6: expected 6 fields, found 3",
            "6/7: `from_object_id` (column 2): `5x` has letters, an id has only digits",
        ]
    );
    // No cell before the four values may be left out.
    assert_eq!(
        shown(format!("note,{HEADER}\ncontacts,1,companies,2\n")),
        ["1/2: expected 5 fields, found 4"]
    );
}

#[test]
fn a_row_of_a_rejects_file_has_as_many_fields_too_many_or_too_few_as_before() {
    let header = format!("{HEADER},note,error_category,error_message");
    for (row, expected) in [
        ("contacts,1,companies,2,,X,y", "contacts 1 -> companies 2"),
        ("contacts,1,companies,2,X,y", "contacts 1 -> companies 2"),
        ("contacts,1,companies,X,y", "expected 7 fields, found 5"),
        ("contacts,1,companies,2,,,X,y", "contacts 1 -> companies 2"),
        (
            "contacts,1,companies,2,,z,X,y",
            "expected 7 fields, found 8",
        ),
        ("x", "expected 7 fields, found 1"),
    ] {
        assert_eq!(
            shown(format!("{header}\n{row}\n")),
            [format!("1/2: {expected}")]
        );
    }
}

#[test]
fn rows_of_delimiters_and_blanks_are_not_counted() {
    let text = format!(
        "{HEADER}\n,,,\ncontacts,1,companies,2\n , ,\t,\u{a0}\n\"\",\"\"\n,,,,,,,,\n\ncontacts,3,companies,4\n  \n,,x,\n"
    );
    let expected = [
        "1/3: contacts 1 -> companies 2",
        "2/8: contacts 3 -> companies 4",
        "3/10: `from_object_type` (column 1) is blank; `from_object_id` (column 2) is blank; `to_object_id` (column 4) \
         is blank",
    ];
    assert_eq!(shown(&text), expected);
    let text = text.replace(',', ";").replace('\n', "\r\n");
    assert_eq!(shown(&text), expected);
    assert_eq!(split(",,\n1,2,x\n;,;,\n", None)[0], "1: 1 -> 2");
}

fn numbered() -> InputSettings {
    InputSettings {
        no_header: true,
        columns: ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: ObjectType::new("companies"),
            from_id_column: "#1".parse().ok(),
            to_id_column: "#2".parse().ok(),
            ..ColumnSettings::default()
        },
        ..InputSettings::default()
    }
}

#[test]
fn without_a_header_the_first_line_is_the_first_row() {
    for (text, expected) in [
        (
            "101,201\n102,202,\n\n103\n",
            &[
                "1/1: contacts 101 -> companies 201",
                "2/2: contacts 102 -> companies 202",
                "3/4: expected 2 fields, found 1",
            ][..],
        ),
        (
            "\n;\n101;201;a, b, c, d",
            &["1/3: contacts 101 -> companies 201"],
        ),
        (
            "\"101\",\"20x\"",
            &["1/1: `#2` (column 2): `20x` has letters, an id has only digits"],
        ),
    ] {
        assert_eq!(shown_with(&numbered(), text), expected, "{text:?}");
    }
    let below = InputSettings {
        skip_lines: 1,
        ..numbered()
    };
    assert_eq!(
        shown_with(&below, "2023,2024\n1,2\n"),
        ["1/2: contacts 1 -> companies 2"]
    );
    let one = InputSettings {
        first: std::num::NonZeroU64::new(1),
        ..numbered()
    };
    assert_eq!(
        shown_with(&one, "1,2\n3,4\n"),
        ["1/1: contacts 1 -> companies 2"]
    );
}

fn message_with(settings: &InputSettings, text: &str) -> [String; 2] {
    let source = Cursor::new(text.as_bytes().to_vec());
    let settings = InputSettings {
        path: std::path::PathBuf::from("pairs.csv").into(),
        ..settings.clone()
    };
    let error = Input::from_source(source, &settings).err().unwrap();
    [error.to_string(), error.hint().unwrap_or_default()]
}

#[test]
fn a_row_in_place_of_the_header_and_a_row_without_columns_are_refused() {
    let with_header = InputSettings {
        no_header: false,
        ..numbered()
    };
    let [message, hint] = message_with(&with_header, "\n101,201\n102,202\n");
    assert_eq!(
        message,
        "`pairs.csv` line 2: the header has ids where it should name columns: `101` (column 1) and `201` (column 2)"
    );
    assert!(hint.contains("add `--no-header`"), "{hint}");
    let nothing_said = InputSettings {
        no_header: true,
        ..InputSettings::default()
    };
    let [message, hint] = message_with(&nothing_said, "contacts,101,companies,201\n");
    assert!(message.ends_with("without a header: no column for the from type; no column for the from id; no column for the to type; no column for the to id"), "{message}");
    assert!(hint.contains("'#1'"), "{hint}");
    let [message, _] = message_with(&numbered(), "");
    assert_eq!(message, "`pairs.csv` is empty: it has no rows");
    let skipped = InputSettings {
        skip_lines: 3,
        ..InputSettings::default()
    };
    let [message, _] = message_with(&skipped, "a\nb\n");
    assert_eq!(
        message,
        "`pairs.csv` has no lines after the 3 lines that `--skip-lines` skips"
    );
}

#[test]
fn lines_above_the_header_and_comments_are_skipped_on_request() {
    let text = format!("Report: \"a\nPeriod, 2026\n\n{HEADER}\ncontacts,1,companies,2\n#,,,\n#\n");
    let settings = InputSettings {
        skip_lines: 3,
        comment: "#".parse().ok(),
        ..InputSettings::default()
    };
    assert_eq!(
        shown_with(&settings, &text),
        ["1/5: contacts 1 -> companies 2"]
    );
    let [message, hint] = message_with(&InputSettings::default(), &text.replace('"', ""));
    assert!(
        message.starts_with("`pairs.csv` line 1: no column"),
        "{message}"
    );
    assert_eq!(hint, "line 4 has the columns: add `--skip-lines 3`");
    let too_many = InputSettings {
        skip_lines: 4,
        ..InputSettings::default()
    };
    let [_, hint] = message_with(&too_many, &text.replace('"', ""));
    assert_eq!(hint, "line 4 has the columns: add `--skip-lines 3`");
    for end in ["\n", "\r\n", "\r"] {
        let commented = format!("# by x\n\n# y\n{HEADER}\n").replace('\n', end);
        let [_, hint] = message_with(&InputSettings::default(), &commented);
        assert_eq!(
            hint, "line 4 has the columns: add `--skip-lines 3`, or `--comment '#'`",
            "{end:?}"
        );
    }
    let wrong = InputSettings {
        delimiter: ",".parse().ok(),
        ..InputSettings::default()
    };
    let [_, hint] = message_with(&wrong, &HEADER.replace(',', ";"));
    assert_eq!(hint, "line 1 has the columns: add `--delimiter ';'`");
    let [_, hint] = message_with(&InputSettings::default(), "from;to;\"a|b\"\tc,d\n");
    assert!(
        hint.ends_with("; the header has `,` and `tab` too: if that separates its fields, name it with `--delimiter`"),
        "{hint}"
    );
}

#[test]
fn rows_that_may_be_inside_quotes_are_counted() {
    for (text, rows, first_line) in [
        (
            format!("{HEADER},note\ncontacts,1,companies,2,\"Al\ncontacts,3,companies,4,12\"\n"),
            1,
            Some(2),
        ),
        (
            "from_type,from_id,note,to_type,to_id\ncontacts,1,\"Al\r\ncontacts,3,12\",companies,4\r\n".to_owned(),
            1,
            Some(2),
        ),
        (
            format!("{HEADER},note\ncontacts,1,companies,2,\"call\n12,13\ncontacts,3,companies\"\n"),
            0,
            None,
        ),
    ] {
        let mut input = open(text).unwrap();
        self::rows(&mut input).unwrap();
        assert_eq!(input.quoted_rows(), QuotedRows { rows, first_line });
    }
}

/// The number of rows and the error of a file that `change` modifies after its first row was read.
fn change_of(change: impl FnOnce(&std::path::Path)) -> (usize, Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.csv");
    std::fs::write(&path, many_rows(20_000)).unwrap();
    let mut input = Input::open(&InputSettings {
        path: path.clone().into(),
        ..InputSettings::default()
    })
    .unwrap();
    input.next_row().unwrap().unwrap();
    change(&path);
    let mut rows = 1;
    let error = loop {
        match input.next_row() {
            Ok(Some(row)) => {
                pair(row);
                rows += 1;
            }
            Ok(None) => return (rows, None),
            Err(error) => break error,
        }
    };
    let name = format!("`{}` line ", path.display());
    let message = error.to_string().replace(&name, "");
    let (line, message) = message.split_once(": ").unwrap();
    assert!(
        (rows + 1..=rows + 2).contains(&line.parse().unwrap()),
        "{line} {rows}"
    );
    (rows, Some(message.to_owned()))
}

fn append(path: &std::path::Path, text: &str) {
    let mut file = std::fs::File::options().append(true).open(path).unwrap();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let size = many_rows(20_000).len();
    let changed = |how: String| Some(format!("the file changed while it was read: {how}"));
    let shown = |count: usize| crate::number::grouped(count as u64);
    let (rows, message) = change_of(|path| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_len(100).unwrap();
    });
    assert_eq!(
        message,
        changed(format!("it shrank from {} to 100 bytes", shown(size)))
    );
    assert!(rows < 20_000, "{rows}");
    let (rows, message) = change_of(|path| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
    });
    assert_eq!(message, changed("it was written to".to_owned()));
    assert!(
        rows < 20_000,
        "rows that may combine two versions of the file: {rows}"
    );
    let (rows, message) = change_of(|path| {
        let other = path.with_extension("new");
        std::fs::write(&other, "from_id").unwrap();
        std::fs::rename(other, path).unwrap();
    });
    assert_eq!(
        (rows, message),
        (
            20_000,
            changed("it was replaced by another file".to_owned())
        )
    );
    let (rows, message) =
        change_of(|path| append(path, "contacts,1,companies,2\ncontacts,1,companies,2"));
    let how = format!("it grew from {} to {} bytes", shown(size), shown(size + 45));
    assert_eq!(
        (rows, message),
        (20_001, changed(how)),
        "the last line may be half written"
    );
    assert_eq!(
        change_of(|path| std::fs::remove_file(path).unwrap()),
        (20_000, None)
    );
    assert_eq!(change_of(|_| ()), (20_000, None));
}

#[test]
fn a_compressed_file_that_changes_while_it_is_read_is_not_reported_as_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.csv.gz");
    std::fs::write(&path, gzip(many_rows(60_000).as_bytes())).unwrap();
    let mut input = Input::open(&InputSettings {
        path: path.clone().into(),
        ..InputSettings::default()
    })
    .unwrap();
    input.next_row().unwrap().unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(70_000).unwrap();
    let error = rows(&mut input).unwrap_err();
    assert!(
        matches!(error, InputError::ChangedWhileRead { .. }),
        "{error:?}"
    );
}

#[test]
fn a_row_whose_lists_make_too_many_pairs_is_one_invalid_row() {
    let ids = |count: u32| {
        (1..=count)
            .map(|id| id.to_string())
            .collect::<Vec<_>>()
            .join(";")
    };
    let most = 100_000;
    for (from, to, expected) in [
        (1, most, None),
        (most, 1, None),
        (400, 250, None),
        (1, most + 1, Some("1 and over 100000 ids")),
        (most + 50, 3, Some("over 100000 and 3 ids")),
        (400, 251, Some("400 and 251 ids")),
        (most, most, Some("100000 and 100000 ids")),
        (most * 2, most * 2, Some("over 100000 and over 100000 ids")),
    ] {
        let items = split(&format!("{},{},x\n5,6,x\n", ids(from), ids(to)), None);
        match expected {
            None => assert_eq!(items.len(), 1 + most as usize, "{from} x {to}"),
            Some(expected) => {
                assert_eq!(items.len(), 2, "{from} x {to}");
                assert!(items[0].ends_with(", 1 wrong"), "{}", items[0]);
                assert_eq!(items[1], "2: 5 -> 6");
                let ids = [from, to].map(|count| count.min(most + 1) as usize);
                let message = RowProblem::TooManyPairs { ids }.to_string();
                let start = format!("its lists have {expected}, more than 100000 pairs: ");
                assert!(message.starts_with(&start), "{message}");
            }
        }
    }
    // A repeated id counts once.
    let twice = format!("1,{};{},x\n", ids(most), ids(most));
    assert_eq!(split(&twice, None).len(), most as usize);
}

/// The result of `--split ';'` for `from_id,to_id` rows: each item as `row: from -> to`.
fn split(rows: &str, first: Option<u64>) -> Vec<String> {
    let settings = InputSettings {
        columns: ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: ObjectType::new("companies"),
            ..ColumnSettings::default()
        },
        split: Some(";".parse().unwrap()),
        first: first.and_then(std::num::NonZeroU64::new),
        ..InputSettings::default()
    };
    let source = Cursor::new(format!("from_id,to_id,x\n{rows}"));
    let mut input = Input::from_source(source, &settings).unwrap();
    let shown = |row: CheckedRow| {
        let what = match row.content {
            RowContent::Pair(pair) => format!("{} -> {}", pair.from.id, pair.to.id),
            RowContent::Invalid(InvalidRow { problems, values }) => format!(
                "{} -> {}, {} wrong",
                values.from_id,
                values.to_id,
                problems.len()
            ),
            RowContent::Skipped(SkippedRow::NothingToLink(values)) => {
                format!("{} -> {}, nothing", values.from_id, values.to_id)
            }
            RowContent::Skipped(skipped) => panic!("{skipped:?}: nothing is skipped here"),
        };
        format!("{}: {what}", row.key.row)
    };
    let items = self::rows(&mut input).unwrap();
    assert!(input.progress().is_finished());
    assert_eq!(input.progress().rows(), items.len() as u64);
    items.into_iter().map(shown).collect()
}

#[test]
fn a_row_makes_a_pair_for_every_id_in_its_cells() {
    for (rows, expected) in [
        ("1,2,x\n", &["1: 1 -> 2"][..]),
        (
            "1, 2 ;3;;2,x\n4,5,x\n",
            &["1: 1 -> 2", "1: 1 -> 3", "2: 4 -> 5"],
        ),
        (
            "1;2,3;4,x\n",
            &["1: 1 -> 3", "1: 1 -> 4", "1: 2 -> 3", "1: 2 -> 4"],
        ),
        (
            "1,2;x;3,x\n",
            &["1: 1 -> 2", "1: 1 -> x, 1 wrong", "1: 1 -> 3"],
        ),
        ("x;1,y,x\n", &["1: x -> y, 2 wrong", "1: 1 -> y, 1 wrong"]),
        (
            "1,,x\n,2,x\n1, ; ,x\n",
            &[
                "1: 1 -> , nothing",
                "2:  -> 2, 1 wrong",
                "3: 1 -> ;, nothing",
            ],
        ),
        ("; ,2;3,x\n", &["1: ; -> 2;3, 1 wrong"]),
        ("1;2,,x\n", &["1: 1;2 -> , 1 wrong"]),
        (
            "=\"1\",=\"2;3\",x\n=\"4\",=\"5\";=\"6\";=\"x\",x\n",
            &[
                "1: 1 -> 2",
                "1: 1 -> 3",
                "2: 4 -> 5",
                "2: 4 -> 6",
                "2: 4 -> =\"x\", 1 wrong",
            ],
        ),
        ("1\n", &["1: 1 -> , 1 wrong"]),
        ("1,2;3\n", &["1: 1 -> 2", "1: 1 -> 3"]),
        ("1,\"2\"3;4,x\n", &["1: 1 -> 23;4, 1 wrong"]),
    ] {
        assert_eq!(split(rows, None), expected, "{rows:?}");
    }
}

#[test]
fn the_first_rows_are_counted_in_the_file_and_not_in_pairs() {
    let rows = "1,2;3;4,x\n5,6,x\n7,8,x\n";
    assert_eq!(split(rows, Some(1)).len(), 3);
    assert_eq!(split(rows, Some(2)).len(), 4);
    assert_eq!(split(rows, Some(9)).len(), 5);
}

#[test]
fn a_value_in_the_text_form_of_a_spreadsheet_is_unwrapped() {
    let text = "\u{feff}=\"from_object_type\",from\u{200b}_object_id,to_object_type,to_object_id\n\
         =\"0-1\",=\"512\",companies,\"=\"\"513\"\"\"\n\
         contacts,=\"abc\",=\"a/b\",=\"\"\n\
         contacts,=512,companies,=\"0\"\n";
    let mut input = Input::from_source(Cursor::new(text), &InputSettings::default()).unwrap();
    let shown: Vec<String> = rows(&mut input)
        .unwrap()
        .into_iter()
        .map(|row| match row.content {
            RowContent::Pair(pair) => pair.to_string(),
            RowContent::Invalid(invalid) => invalid.to_string(),
            RowContent::Skipped(skipped) => format!("{skipped:?}"),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "0-1 512 -> companies 513",
            "`from\\u{200b}_object_id` (column 2): `=\"abc\"` has letters, an id has only digits; \
             `to_object_type` (column 3): `=\"a/b\"` has `/`, a type has letters, digits, `_` and `-`; \
             `to_object_id` (column 4) is blank",
            "`from\\u{200b}_object_id` (column 2): `=512` has `=`, an id has only digits; \
             `to_object_id` (column 4): `=\"0\"` is zero, no record has that id",
        ]
    );
}

#[test]
fn an_invalid_type_is_reported_once_for_the_whole_row() {
    let settings = InputSettings {
        split: Some(";".parse().unwrap()),
        ..InputSettings::default()
    };
    let source = Cursor::new(format!("{HEADER}\na/b,1;2,companies,3;4\n"));
    let mut input = Input::from_source(source, &settings).unwrap();
    let rows = rows(&mut input).unwrap();
    assert_eq!(rows.len(), 1);
    let invalid = invalid(rows[0].clone());
    assert_eq!(invalid.values.to_id, "3;4");
    assert_eq!(
        invalid.to_string(),
        "`from_object_type` (column 1): `a/b` has `/`, a type has letters, digits, `_` and `-`"
    );
}

#[test]
fn a_cell_of_many_ids_makes_all_pairs_one_at_a_time() {
    let ids: Vec<String> = (0..16_000)
        .map(|id| (10_000_000_000_u64 + id).to_string())
        .collect();
    let cell = ids.join(";");
    assert!(cell.len() > 180_000);
    let items = split(&format!("1,{cell},x\n2,\"{cell}\",x\n"), None);
    assert_eq!(items.len(), 32_000);
    assert_eq!(items[31_999], format!("2: 2 -> {}", ids[15_999]));
}

proptest! {
    #[test]
    fn any_bytes_make_one_row_for_each_record(body in prop::collection::vec(
        prop_oneof![any::<u8>(), prop::sample::select(b"1,\"\r\n ".to_vec())], 0..120,
    )) {
        let bytes = [HEADER.as_bytes(), b"\n", &body].concat();
        let mut input = open(&bytes).unwrap();
        if let Ok(rows) = rows(&mut input) {
            let records = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[..])
                .into_byte_records()
                .filter(|record| !record.as_ref().unwrap().iter().all(record::is_blank))
                .count();
            prop_assert_eq!(rows.len(), records);
            prop_assert!(rows.iter().zip(1..).all(|(row, number)| row.key.row == number));
            prop_assert!(rows.windows(2).all(|rows| rows[0].key.line < rows[1].key.line));
        }
    }

    #[test]
    fn any_bytes_are_opened_or_refused(bytes: Vec<u8>) {
        let error = match open(bytes) {
            Ok(mut input) => rows(&mut input).err(),
            Err(error) => Some(error),
        };
        let message = error.map(|error| error.to_string()).unwrap_or_default();
        prop_assert!(!message.chars().any(crate::text::is_invisible));
    }

    #[test]
    fn the_sizes_of_reads_do_not_change_the_result(
        body in "(contacts,1[;,\"\r\n 2é]{0,4},2[\r\n]{0,3}){0,5}",
        mark in prop::sample::select(vec!["", "\u{feff}", "\u{feff}\u{feff}"]),
        delimiter in prop::sample::select(vec![",", ";", "\t"]),
        is_utf_16: bool,
    ) {
        let text = format!("{mark}{HEADER}\n{body}").replace(',', delimiter);
        let bytes: Vec<u8> = if is_utf_16 {
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect()
        } else {
            text.into_bytes()
        };
        let slow = OneByOne(Cursor::new(bytes.clone()));
        let settings = ColumnSettings::default();
        let slow = Input::from_reader("pairs.csv", slow, None, &settings);
        let outcomes = [open(bytes), slow].map(|input| {
            input
                .and_then(|mut input| rows(&mut input))
                .map_err(|error| error.to_string())
        });
        prop_assert_eq!(&outcomes[0], &outcomes[1]);
    }

    #[test]
    fn an_accepted_id_is_the_trimmed_cell(
        cells in prop::collection::vec(["[ \u{a0}0-9]{0,12}", "[ 0-9]{1,24}"], 0..8),
    ) {
        let body: Vec<String> = cells
            .iter()
            .map(|[from, to]| format!("\ncontacts,{from},companies,{to}"))
            .collect();
        let text = format!("{HEADER}{}", body.concat());
        let mut input = open(&text).unwrap();
        for (row, [from, to]) in rows(&mut input).unwrap().iter().zip(&cells) {
            match &row.content {
                RowContent::Pair(pair) => {
                    prop_assert_eq!(pair.from.id.as_str(), from.trim());
                    prop_assert_eq!(pair.to.id.as_str(), to.trim());
                }
                RowContent::Invalid(invalid) => {
                    prop_assert_eq!(&invalid.values.from_id, from.trim());
                    prop_assert!(!invalid.problems.is_empty());
                }
                RowContent::Skipped(_) => prop_assert!(false, "nothing is split here"),
            }
        }
    }

    #[test]
    fn a_message_is_one_visible_line(
        id in "[0-9#;/ \n\u{85}\u{2028}]{0,6}|\\PC{0,5}[\u{0}-\u{9f}\u{200b}]{1,5}",
        object_type in "[a-c \n\u{85}\u{2028}\u{1b}]{0,6}",
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(HEADER.split(',')).unwrap();
        writer.write_record([&object_type, &id, "companies", "x"]).unwrap();
        let mut input = open(writer.into_inner().unwrap()).unwrap();
        let invalid = invalid(input.next_row().unwrap().unwrap());
        prop_assert!(!invalid.to_string().chars().any(crate::text::is_invisible));
    }
}
