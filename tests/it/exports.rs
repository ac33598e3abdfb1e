//! HubSpot's own exports: lists of ids in wide files, with one report line for every id.

use crate::support::{EXPORT, Line, Rehearsal, finish};

/// `row from to outcome category` of each line, in the order of rows and ids.
fn lines(report: &[Line]) -> Vec<String> {
    let mut lines: Vec<_> = report
        .iter()
        .map(|line| {
            let number = |column: &str| line[column].parse::<u64>().unwrap_or_default();
            let key = (
                number("row"),
                number("from_object_id"),
                number("to_object_id"),
            );
            let text = format!(
                "{} {} {} {} {}",
                line["row"],
                line["from_object_id"],
                line["to_object_id"],
                line["outcome"],
                line["error_categories"]
            );
            (key, text.trim_end().to_owned())
        })
        .collect();
    lines.sort();
    lines.into_iter().map(|(_, text)| text).collect()
}

fn with_split(more: &[&'static str]) -> Vec<&'static str> {
    [&EXPORT[..], &["--split", ";"], more].concat()
}

#[test]
fn every_id_of_a_list_has_its_line() {
    let rehearsal = Rehearsal::new().file(
        "Record ID,Associated Company IDs\n41001,52001;52002; 52001\n41002,\n41003,52003;5.2E+4;52004\nx,52005\n",
    );
    let finished = rehearsal.import(&with_split(&[]));
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (1, ""),
        "{}",
        finished.stdout
    );
    let mut expected = [
        "1 41001 52001 associated",
        "1 41001 52002 associated",
        "2 41002  skipped CLIENT_NOTHING_TO_LINK",
        "3 41003 52003 associated",
        "3 41003 5.2E+4 invalid CLIENT_INVALID_ROW",
        "3 41003 52004 associated",
        "4 x 52005 invalid CLIENT_INVALID_ROW",
    ];
    let mut found = lines(&rehearsal.report());
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
    let report = rehearsal.report();
    let skipped = report.iter().find(|line| line["outcome"] == "skipped");
    let skipped = skipped.unwrap();
    assert_eq!(
        [
            &skipped["num_errors"],
            &skipped["attempts"],
            &skipped["error_message"]
        ],
        ["0", "0", "the list of ids is empty"]
    );
    assert_eq!(rehearsal.seen().requests, 4);
}

#[test]
fn a_pilot_counts_the_rows_of_the_file() {
    let rehearsal = Rehearsal::new()
        .file("Record ID,Associated Company IDs\n41001,52001;52002\n41002,52003\n41003,52004\n");
    let finished = rehearsal.import(&with_split(&["--first", "2"]));
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(
        lines(&rehearsal.report()),
        [
            "1 41001 52001 associated",
            "1 41001 52002 associated",
            "2 41002 52003 associated"
        ]
    );
}

#[test]
fn a_separator_that_ids_may_contain_is_refused() {
    let rehearsal = Rehearsal::new().file("Record ID,Associated Company IDs\n41001,52001\n");
    let flags = [&EXPORT[..], &["--split", "."]].concat();
    let finished = rehearsal.import(&flags);
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stderr
            .contains("a separator cannot contain letters, digits, `.`, `+` or `-`"),
        "{}",
        finished.stderr
    );
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn a_compressed_file_needs_no_flag_and_names_the_report_without_its_extension() {
    let rehearsal = Rehearsal::new();
    let text = "from_type,from_id,to_type,to_id\ncontacts,41001,companies,52001\n";
    let bytes = zstd::encode_all(text.as_bytes(), 3).unwrap();
    std::fs::write(rehearsal.path("pairs.csv.zst"), bytes).unwrap();
    let url = rehearsal.url();
    let arguments = ["import", "pairs.csv.zst", "--base-url", &url];
    let finished = finish(rehearsal.command(&arguments).output().unwrap());
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    assert_eq!(lines(&rehearsal.report()), ["1 41001 52001 associated"]);
}

#[test]
fn a_truncated_compressed_file_stops_the_run_after_its_complete_rows() {
    let text = "from_type,from_id,to_type,to_id\ncontacts,41001,companies,52001\ncontacts,41002,companies,52002\n";
    let level = flate2::Compression::default();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    let whole = encoder.finish().unwrap();
    // Without the checksum at its end.
    let rehearsal = Rehearsal::new().file(&whole[..whole.len() - 8]);
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 2);
    let cut = format!(
        "caused by: the gzip data is cut off at byte {} of the compressed file\n",
        whole.len() - 8
    );
    assert!(finished.stderr.contains(&cut), "{}", finished.stderr);
    assert_eq!(lines(&rehearsal.report()).len(), 2);
}

