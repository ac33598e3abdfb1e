//! Lines and fields: headers, comments, short rows, blank rows and quotes.

use crate::domain::pair::ObjectType;
use crate::input::columns::settings::ColumnSettings;
use crate::input::csv::quoted_rows::QuotedRows;
use crate::input::fixtures;
use crate::input::fixtures::{HEADER, message_with, open, shown, shown_with};
use crate::input::settings::InputSettings;
use crate::input::tests::lists::split;

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
        fixtures::rows(&mut input).unwrap();
        assert_eq!(input.quoted_rows(), QuotedRows { rows, first_line });
    }
}
