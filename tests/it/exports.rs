//! HubSpot's own exports: lists of ids in wide files, one line for every id.

use crate::support::{Line, Rehearsal};

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

const COLUMNS: [&str; 8] = [
    "--from-type",
    "contacts",
    "--from-id-column",
    "Record ID",
    "--to-type",
    "companies",
    "--to-id-column",
    "Associated Company IDs",
];

fn with_split(more: &[&'static str]) -> Vec<&'static str> {
    [&COLUMNS[..], &["--split", ";"], more].concat()
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
    let flags = [&COLUMNS[..], &["--split", "."]].concat();
    let finished = rehearsal.import(&flags);
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stderr
            .contains("a separator has no letters and digits, and none of `.` `+` `-`"),
        "{}",
        finished.stderr
    );
    assert_eq!(rehearsal.seen().requests, 0);
}
