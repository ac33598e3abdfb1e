//! Broken and unusual files: exit status, the whole message, and no request.

use crate::support::{HEADER, Rehearsal, signal};

/// The content of the file, the flags, and the whole of stderr.
struct Broken {
    content: Vec<u8>,
    flags: &'static [&'static str],
    stderr: &'static str,
}

fn broken(content: impl AsRef<[u8]>, stderr: &'static str) -> Broken {
    with_flags(content, &[], stderr)
}

fn with_flags(
    content: impl AsRef<[u8]>,
    flags: &'static [&'static str],
    stderr: &'static str,
) -> Broken {
    Broken {
        content: content.as_ref().to_vec(),
        flags,
        stderr,
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn files_without_a_usable_header() -> Vec<Broken> {
    vec![
        broken(
            "",
            "error: `pairs.csv` is empty: it has no header\nhint: the first line must name the columns, e.g. `from_object_type,from_object_id,to_object_type,to_object_id`\n",
        ),
        broken(
            "\n\r\n\n",
            "error: `pairs.csv` is empty: it has no header\nhint: the first line must name the columns, e.g. `from_object_type,from_object_id,to_object_type,to_object_id`\n",
        ),
        broken(
            "\u{feff}",
            "error: `pairs.csv` is empty: it has no header\nhint: the first line must name the columns, e.g. `from_object_type,from_object_id,to_object_type,to_object_id`\n",
        ),
        broken(
            b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
            "error: `pairs.csv` line 1: cannot read any further\n  caused by: the gzip data is cut off at byte 8 of the compressed file\n\
             hint: download or create the file again: the data after this position is lost\n",
        ),
        broken(
            b"\xfd7zXZ\0\0\x04",
            "error: `pairs.csv` is an xz file, not a CSV file\nhint: run `xz -dc pairs.csv | hubspot-associate import - --report pairs.report.csv`\n",
        ),
        broken(
            b"PK\x03\x04\x14\x00\x06\x00",
            "error: `pairs.csv` is a zip archive or an Excel workbook, not a CSV file\nhint: save the sheet as CSV UTF-8, or unpack the archive\n",
        ),
        broken(
            utf16("from_type,from_id,to_type,to_id\n"),
            "error: `pairs.csv` line 1: the header has NUL bytes, like UTF-16 without a byte order mark\nhint: save the file as CSV UTF-8, or name its encoding: `--encoding utf-16le`\n",
        ),
        broken(
            "\nfrom_type,from_id,to_type,Company\ncontacts,1,companies,2\n",
            "error: `pairs.csv` line 2: no column for the to id; headers found: `from_type`, `from_id`, `to_type`, `Company`\n\
             hint: name the columns with `--to-id-column`: a header, or `#3` for the third column\n",
        ),
        broken(
            "from_type,from_id,to_type,to_id,To Object ID\n",
            "error: `pairs.csv` line 1: more than one column for the to id: `to_id` (column 4), `To Object ID` (column 5); \
             headers found: `from_type`, `from_id`, `to_type`, `to_id`, `To Object ID`\n\
             hint: name the columns with `--to-id-column`: a header, or `#3` for the third column\n",
        ),
        broken(
            "contacts,1,companies,2\ncontacts,3,companies,4\n",
            "error: `pairs.csv` line 1: no column for the from type; no column for the from id; no column for the to type; \
             no column for the to id; headers found: `contacts`, `1`, `companies`, `2`\n\
             hint: the first line looks like a row: add a header above it, e.g. `from_object_type,from_object_id,to_object_type,to_object_id`, \
             or add `--no-header` and name columns by number, e.g. `--from-id-column '#2'`\n",
        ),
        with_flags(
            "from_type,from_id,to_type,to_id\n",
            &["--to-id-column", "#9"],
            "error: `pairs.csv` line 1: no column #9 for the to id: the header has 4; headers found: `from_type`, `from_id`, `to_type`, `to_id`\n\
             hint: name the columns with `--to-id-column`: a header, or `#3` for the third column\n",
        ),
        with_flags(
            "from_type,from_id,to_type,to_id\n",
            &["--to-id-column", "from_id"],
            "error: `pairs.csv` line 1: `from_id` (column 2) cannot be both the from id and the to id; \
             headers found: `from_type`, `from_id`, `to_type`, `to_id`\n\
             hint: name the columns with `--from-id-column`, `--to-id-column`: a header, or `#3` for the third column\n",
        ),
        with_flags(
            "from_type,from_id,to_type,to_id\n",
            &["--delimiter", ";"],
            "error: `pairs.csv` line 1: no column for the from type; no column for the from id; no column for the to type; \
             no column for the to id; headers found: `from_type,from_id,to_type,to_id`\n\
             hint: line 1 has the columns: add `--delimiter ,`\n",
        ),
    ]
}

#[test]
fn a_file_that_cannot_be_used_ends_the_run_before_anything_is_sent_with_the_reason() {
    for Broken {
        content,
        flags,
        stderr,
    } in files_without_a_usable_header()
    {
        let rehearsal = Rehearsal::new().file(&content);
        let finished = rehearsal.import(flags);
        assert_eq!(finished.stderr, stderr);
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (2, ""),
            "{stderr}"
        );
        assert_eq!(rehearsal.seen().requests, 0, "{stderr}");
        assert!(
            !rehearsal.path("pairs.report.csv").exists(),
            "no report is left: {stderr}"
        );
    }
}

#[test]
fn a_missing_file_and_a_directory_are_named() {
    let rehearsal = Rehearsal::new();
    assert_eq!(
        rehearsal.import(&[]).stderr,
        "error: `pairs.csv` does not exist\n"
    );
    std::fs::create_dir(rehearsal.path("pairs.csv")).unwrap();
    let finished = rehearsal.import(&[]);
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (2, "error: `pairs.csv` is a directory, not a CSV file\n")
    );
}