#[test]
fn another_encoding_is_read_by_its_name_and_suggested_where_a_header_is_damaged() {
    let text = b"from_type,from_id,to_type,Soci\xe9t\xe9\ncontacts,41001,companies,52001\n";
    let rehearsal = Rehearsal::new().file(text);
    let flags = ["--to-id-column", "soci\u{e9}t\u{e9}"];
    let finished = rehearsal.import(&flags);
    assert_eq!(finished.code, 2);
    assert!(
        finished.stderr.contains("`--encoding windows-1252`"),
        "{}",
        finished.stderr
    );
    let finished = rehearsal.import(&[&flags[..], &["--encoding", "latin1"]].concat());
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
}

#[test]
fn the_error_for_an_export_has_a_command_that_works() {
    let rehearsal = Rehearsal::new().file(
        "Record ID,First Name,Associated Company,Associated Company IDs\n41001,Ann,Umbrella;Acme,52001;52002\n",
    );
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 2);
    let (_, command) = finished.stderr.split_once("`hubspot-associate ").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    let finished = rehearsal.shell(&format!("hubspot-associate {command}"));
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(
        lines(&rehearsal.report()),
        ["1 41001 52001 associated", "1 41001 52002 associated"]
    );
}

/// An export like those of HubSpot's Spanish users: a byte order mark, CRLF, hundreds of columns with quoted
/// headers, lists of ids, cells of 180 kB with line breaks and quotes. Row 7 has a cell that a spreadsheet damaged.
fn spanish_export(rows: u64, columns: usize) -> (String, Vec<String>) {
    let mut text = String::from("\u{feff}\"ID de registro\",\"Nombre\",\"Apellidos\"");
    for column in 4..=columns - 2 {
        text.extend([",\"Propiedad ", &column.to_string(), "\""]);
    }
    text.push_str(",\"Associated Email\",\"Associated Company IDs\"\r\n");
    let mut expected = Vec::new();
    for row in 1..=rows {
        let id = (41_000 + row).to_string();
        text.extend([&id, ",\"O'Hara; \"\"Ann\"\"\",Müller"]);
        text.push_str(&",".repeat(columns - 5));
        let email = "Hola; \"\"¿qué tal?\"\"\r\nañadido, 123\n".repeat(4700);
        let email = if row % 5 == 0 { &email } else { "" };
        let ids: Vec<_> = (0..row % 4)
            .map(|place| (52_000 + row * 4 + place).to_string())
            .collect();
        let mut list = ids.join(";");
        if row == 7 {
            list.push_str(";5.66275E+11");
            expected.push(format!("7 {id} 5.66275E+11 invalid CLIENT_INVALID_ROW"));
        }
        expected.extend(ids.iter().map(|to| format!("{row} {id} {to} associated")));
        if ids.is_empty() {
            expected.push(format!("{row} {id}  skipped CLIENT_NOTHING_TO_LINK"));
        }
        text.extend([",\"", email, "\",", &list, "\r\n"]);
    }
    (text, expected)
}

#[test]
fn an_export_of_wide_rows_and_large_cells_imports_with_one_command() {
    for columns in [200, 600] {
        import_export(columns);
    }
}

fn import_export(columns: usize) {
    let (text, mut expected) = spanish_export(60, columns);
    let rehearsal = Rehearsal::new().file(text);
    let hint = rehearsal.import(&[]).stderr;
    let (_, command) = hint.split_once("`hubspot-associate ").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    assert_eq!(
        command,
        format!(
            "import pairs.csv --base-url {} --rate unlimited --from-type contacts --from-id-column 'ID de registro' \
             --to-type companies --to-id-column 'Associated Company IDs' --split ';'",
            rehearsal.url()
        )
    );
    let script = format!("hubspot-associate {command} --rejects r.csv");
    let finished = rehearsal.shell(&script);
    assert_eq!((finished.code, finished.stderr.as_str()), (1, ""));
    let mut found = lines(&rehearsal.report());
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    // The line on which a row starts includes the line breaks in the cells before it.
    let last = rehearsal
        .report()
        .into_iter()
        .find(|line| line["row"] == "60");
    assert_eq!(last.unwrap()["line"], (61 + 11 * 2 * 4700).to_string());
    // The damaged id is in the rejects with its whole row.
    let mut rejects = csv::Reader::from_path(rehearsal.path("r.csv")).unwrap();
    assert_eq!(rejects.headers().unwrap().len(), columns + 2);
    let records: Vec<_> = rejects.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 1);
    assert_eq!(&records[0][0], "41007");
    assert_eq!(&records[0][1], "O'Hara; \"Ann\"");
    assert_eq!(&records[0][columns - 1], "5.66275E+11");
    assert_eq!(&records[0][columns], "CLIENT_INVALID_ROW");
}
