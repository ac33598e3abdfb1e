//! Inputs that cannot be read: the message and the hint for each.

use std::error::Error;
use std::io::{Cursor, Read};

use crate::input::csv_input::Input;
use crate::input::decode::source::InputSource;
use crate::input::error::InputError;
use crate::input::fixtures::{HEADER, gzip, next_row, open, open_with, rows};
use crate::input::settings::InputSettings;

fn input_message(bytes: impl AsRef<[u8]>) -> [String; 2] {
    let error = match open(bytes) {
        Ok(mut input) => rows(&mut input).unwrap_err(),
        Err(error) => error,
    };
    [error.to_string(), error.hint().unwrap_or_default()]
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
    let mut input = open_with(source, &InputSettings::default()).unwrap();
    assert!(next_row(&mut input).unwrap().is_some());
    let error = next_row(&mut input).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`pairs.csv` line 3: cannot read any further"
    );
    assert_eq!(error.source().unwrap().to_string(), "the disk is gone");
    assert!(
        next_row(&mut input).unwrap().is_none(),
        "no row follows an error"
    );
    assert!(
        !input.progress().is_finished(),
        "an input with an error is not finished"
    );
}