#[test]
fn an_unclosed_quote_stops_the_run_at_its_line_after_the_rows_before_it() {
    let endless = format!(
        "{HEADER}\ncontacts,1,companies,2\ncontacts,\"{}",
        "x\n".repeat(3_000_000)
    );
    let rest = format!(
        "{HEADER}\ncontacts,1,companies,2\ncontacts,\"3,companies,4\ncontacts,5,companies,6\n"
    );
    for (content, end) in [
        (endless, "does not end within 4 MiB"),
        (rest, "is never closed"),
    ] {
        let rehearsal = Rehearsal::new().file(content);
        let finished = rehearsal.import(&[]);
        assert_eq!(finished.code, 2);
        let error = format!(
            "error: `pairs.csv` line 3: a quoted field opens here in `from_object_id` (column 2) and {end}; \
             1 row is in the report\n"
        );
        assert!(finished.stderr.starts_with(&error), "{}", finished.stderr);
        assert_eq!(
            (rehearsal.outcomes(), rehearsal.seen().requests),
            (vec!["1 associated".to_owned()], 1)
        );
    }
}

#[test]
fn a_damaged_row_is_invalid_and_names_column_value_and_cause() {
    let spreadsheet = "a spreadsheet rounded it: re-export the column as text";
    for (row, problem) in [
        ("contacts,5.12E+11,companies,2", format!("`from_object_id` (column 2): `5.12E+11` is in scientific notation, {spreadsheet}")),
        ("contacts,1,companies,51200.0", format!("`to_object_id` (column 4): `51200.0` is a decimal number, {spreadsheet}")),
        ("contacts,,companies,2", "`from_object_id` (column 2) is blank".into()),
        (",1,companies,2", "`from_object_type` (column 1) is blank".into()),
        ("contacts,12a,companies,2", "`from_object_id` (column 2): `12a` has letters, an id has only digits".into()),
        ("contacts,-12,companies,2", "`from_object_id` (column 2): `-12` has a sign, an id has only digits".into()),
        ("contacts,0,companies,2", "`from_object_id` (column 2): `0` is zero, no record has that id".into()),
        ("contacts,1;2,companies,2", "`from_object_id` (column 2): `1;2` is a list where one id was expected, see `--split`".into()),
        (
            "contacts,123456789012345678901,companies,2",
            "`from_object_id` (column 2): `123456789012345678901` has 21 digits, an id has at most 20".into(),
        ),
        ("contacts/1,1,companies,2", "`from_object_type` (column 1): `contacts/1` has `/`, a type has letters, digits, `_` and `-`".into()),
        (
            "contacts,\"1\"2,companies,7",
            "`from_object_id` (column 2): `12` has text after its closing quote".into(),
        ),
        ("contacts,1,companies", "expected 4 fields, found 3".into()),
        ("contacts,1,companies,2,3", "expected 4 fields, found 5".into()),
    ] {
        let rehearsal = Rehearsal::new().rows([row]);
        let finished = rehearsal.import(&[]);
        assert_eq!((finished.code, finished.stderr.as_str()), (1, ""), "{row}");
        let line = &rehearsal.report()[0];
        let found = [&line["outcome"], &line["error_categories"], &line["num_errors"], &line["attempts"]];
        assert_eq!(found, ["invalid", "CLIENT_INVALID_ROW", "1", "0"], "{row}");
        assert_eq!(line["error_message"], problem, "{row}");
        assert_eq!(rehearsal.seen().requests, 0, "{row}");
    }
}

