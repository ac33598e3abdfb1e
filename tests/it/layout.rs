//! Unusual lines and fields: no header, lines above it, comments, blank rows, quotes that swallow rows. Imported,
//! resumed, and imported again from the rejects.

use std::process::Stdio;

use crate::support::{Finished, HEADER, Rehearsal, finish, good_rows};

/// Ids without a record.
const MISSING: [&str; 2] = ["997000000000001", "997000000000002"];

const NUMBERED: [&str; 9] = [
    "--no-header",
    "--from-type",
    "contacts",
    "--from-id-column",
    "#1",
    "--to-type",
    "companies",
    "--to-id-column",
    "#2",
];

/// Imports a file other than `pairs.csv`.
fn import_of(rehearsal: &Rehearsal, file: &str, flags: &[&str]) -> Finished {
    let url = rehearsal.url();
    let start = ["import", file, "--base-url", &url, "--rate", "unlimited"];
    let arguments = [&start, flags].concat();
    finish(rehearsal.command(&arguments).output().unwrap())
}

fn text(rehearsal: &Rehearsal, name: &str) -> String {
    std::fs::read_to_string(rehearsal.path(name)).unwrap()
}

#[test]
fn a_file_without_a_header_loses_no_row_and_its_rejects_can_be_imported() {
    let [one, other] = MISSING;
    let rehearsal = Rehearsal::new().file(format!("101,201\n{one},202\n103,203,\n{other},204,,\n"));
    let finished = rehearsal.import(&NUMBERED[1..]);
    assert_eq!(finished.code, 2);
    assert!(
        finished.stderr.contains(
            "the header has ids where it should name columns: `101` (column 1) and `201` (column 2)"
        ),
        "{}",
        finished.stderr
    );
    assert!(finished.stderr.contains("add `--no-header`"));
    assert_eq!(rehearsal.seen().requests, 0);

    let flags = [&NUMBERED[..], &["--rejects", "r.csv"]].concat();
    let finished = rehearsal.import(&flags);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(
        rehearsal.outcomes(),
        ["1 associated", "2 rejected", "3 associated", "4 rejected"]
    );
    assert!(
        rehearsal
            .seen()
            .pair("contacts", "101", "companies", "201")
            .associated
    );
    let rejects = text(&rehearsal, "r.csv");
    let firsts: Vec<_> = rejects
        .lines()
        .map(|line| line.split(',').take(3).collect::<Vec<_>>())
        .collect();
    assert_eq!(firsts.len(), 2);
    assert_eq!(firsts[0], [one, "202", "VALIDATION_ERROR"]);
    assert_eq!(firsts[1], [other, "204", "VALIDATION_ERROR"]);
    // The same flags can read the rejects, and may replace them.
    let again = [&NUMBERED[..], &["--rejects", "r2.csv"]].concat();
    let finished = import_of(&rehearsal, "r.csv", &again);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(rehearsal.report_named("r.report.csv").len(), 2);
    let finished = rehearsal.import(&[&flags[..], &["--resume", "--retry-rejected"]].concat());
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(text(&rehearsal, "r.csv").lines().count(), 2);
}

#[test]
fn columns_of_a_file_without_a_header_have_numbers_only() {
    let rehearsal = Rehearsal::new().file("101,201\n");
    for (flags, error) in [
        (
            &[
                "--no-header",
                "--from-type",
                "contacts",
                "--to-type",
                "companies",
            ][..],
            "error: `pairs.csv` without a header: no column for the from id; no column for the to id\n\
             hint: without a header, name columns by number, such as `--from-id-column '#1'`, `--to-id-column '#2'`\n",
        ),
        (
            &[&NUMBERED[..8], &["Company"]].concat(),
            "error: `pairs.csv` without a header: no column `Company` for the to id: with `--no-header` columns have no names\n\
             hint: without a header, name columns by number, such as `--to-id-column '#2'`\n",
        ),
        (
            &[&NUMBERED[..8], &["#3"]].concat(),
            "error: `pairs.csv` without a header: no column #3 for the to id: the first row has 2\n\
             hint: without a header, name columns by number, such as `--to-id-column '#2'`\n",
        ),
    ] {
        let finished = rehearsal.import(flags);
        assert_eq!((finished.code, finished.stderr.as_str()), (2, error));
    }
}

