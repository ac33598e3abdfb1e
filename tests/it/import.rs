//! A plain import, and the report that it writes.

use crate::support::{HEADER, Rehearsal, finish, good_rows};

#[test]
fn every_row_is_associated_and_has_one_line() {
    let rehearsal = Rehearsal::new().rows(good_rows(300));
    let finished = rehearsal.import(&[]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let expected: Vec<_> = (1..=300).map(|row| format!("{row} associated")).collect();
    assert_eq!(rehearsal.outcomes(), expected);
    let seen = rehearsal.seen();
    assert_eq!((seen.requests, seen.pairs_associated), (300, 300));
    assert!(
        finished.stdout.starts_with("finished: 300 rows in "),
        "{}",
        finished.stdout
    );
    assert!(
        finished.stdout.contains("\n  associated          300\n"),
        "{}",
        finished.stdout
    );
}

#[test]
fn a_report_line_has_all_known_values_of_its_row() {
    let rehearsal = Rehearsal::new().rows(["contacts,41001,companies,52002"]);
    rehearsal.import(&[]);
    let line = &rehearsal.report()[0];
    for (column, value) in [
        ("row", "1"),
        ("line", "2"),
        ("from_object_type", "contacts"),
        ("from_object_id", "41001"),
        ("to_object_type", "companies"),
        ("to_object_id", "52002"),
        ("outcome", "associated"),
        ("http_status", "200"),
        ("batch_status", "COMPLETE"),
        ("num_errors", "0"),
        ("error_categories", ""),
        ("error_subcategories", ""),
        ("error_message", ""),
        ("association_type_ids", "279;280"),
        ("attempts", "1"),
        ("existed_before", ""),
        ("end_of_run", "1"),
    ] {
        assert_eq!(line[column], value, "{column}");
    }
    assert_eq!(line.len(), 27);
    assert_eq!(line["correlation_id"].len(), 36);
    let finished_at: jiff::Timestamp = line["finished_at"].parse().unwrap();
    assert!(line["finished_at"].ends_with('Z'));
    assert!(finished_at > jiff::Timestamp::UNIX_EPOCH);
}

#[test]
fn types_and_columns_may_be_given_by_flags() {
    let rehearsal =
        Rehearsal::new().file("Name,Record ID,Company\nAda,41001,52001\nBob,41002,52002\n");
    let finished = rehearsal.import(&[
        "--from-type",
        "contacts",
        "--from-id-column",
        "record_id",
        "--to-type",
        "0-2",
        "--to-id-column",
        "#3",
    ]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    assert!(
        rehearsal
            .seen()
            .pair("contacts", "41002", "companies", "52002")
            .associated
    );
}

#[test]
fn a_pilot_sends_the_first_rows_only_and_succeeds() {
    let rehearsal = Rehearsal::new().rows(good_rows(50));
    assert_eq!(rehearsal.import(&["--first", "7"]).code, 0);
    assert_eq!(
        (rehearsal.report().len(), rehearsal.seen().requests),
        (7, 7)
    );
}

#[test]
fn an_input_with_only_a_header_is_a_finished_run() {
    for text in [HEADER.to_owned(), format!("{HEADER}\n\n\n")] {
        let rehearsal = Rehearsal::new().file(text);
        let finished = rehearsal.import(&[]);
        assert_eq!((finished.code, rehearsal.report().len()), (0, 0));
        assert!(
            finished.stdout.starts_with("finished: 0 rows"),
            "{}",
            finished.stdout
        );
    }
}

#[test]
fn each_version_of_the_api_has_its_own_path() {
    for version in ["v4", "2026-03", "2026-09"] {
        let rehearsal = Rehearsal::new().rows(good_rows(3));
        assert_eq!(
            rehearsal.import(&["--api-version", version]).code,
            0,
            "{version}"
        );
        assert_eq!(rehearsal.seen().pairs_associated, 3);
    }
}

#[test]
fn an_existing_report_is_kept_unless_a_flag_says_otherwise() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    rehearsal.import(&[]);
    let before = std::fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    let again = rehearsal.import(&[]);
    assert_eq!(again.code, 2);
    assert_eq!(
        again.stderr,
        "error: the report `pairs.report.csv` exists already\n\
         hint: `--resume` continues it, `--overwrite` replaces it, `--report PATH` writes another\n"
    );
    assert_eq!(
        std::fs::read(rehearsal.path("pairs.report.csv")).unwrap(),
        before
    );
    assert_eq!(rehearsal.seen().requests, 3);
    assert_eq!(rehearsal.import(&["--overwrite"]).code, 0);
    assert_eq!(rehearsal.report().len(), 3);
}

#[test]
fn the_report_never_replaces_the_input() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    let finished = rehearsal.import(&["--report", "./pairs.csv", "--overwrite"]);
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stderr
            .starts_with("error: the report `./pairs.csv` is the input itself\n")
    );
    assert!(
        std::fs::read_to_string(rehearsal.path("pairs.csv"))
            .unwrap()
            .starts_with(HEADER)
    );
}

