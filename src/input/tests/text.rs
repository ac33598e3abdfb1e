//! Bytes to rows: encodings, byte order marks, line ends and header lines.

use std::io::Cursor;

use crate::input::csv_input::Input;
use crate::input::error::InputError;
use crate::input::fixtures::{HEADER, open_with, rows, shown, shown_row};
use crate::input::settings::InputSettings;

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
    let mut input = open_with(source, &settings).unwrap();
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
