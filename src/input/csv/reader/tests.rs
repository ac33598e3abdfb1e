//! Records, their lines and their limits, whatever the sizes of the reads.

use super::*;
use crate::input::csv::quotes::raw_fields;
use proptest::prelude::*;
use std::io;

/// Returns its bytes in pieces of these sizes, repeatedly.
struct Pieces {
    bytes: io::Cursor<Vec<u8>>,
    sizes: Vec<usize>,
    next: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.next % self.sizes.len()].min(buffer.len());
        self.next += 1;
        self.bytes.read(&mut buffer[..size])
    }
}

type LineAndFields = (u64, Vec<Vec<u8>>);

fn reader(bytes: &[u8], sizes: &[usize], limits: Limits) -> RecordReader {
    let source = Pieces {
        bytes: io::Cursor::new(bytes.to_vec()),
        sizes: sizes.to_vec(),
        next: 0,
    };
    let layout = Layout {
        delimiter: Some(",".parse().unwrap()),
        ..layout()
    };
    RecordReader::with_limits(Box::new(source), layout, limits).unwrap()
}

fn layout() -> Layout<'static> {
    Layout {
        delimiter: None,
        skip_lines: 0,
        comment: None,
        has_columns: &|_| false,
    }
}

fn read_all(reader: &mut RecordReader) -> Result<Vec<LineAndFields>, RecordError> {
    let mut records = Vec::new();
    while let Some(record) = reader.read()? {
        let fields = record.fields().map(<[u8]>::to_vec).collect();
        records.push((record.line(), fields));
    }
    Ok(records)
}

fn lines_and_fields(text: &str) -> Vec<(u64, String)> {
    let mut reader = reader(text.as_bytes(), &[usize::MAX], LIMITS);
    let records = read_all(&mut reader).unwrap();
    assert_eq!(reader.parsed(), text.len() as u64);
    records
        .into_iter()
        .map(|(line, fields)| (line, String::from_utf8(fields.join(&b'|')).unwrap()))
        .collect()
}

#[test]
fn every_record_has_the_line_on_which_it_starts() {
    for (text, expected) in [
        ("", vec![]),
        ("\n\r\n\r", vec![]),
        ("a", vec![(1, "a")]),
        ("a,b\nc,d\n", vec![(1, "a|b"), (2, "c|d")]),
        ("a\r\nb\r\nc", vec![(1, "a"), (2, "b"), (3, "c")]),
        ("a\rb\rc", vec![(1, "a"), (2, "b"), (3, "c")]),
        ("a\r\rb", vec![(1, "a"), (3, "b")]),
        ("\n\na\n\n\nb", vec![(3, "a"), (6, "b")]),
        ("\r\n\r\na\r\n\r\nb", vec![(3, "a"), (5, "b")]),
        (
            "\"a\nb\rc\r\nd\"\nnext",
            vec![(1, "a\nb\rc\r\nd"), (5, "next")],
        ),
        (
            "\"a\r\n\r\n\",x\r\nnext",
            vec![(1, "a\r\n\r\n|x"), (4, "next")],
        ),
        ("\"\"\n,\n \n", vec![(1, ""), (2, "|"), (3, " ")]),
    ] {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(line, fields)| (line, fields.to_owned()))
            .collect();
        assert_eq!(lines_and_fields(text), expected, "{text:?}");
    }
}

#[test]
fn a_first_line_that_names_the_delimiter_is_not_a_record() {
    for (text, expected) in [
        ("sep=;\na,b;c\n", vec![(2, "a,b|c")]),
        ("SEP=|\r\n\r\na|b", vec![(3, "a|b")]),
        ("sep=,\ra;b;c;d,e", vec![(2, "a;b;c;d|e")]),
        ("\"sep=;\"\na,b;c", vec![(2, "a,b|c")]),
        ("sep=\t\na,b,c\td", vec![(2, "a,b,c|d")]),
        ("sep=;", vec![]),
        // None of these names a delimiter.
        ("sep=\na,b", vec![(1, "sep="), (2, "a|b")]),
        ("sep=;x\na", vec![(1, "sep=|x"), (2, "a")]),
        ("a\nsep=;\n", vec![(1, "a"), (2, "sep=;")]),
    ] {
        for size in [1, usize::MAX] {
            let pieces = Pieces {
                bytes: io::Cursor::new(text.as_bytes().to_vec()),
                sizes: vec![size],
                next: 0,
            };
            let mut reader = RecordReader::new(Box::new(pieces), layout()).unwrap();
            let records = read_all(&mut reader).unwrap();
            let records: Vec<_> = records
                .into_iter()
                .map(|(line, fields)| (line, String::from_utf8(fields.join(&b'|')).unwrap()))
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|&(line, fields)| (line, fields.to_owned()))
                .collect();
            assert_eq!(records, expected, "{text:?}");
            assert_eq!(reader.parsed(), text.len() as u64);
        }
    }
}

