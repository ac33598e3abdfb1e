//! What holds for any bytes.

use std::io::Cursor;

use proptest::prelude::*;

use crate::input::csv::record;
use crate::input::fixtures::{HEADER, OneByOne, invalid, next_row, open, open_with, rows};
use crate::input::row::RowContent;
use crate::input::settings::InputSettings;

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
        let slow = open_with(slow, &InputSettings::default());
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
                RowContent::LabelsOf(_) | RowContent::Keyed(_) | RowContent::Skipped(_) => prop_assert!(false, "nothing is split here"),
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
        let invalid = invalid(next_row(&mut input).unwrap().unwrap());
        prop_assert!(!invalid.to_string().chars().any(crate::text::is_invisible));
    }
}
