//! The values of a row: what is accepted, and what is wrong with the others.

use std::io::Cursor;

use crate::domain::pair::ObjectType;
use crate::input::columns::settings::ColumnSettings;
use crate::input::fixtures::{HEADER, invalid, next_row, open, open_with, pair, rows};
use crate::input::row::{RawValues, RowContent};
use crate::input::settings::InputSettings;
use crate::input::validate::problem::RowProblem;

/// The message of the one row below the header.
fn row_message(row: impl AsRef<[u8]>) -> String {
    let mut input = open([HEADER.as_bytes(), b"\n", row.as_ref()].concat()).unwrap();
    let row = next_row(&mut input).unwrap().unwrap();
    assert!(next_row(&mut input).unwrap().is_none());
    invalid(row).to_string()
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
    let invalid = invalid(next_row(&mut input).unwrap().unwrap());
    assert_eq!(
        invalid.values,
        RawValues {
            keys: None,
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
    let settings = InputSettings {
        columns: ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: ObjectType::new("0-2"),
            ..ColumnSettings::default()
        },
        delimiter: ":".parse().ok(),
        ..InputSettings::default()
    };
    let source = Cursor::new("from_id:to_id\n1:2\n:4\n");
    let mut input = open_with(source, &settings).unwrap();
    let pair = pair(next_row(&mut input).unwrap().unwrap());
    assert_eq!(pair.to_string(), "contacts 1 -> 0-2 2");
    let invalid = invalid(next_row(&mut input).unwrap().unwrap());
    assert_eq!(invalid.values.to_type, "0-2");
    assert_eq!(invalid.to_string(), "`from_id` (column 1) is blank");
}

#[test]
fn a_value_in_the_text_form_of_a_spreadsheet_is_unwrapped() {
    let text = "\u{feff}=\"from_object_type\",from\u{200b}_object_id,to_object_type,to_object_id\n\
         =\"0-1\",=\"512\",companies,\"=\"\"513\"\"\"\n\
         contacts,=\"abc\",=\"a/b\",=\"\"\n\
         contacts,=512,companies,=\"0\"\n";
    let mut input = open_with(Cursor::new(text), &InputSettings::default()).unwrap();
    let shown: Vec<String> = rows(&mut input)
        .unwrap()
        .into_iter()
        .map(|row| match row.content {
            RowContent::Pair(pair) | RowContent::LabelsOf(pair) => pair.to_string(),
            RowContent::Keyed(pair) => format!("{pair:?}"),
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
    let mut input = open_with(source, &settings).unwrap();
    let rows = rows(&mut input).unwrap();
    assert_eq!(rows.len(), 1);
    let invalid = invalid(rows[0].clone());
    assert_eq!(invalid.values.to_id, "3;4");
    assert_eq!(
        invalid.to_string(),
        "`from_object_type` (column 1): `a/b` has `/`, a type has letters, digits, `_` and `-`"
    );
}