#[test]
fn lines_above_the_header_and_comments_are_neither_imported_nor_written_to_the_rejects() {
    let [one, other] = MISSING;
    let rehearsal = Rehearsal::new().file(format!(
        "Report \"a\r\nof 2026\r\n{HEADER}\r\ncontacts,1,companies,2\r\n# contacts,3,companies,4\r\n\
         contacts,{one},companies,5\r\n#\r\ncontacts,{other},companies,6\r\n"
    ));
    let plain = rehearsal.import(&[]);
    assert_eq!(plain.code, 2);
    assert!(
        plain
            .stderr
            .ends_with("hint: line 3 has the columns: add `--skip-lines 2`\n"),
        "{}",
        plain.stderr
    );
    let layout = ["--skip-lines", "2", "--comment", "#"];
    let stop = ["--max-failed", "1", "--concurrency", "1"];
    let flags = [&layout[..], &["--rejects", "r.csv"], &stop].concat();
    let stopped = rehearsal.import(&flags);
    assert_eq!(stopped.code, 4, "{}", stopped.stderr);
    let next = "run `hubspot-associate import pairs.csv --base-url";
    assert!(stopped.stderr.contains(next), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("--skip-lines 2 --comment '#'"));
    let resumed = rehearsal.import(&[&layout[..], &["--rejects", "r.csv", "--resume"]].concat());
    assert_eq!(resumed.code, 1, "{}", resumed.stderr);
    let lines: Vec<_> = rehearsal
        .report()
        .iter()
        .map(|line| line["line"].clone())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        rehearsal.outcomes(),
        ["1 associated", "2 rejected", "3 rejected"]
    );
    let rejects = text(&rehearsal, "r.csv");
    let expected = format!(
        "Report \"a\nof 2026\n{HEADER},error_category,error_message\ncontacts,{one},companies,5,"
    );
    assert!(rejects.starts_with(&expected), "{rejects}");
    assert_eq!(rejects.lines().count(), 5);
    let finished = import_of(&rehearsal, "r.csv", &layout);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(rehearsal.report_named("r.report.csv").len(), 2);
}

#[test]
fn the_layout_flags_can_be_set_by_variables() {
    let rehearsal = Rehearsal::new().file("a\nb\n#x\n1,2\n");
    let output = rehearsal
        .import_command(&NUMBERED[1..])
        .env("HUBSPOT_ASSOCIATE_NO_HEADER", "1")
        .env("HUBSPOT_ASSOCIATE_SKIP_LINES", "2")
        .env("HUBSPOT_ASSOCIATE_COMMENT", "#")
        .output()
        .unwrap();
    let finished = finish(output);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    assert!(
        rehearsal
            .seen()
            .pair("contacts", "1", "companies", "2")
            .associated
    );
}

