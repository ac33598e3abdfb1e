//! Compressed files: their rows, their damage and their progress.

use std::error::Error;
use std::io::Cursor;

use crate::input::csv_input::Input;
use crate::input::error::InputError;
use crate::input::fixtures::{
    HEADER, OneByOne, gzip, many_rows, next_row, open, open_with, rows, shown, zstd,
};
use crate::input::settings::InputSettings;

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
        let mut input = open_with(slow, &InputSettings::default()).unwrap();
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
            match next_row(&mut input) {
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
            next_row(&mut input).unwrap().unwrap();
        }
        let estimated = input.progress().estimated_rows().unwrap();
        assert!((36_000..44_000).contains(&estimated), "{kind}: {estimated}");
        assert_eq!(rows(&mut input).unwrap().len(), 20_000);
        assert_eq!(input.progress().consumed(), bytes.len() as u64, "{kind}");
    }
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
    next_row(&mut input).unwrap().unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(70_000).unwrap();
    let error = rows(&mut input).unwrap_err();
    assert!(
        matches!(error, InputError::ChangedWhileRead { .. }),
        "{error:?}"
    );
}