/// Each record as `line:fields`, and the lines above the first one.
fn laid_out(text: &str, skip_lines: u64, comment: Option<&str>) -> (Vec<String>, String) {
    let read = |size| {
        let pieces = Pieces {
            bytes: io::Cursor::new(text.as_bytes().to_vec()),
            sizes: vec![size],
            next: 0,
        };
        let layout = Layout {
            skip_lines,
            comment: comment.map(|comment| comment.parse().unwrap()),
            ..layout()
        };
        let mut reader = RecordReader::new(Box::new(pieces), layout).unwrap();
        let records = read_all(&mut reader).unwrap();
        assert_eq!(reader.parsed(), text.len() as u64);
        let shown = records.into_iter().map(|(line, fields)| {
            format!("{line}:{}", String::from_utf8(fields.join(&b'|')).unwrap())
        });
        let head = String::from_utf8(reader.head().to_vec()).unwrap();
        (shown.collect(), head)
    };
    assert_eq!(read(1), read(usize::MAX), "{text:?}");
    read(3)
}

#[test]
fn lines_above_the_first_record_are_skipped_and_kept() {
    for (text, skip_lines, expected, head) in [
        (
            "A \"b\n\nx;y\n1;2\n",
            2,
            &["3:x|y", "4:1|2"][..],
            "A \"b\n\n",
        ),
        ("A\r\nB\r\nx,y", 2, &["3:x|y"], "A\r\nB\r\n"),
        ("A\rx,y", 1, &["2:x|y"], "A\r"),
        ("A\n", 5, &[], "A\n"),
        ("", 5, &[], ""),
        ("sep=;\nA,B\nx;y", 2, &["3:x|y"], "sep=;\nA,B\n"),
        ("A\nsep=;\nx;y,z", 1, &["3:x|y,z"], "A\nsep=;\n"),
        ("x;y", 0, &["1:x|y"], ""),
    ] {
        // An LF after the CR that ended the skipped lines is read as a blank line, or kept.
        let (records, kept) = laid_out(text, skip_lines, None);
        assert_eq!(records, expected, "{text:?}");
        assert_eq!(kept.trim_end(), head.trim_end(), "{text:?}");
    }
}

#[test]
fn lines_that_begin_with_the_comment_character_are_not_records() {
    for (text, expected) in [
        ("#;;;\nx,y\n", &["2:x|y"][..]),
        (
            "# \"open\r\n\r\n# b\r\nx,#y\r\n#1,2\r\n3,\"4\n#5\"\n#",
            &["4:x|#y", "6:3|4\n#5"],
        ),
        ("x\r#a\ry", &["1:x", "3:y"]),
        ("#only", &[]),
        (" #x\n\"#y\"\n", &["1: #x", "2:#y"]),
    ] {
        assert_eq!(laid_out(text, 0, Some("#")).0, expected, "{text:?}");
    }
    assert_eq!(laid_out("#a\nx", 0, None).0, ["1:#a", "2:x"]);
    assert_eq!(laid_out("A\n#x,y\nx;y", 1, Some("#")).0, ["3:x|y"]);
}

#[test]
fn a_record_of_several_lines_with_text_after_a_closing_quote_is_an_error_with_its_position() {
    for (text, expected) in [
        ("a,\"b\nc,d\ne,\"f\"\n", "Misquoted { line: 1, field: 2 }"),
        ("a\n1,\"2\n3\" 4\n", "Misquoted { line: 2, field: 2 }"),
        ("\"1\n2\",\"3\"x\n", "Misquoted { line: 2, field: 2 }"),
        ("\"1\"x,\"2\r\n3\",4\n", "Misquoted { line: 1, field: 1 }"),
    ] {
        assert_eq!(error_of(text.as_bytes(), LIMITS), expected, "{text:?}");
    }
    for text in ["\"a\"b,c\nd,\"e\n\"\"f\"\"\n\" \n", "a\"\nb\"c,\"d\ne\"\n"] {
        let read = read_all(&mut reader(text.as_bytes(), &[usize::MAX], LIMITS));
        assert!(read.is_ok(), "{text:?}");
    }
}