#[test]
fn blank_rows_have_no_report_line_and_do_not_count_as_failures() {
    let blank = (0..300).map(|row| [",,,", " , ,,", "\"\",,,\"\"", ""][row % 4].to_owned());
    let rows = good_rows(20)
        .chain(blank)
        .chain(["contacts,7,companies,8".to_owned()]);
    let rehearsal = Rehearsal::new().rows(rows);
    let finished = rehearsal.import(&["--max-failed", "1"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let lines = rehearsal.report();
    assert_eq!(lines.len(), 21);
    let last = lines.iter().find(|line| line["row"] == "21").unwrap();
    assert_eq!(
        (last["line"].as_str(), last["from_object_id"].as_str()),
        ("322", "7")
    );
    // The row numbers are the same when the report is compared with the input.
    let finished = rehearsal.import(&["--resume"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
}

#[test]
fn rows_with_too_few_or_too_many_empty_cells_are_sent_and_their_rejects_fit_the_header() {
    let [one, other] = MISSING;
    let rehearsal = Rehearsal::new().file(format!(
        "{HEADER},note,more\ncontacts,1,companies,2\ncontacts,{one},companies,3\ncontacts,{other},companies,4,x,,,\n\
         contacts,5,companies\n"
    ));
    let finished = rehearsal.import(&["--rejects", "r.csv", "--max-failed-percent", "100"]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(
        rehearsal.outcomes(),
        ["1 associated", "2 rejected", "3 rejected", "4 invalid"]
    );
    let rejects = text(&rehearsal, "r.csv");
    let lines: Vec<&str> = rejects.lines().collect();
    assert!(
        lines[1].starts_with(&format!("contacts,{one},companies,3,,,VALIDATION_ERROR,")),
        "{rejects}"
    );
    assert!(
        lines[2].starts_with(&format!(
            "contacts,{other},companies,4,x,,VALIDATION_ERROR,"
        )),
        "{rejects}"
    );
    assert_eq!(
        lines[3],
        "contacts,5,companies,CLIENT_INVALID_ROW,\"expected 6 fields, found 3\""
    );
    // Imported again, every row has the same outcome as before.
    let finished = import_of(&rehearsal, "r.csv", &["--max-failed-percent", "100"]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let mut outcomes: Vec<_> = rehearsal
        .report_named("r.report.csv")
        .into_iter()
        .map(|line| line["outcome"].clone())
        .collect();
    outcomes.sort();
    assert_eq!(outcomes, ["invalid", "rejected", "rejected"]);
}

#[test]
fn a_quote_that_swallows_rows_stops_the_run_at_its_line() {
    let rehearsal = Rehearsal::new().file(
        "from_object_type,from_object_id,note,to_object_type,to_object_id\n\
         contacts,1,fine,companies,11\n\
         contacts,2,\"called on monday,companies,12\n\
         contacts,3,fine,companies,13\n\
         contacts,4,\"will call back\",companies,14\n",
    );
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 2);
    let error = "error: `pairs.csv` line 3: a quoted field opens here in `note` (column 3) and spans lines, with text \
                 after its closing quote; 1 row is in the report\n";
    assert!(finished.stderr.starts_with(error), "{}", finished.stderr);
    assert!(finished.stderr.contains("--resume`"), "{}", finished.stderr);
    assert_eq!(
        (rehearsal.outcomes(), rehearsal.seen().requests),
        (vec!["1 associated".to_owned()], 1)
    );
    let checked = finish(rehearsal.command(&["check", "pairs.csv"]).output().unwrap());
    assert_eq!(checked.code, 2);
    assert!(
        checked
            .stderr
            .contains("line 3: a quoted field opens here in `note`")
    );
}

#[test]
fn rows_that_may_be_part_of_a_quoted_cell_cause_a_warning() {
    let rehearsal = Rehearsal::new().file(format!(
        "{HEADER},note\ncontacts,1,companies,11,\"Big Al\ncontacts,2,companies,12,fine\ncontacts,3,companies,13,tv 12\"\n\
         contacts,4,companies,14,\"two\nlines, \"\"quoted\"\"\"\n"
    ));
    let checked = finish(rehearsal.command(&["check", "pairs.csv"]).output().unwrap());
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    assert!(
        checked
            .stdout
            .contains("\nrows in quotes: 1, the first on line 2: "),
        "{}",
        checked.stdout
    );
    let json = finish(
        rehearsal
            .command(&["check", "pairs.csv", "--json"])
            .output()
            .unwrap(),
    );
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        json["quoted_rows"],
        serde_json::json!({"rows": 1, "first_line": 2})
    );
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 0);
    assert_eq!(
        finished
            .stderr
            .matches("look like rows of this file")
            .count(),
        1,
        "{}",
        finished.stderr
    );
}

#[test]
fn files_that_are_not_csv_are_identified_by_check_and_import() {
    let utf_32: Vec<u8> = HEADER
        .chars()
        .flat_map(|c| u32::from(c).to_le_bytes())
        .collect();
    let mut tar = vec![0; 1024];
    tar[..9].copy_from_slice(b"pairs.csv");
    tar[257..262].copy_from_slice(b"ustar");
    for (content, what) in [
        (utf_32, "text in UTF-32"),
        (tar, "a tar archive"),
        (
            b"<!doctype html><title>Sign in</title>".to_vec(),
            "a web page (HTML)",
        ),
        (
            b"{\"from_id\":1,\"to_id\":2}\n{\"from_id\":3,\"to_id\":4}\n".to_vec(),
            "JSON lines",
        ),
        (b"%PDF-1.7\n".to_vec(), "a PDF document"),
    ] {
        let rehearsal = Rehearsal::new().file(content);
        let message = format!("error: `pairs.csv` is {what}, not a CSV file\nhint: ");
        for finished in [
            rehearsal.import(&[]),
            finish(
                rehearsal
                    .command(&["check", "pairs.csv"])
                    .stdin(Stdio::null())
                    .output()
                    .unwrap(),
            ),
        ] {
            assert_eq!(finished.code, 2);
            assert!(finished.stderr.starts_with(&message), "{}", finished.stderr);
        }
    }
}