#[test]
fn a_report_never_replaces_what_standard_input_reads() {
    let rehearsal = Rehearsal::new().rows(good_rows(500));
    let url = rehearsal.url();
    let arguments = [
        "import",
        "-",
        "--base-url",
        &url,
        "--report",
        "pairs.csv",
        "--overwrite",
    ];
    let input = std::fs::File::open(rehearsal.path("pairs.csv")).unwrap();
    let finished = finish(rehearsal.command(&arguments).stdin(input).output().unwrap());
    assert_eq!(finished.code, 2);
    let text = std::fs::read_to_string(rehearsal.path("pairs.csv")).unwrap();
    assert_eq!(text.lines().count(), 501);
}

#[test]
fn an_unwritable_report_has_its_own_exit_status() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    for path in ["nowhere/r.csv", "/dev/full"] {
        let finished = rehearsal.import(&["--report", path]);
        assert_eq!(finished.code, 6, "{path}");
        assert!(finished.stderr.starts_with(&format!(
            "error: cannot write the report `{path}`\n  caused by: "
        )));
    }
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn standard_input_is_read_and_needs_a_report_path() {
    let rehearsal = Rehearsal::new().rows(good_rows(20));
    let url = rehearsal.url();
    let run = |flags: &[&str]| {
        let input = std::fs::File::open(rehearsal.path("pairs.csv")).unwrap();
        let arguments = [
            &["import", "-", "--base-url", &url, "--rate", "unlimited"],
            flags,
        ]
        .concat();
        finish(rehearsal.command(&arguments).stdin(input).output().unwrap())
    };
    let refused = run(&[]);
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .starts_with("error: standard input needs `--report PATH`"),
        "{}",
        refused.stderr
    );
    assert_eq!(run(&["--report", "r.csv"]).code, 0);
    assert_eq!(rehearsal.report_named("r.csv").len(), 20);
}

#[test]
fn a_rehearsal_needs_no_token_and_can_be_repeated() {
    let rehearsal = Rehearsal::new().rows(good_rows(5));
    for _ in 0..2 {
        let mut command =
            rehearsal.command(&["import", "pairs.csv", "--sandbox", "--rate", "unlimited"]);
        let finished = finish(command.env_remove("HUBSPOT_ACCESS_TOKEN").output().unwrap());
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
        assert_eq!(rehearsal.report_named("pairs.sandbox.report.csv").len(), 5);
        let next = "next: the real run, with HUBSPOT_ACCESS_TOKEN set: hubspot-associate import pairs.csv --rate unlimited\n";
        assert!(finished.stdout.ends_with(next), "{}", finished.stdout);
    }
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn the_summary_names_the_causes_and_what_to_do_next() {
    let mut rows: Vec<_> = good_rows(3).collect();
    rows.push("contacts,997000000000001,companies,1".to_owned());
    rows.push("contacts,997000000000002,companies,1".to_owned());
    rows.push("contacts,1.0,companies,1".to_owned());
    let rehearsal = Rehearsal::new().rows(rows);
    let finished = rehearsal.import(&[]);
    assert_eq!((finished.code, finished.stderr.as_str()), (1, ""));
    let (first, rest) = finished.stdout.split_once('\n').unwrap();
    assert!(first.starts_with("finished: 6 rows in "), "{first}");
    assert_eq!(
        rest,
        format!(
            "  associated            3
  rejected              2
  invalid               1
why:
         2  rejected VALIDATION_ERROR
            a record does not exist or is deleted, or the token has no access to it
         1  invalid CLIENT_INVALID_ROW
            correct the rows in the input: the report shows the column and the reason
requests: 5, no 429 replies
report: pairs.report.csv
next: fix the causes, then run: hubspot-associate import pairs.csv --base-url {} --rate unlimited --resume --retry-rejected
",
            rehearsal.url()
        )
    );
}