fn error_of(bytes: &[u8], limits: Limits) -> String {
    let messages: Vec<String> = [1, 3, usize::MAX]
        .into_iter()
        .map(|size| {
            let mut reader = reader(bytes, &[size], limits);
            let error = read_all(&mut reader).unwrap_err();
            assert!(
                reader.read().unwrap().is_none(),
                "no record follows an error"
            );
            format!("{error:?}")
        })
        .collect();
    assert!(messages.iter().all(|message| *message == messages[0]));
    messages[0].clone()
}

#[test]
fn an_open_quote_is_an_error_with_the_position_where_it_opened() {
    for (text, expected) in [
        ("a,b\n1,\"2\n3,4\n", "OpenQuote { line: 2, field: 2 }"),
        ("\"", "OpenQuote { line: 1, field: 1 }"),
        (
            "\n\n\"a\nb\",\"c\"\"\n\n",
            "OpenQuote { line: 4, field: 2 }",
        ),
    ] {
        assert_eq!(error_of(text.as_bytes(), LIMITS), expected, "{text:?}");
    }
}

#[test]
fn a_record_has_size_limits() {
    let limits = Limits {
        quoted_field: 40,
        record: 64,
        fields: 5,
    };
    let long = "x".repeat(50);
    for (text, expected) in [
        (
            format!("a\n\n1,\"{long}\n\n\",b"),
            "LongQuote { line: 3, field: 2 }",
        ),
        (format!("a\n{long}{long}\nb"), "LargeRecord { line: 2 }"),
        ("a\n1,2,3,4,5,6,7\n".to_owned(), "ManyFields { line: 2 }"),
    ] {
        assert_eq!(error_of(text.as_bytes(), limits), expected, "{text:?}");
    }
    let fits = format!("{long},{}\n1,2,3,4\n", "x".repeat(10));
    for size in [1, 7, usize::MAX] {
        let mut reader = reader(fits.as_bytes(), &[size], limits);
        assert_eq!(read_all(&mut reader).unwrap().len(), 2);
    }
}

#[test]
fn the_limits_match_the_messages() {
    let message = RecordError::LongQuote { line: 1, field: 1 }.to_string();
    let mebibyte = 1024 * 1024;
    assert!(message.ends_with(&format!("within {} MiB", LIMITS.quoted_field / mebibyte)));
    let message = RecordError::LargeRecord { line: 1 }.to_string();
    assert!(message.ends_with(&format!("than {} MiB", LIMITS.record / mebibyte)));
    let message = RecordError::ManyFields { line: 1 }.to_string();
    assert!(
        message
            .replace(',', "")
            .ends_with(&format!("than {} fields", LIMITS.fields))
    );
}

#[test]
fn records_and_fields_larger_than_the_buffers_are_read_whole() {
    let cell = "0123456789\"\"\r\n".repeat(20_000);
    let wide = vec!["w"; 3_000].join(",");
    let text = format!("h\n1,\"{cell}\",\"{cell}\"\n{wide}\nend\n");
    let mut reader = reader(text.as_bytes(), &[usize::MAX], LIMITS);
    let records = read_all(&mut reader).unwrap();
    let lines: Vec<u64> = records.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 2, 40_003, 40_004]);
    assert_eq!(records[1].1[2], cell.replace("\"\"", "\"").into_bytes());
    assert_eq!(records[2].1.len(), 3_000);
}

#[test]
fn a_quoted_field_of_exactly_four_mebibytes_is_read() {
    for (length, fits) in [(4 * 1024 * 1024 - 1, true), (4 * 1024 * 1024, false)] {
        let text = format!("\"{}\"\n", "x".repeat(length));
        let mut reader = reader(text.as_bytes(), &[usize::MAX], LIMITS);
        assert_eq!(read_all(&mut reader).is_ok(), fits, "{length}");
    }
}

#[test]
fn a_source_that_fails_is_an_error_with_the_line_reached() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let source = io::Cursor::new(b"a\nb\nc".to_vec()).chain(Broken);
    let mut reader = RecordReader::new(Box::new(source), layout()).unwrap();
    let error = read_all(&mut reader).unwrap_err();
    assert!(
        matches!(error, RecordError::Source { line: 3, .. }),
        "{error:?}"
    );
}

#[test]
fn an_interrupted_read_is_retried() {
    struct Interrupted(bool);
    impl Read for Interrupted {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.0 = !self.0;
            if self.0 {
                Err(io::ErrorKind::Interrupted.into())
            } else {
                Ok(0)
            }
        }
    }
    let source = Interrupted(false).chain(&b"a\nb"[..]);
    let mut reader = RecordReader::new(Box::new(source), layout()).unwrap();
    assert_eq!(read_all(&mut reader).unwrap().len(), 2);
}