#[test]
fn delimiters_byte_order_marks_and_line_ends_are_recognised() {
    let text = format!("{HEADER}\ncontacts,1,companies,2\ncontacts,3,companies,4");
    let mut utf16_with_mark = vec![0xff, 0xfe];
    utf16_with_mark.extend(utf16(&text));
    for content in [
        text.clone().into_bytes(),
        text.replace(',', ";").into_bytes(),
        text.replace(',', "\t").into_bytes(),
        text.replace(',', "|").into_bytes(),
        text.replace('\n', "\r\n").into_bytes(),
        format!("\u{feff}{text}\n").into_bytes(),
        text.replace("contacts", "\"contacts\"").into_bytes(),
        utf16_with_mark,
    ] {
        let rehearsal = Rehearsal::new().file(&content);
        let finished = rehearsal.import(&[]);
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (0, ""),
            "{content:?}"
        );
        assert!(
            rehearsal
                .seen()
                .pair("contacts", "3", "companies", "4")
                .associated
        );
        let mut lines: Vec<_> = rehearsal
            .report()
            .iter()
            .map(|line| line["line"].clone())
            .collect();
        // Replies may come in any order.
        lines.sort();
        assert_eq!(lines, ["2", "3"]);
    }
}

#[test]
fn a_line_number_is_where_the_row_starts_whatever_precedes_it() {
    let text = format!(
        "{HEADER},note\ncontacts,1,companies,2,\"a\nb\r\nc\"\n\n\r\ncontacts,3,companies,4,x\n"
    );
    let rehearsal = Rehearsal::new().file(text);
    rehearsal.import(&[]);
    // Replies may come in any order.
    let mut places: Vec<_> = rehearsal
        .report()
        .iter()
        .map(|line| [line["row"].clone(), line["line"].clone()])
        .collect();
    places.sort();
    assert_eq!(places, [["1", "2"], ["2", "7"]]);
}

#[test]
fn a_column_that_a_flag_overrides_causes_a_warning() {
    let rehearsal = Rehearsal::new().rows(["deals,1,companies,2"]);
    let finished = rehearsal.import(&["--from-type", "contacts"]);
    assert_eq!(finished.code, 0);
    assert!(
        finished.stderr.contains("WARN the column `from_object_type` (column 1) is not read: a flag gives the type for all rows\n"),
        "{}",
        finished.stderr
    );
    assert!(
        rehearsal
            .seen()
            .pair("contacts", "1", "companies", "2")
            .associated
    );
}

#[test]
fn a_pipe_that_stays_open_does_not_delay_a_stop() {
    let rehearsal = Rehearsal::new();
    let url = rehearsal.url();
    let mut command = rehearsal.command(&[
        "import",
        "-",
        "--base-url",
        &url,
        "--report",
        "r.csv",
        "-vvv",
    ]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin();
    std::io::Write::write_all(
        &mut pipe,
        format!("{HEADER}\ncontacts,1,companies,2\n").as_bytes(),
    )
    .unwrap();
    let mut stderr = child.stderr();
    stderr.until("outcome=");
    signal(&child, "TERM");
    assert_eq!(child.ended().code(), Some(143));
    drop(pipe);
    assert_eq!(rehearsal.report_named("r.csv").len(), 1);
}