/// The line of each record by a slow and obvious method: count the breaks before its first byte.
fn expected_lines(records: &[(String, usize)], text: &str) -> Vec<u64> {
    records
        .iter()
        .map(|(_, start)| {
            let before = text[..*start].replace("\r\n", "\n").replace('\r', "\n");
            1 + before.matches('\n').count() as u64
        })
        .collect()
}

fn csv_records(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes)
        .byte_records()
        .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
        .collect()
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![1]),
        Just(vec![usize::MAX]),
        prop::collection::vec(1_usize..9, 1..4),
    ]
}

proptest! {
    #[test]
    fn any_csv_writer_output_is_read_back_field_for_field(
        rows in prop::collection::vec(
            prop::collection::vec("[a1é ,;\"\r\n]{0,8}", 1..5),
            0..12,
        ),
        ending in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        blank_lines in 0_usize..3,
        sizes in sizes(),
    ) {
        let mut text = String::new();
        let mut starts = Vec::new();
        for row in &rows {
            text.push_str(&ending.repeat(blank_lines));
            let mut writer = csv::WriterBuilder::new()
                .flexible(true)
                .terminator(match ending {
                    "\r\n" => csv::Terminator::CRLF,
                    other => csv::Terminator::Any(other.as_bytes()[0]),
                })
                .from_writer(Vec::new());
            writer.write_record(row).unwrap();
            let written = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            starts.push((written.clone(), text.len()));
            text.push_str(&written);
        }
        let mut reader = reader(text.as_bytes(), &sizes, LIMITS);
        let records = read_all(&mut reader).unwrap();
        let lines: Vec<u64> = records.iter().map(|(line, _)| *line).collect();
        prop_assert_eq!(lines, expected_lines(&starts, &text));
        let fields: Vec<_> = records.into_iter().map(|(_, fields)| fields).collect();
        prop_assert_eq!(&fields, &csv_records(text.as_bytes()));
        let written: Vec<Vec<Vec<u8>>> = rows
            .iter()
            .map(|row| row.iter().map(|field| field.clone().into_bytes()).collect())
            .collect();
        prop_assert_eq!(fields, written);
        prop_assert_eq!(reader.parsed(), text.len() as u64);
    }

    #[test]
    fn a_verbatim_record_has_all_fields_and_parses_to_the_same_record(
        text in "[a,\"\r\n]{0,30}",
        sizes in sizes(),
    ) {
        let mut whole = reader(text.as_bytes(), &sizes, LIMITS);
        while let Ok(Some(record)) = whole.read() {
            let raw = raw_fields(record.raw(), b',');
            prop_assert_eq!(raw.len(), record.field_count());
            prop_assert_eq!(raw.join(&b','), record.raw());
            let mut again = reader(record.raw(), &[usize::MAX], LIMITS);
            let again = again.read().unwrap().unwrap();
            prop_assert!(again.fields().eq(record.fields()));
            let is_misquoted = |of: &Record<'_>| {
                (0..of.field_count()).map(|index| of.is_misquoted(index)).collect::<Vec<_>>()
            };
            prop_assert_eq!(is_misquoted(&again), is_misquoted(&record));
        }
    }

    #[test]
    fn any_text_is_parsed_like_the_csv_crate_or_refused_for_its_quotes(
        text in "[a,\"\r\n]{0,30}",
        sizes in sizes(),
    ) {
        let mut reader = reader(text.as_bytes(), &sizes, LIMITS);
        let mut at_once = self::reader(text.as_bytes(), &[usize::MAX], LIMITS);
        match (read_all(&mut reader), read_all(&mut at_once)) {
            (Ok(records), Ok(others)) => {
                prop_assert_eq!(&records, &others);
                let fields: Vec<_> = records.into_iter().map(|(_, fields)| fields).collect();
                prop_assert_eq!(fields, csv_records(text.as_bytes()));
            }
            (Err(error), Err(other)) => {
                prop_assert_eq!(format!("{error:?}"), format!("{other:?}"));
                if let RecordError::OpenQuote { .. } = error {
                    // One more quote closes the last record.
                    let closed = format!("{text}\"");
                    prop_assert!(csv_records(closed.as_bytes()) == csv_records(text.as_bytes()));
                }
            }
            (one, other) => prop_assert!(false, "{:?} but {:?}", one, other),
        }
    }
}
