//! The column with the labels of rows: how it is found, what its cells may hold, and what `check` says about it.

use serde_json::json;

use crate::support::{Finished, Rehearsal, finish};

/// Contacts and companies, with the label in the column `Role`.
const TYPES: [&str; 4] = ["--from-type", "contacts", "--to-type", "companies"];

fn run(rehearsal: &Rehearsal, command: &[&str], flags: &[&str]) -> Finished {
    let arguments = [command, &TYPES, flags].concat();
    let mut command = rehearsal.command(&arguments);
    finish(command.env_remove("HUBSPOT_ACCESS_TOKEN").output().unwrap())
}

fn check(rehearsal: &Rehearsal, flags: &[&str]) -> Finished {
    run(rehearsal, &["check", "pairs.csv"], flags)
}

fn check_json(rehearsal: &Rehearsal, flags: &[&str]) -> serde_json::Value {
    let finished = check(rehearsal, &[flags, &["--json"]].concat());
    serde_json::from_str(&finished.stdout).unwrap()
}

const ROWS: &str = "from_id,to_id,Role\n1,2,CEO\n3,4,CFO\n1,2,CFO\n3,4, cfo \n5,6,CEO\n7,8,\n";

#[test]
fn check_shows_the_labels_and_compares_pairs_with_them() {
    let rehearsal = Rehearsal::new().file(ROWS);
    let flags = ["--label-column", "role"];
    let finished = check(&rehearsal, &flags);
    assert_eq!((finished.code, finished.stderr.as_str()), (1, ""));
    for part in [
        "  to send                        5\n  invalid                        1\n",
        "  pairs.csv:7:3: `Role` (column 3) is blank: import the rows without a label in a run of their own, without \
         `--label-column`\n",
        "problems by kind:\n           1  no label\n",
        "labels in `Role` (column 3), by pairs to send:\n           2  CEO\n           2  CFO\n           1  cfo\n  the \
         names are compared with HubSpot's when the import starts; to list those, run `hubspot-associate labels contacts \
         companies`\n",
        "duplicates: 1; they are sent again unless you add --skip-duplicates\n",
        " --label-column role\n",
    ] {
        assert!(
            finished.stdout.contains(part),
            "{part}\n{}",
            finished.stdout
        );
    }
    let dry_run = run(&rehearsal, &["import", "pairs.csv", "--dry-run"], &flags);
    assert_eq!((dry_run.code, dry_run.stdout), (1, finished.stdout));
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn the_labels_of_flags_are_labels_of_all_rows() {
    let rehearsal = Rehearsal::new().file(ROWS);
    let flags = ["--label", "Partner", "--label-id", "user_defined:37"];
    let finished = check(&rehearsal, &flags);
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let line = "labels of all rows: `Partner`, `USER_DEFINED:37`\n";
    assert!(finished.stdout.contains(line), "{}", finished.stdout);
    let json = check_json(&rehearsal, &flags);
    let labels = json!({
        "column": null, "names": [], "distinct": 0, "exact": true, "all_rows": ["Partner", "USER_DEFINED:37"],
    });
    assert_eq!(json["labels"], labels);
    assert_eq!(json["duplicates"]["pairs"], 2);
    let json = check_json(&rehearsal, &["--label-column", "Role", "--label", "CFO"]);
    let labels = json!({
        "column": 3,
        "names": [
            {"label": "CEO", "pairs": 2}, {"label": "CFO", "pairs": 2}, {"label": "cfo", "pairs": 1},
        ],
        "distinct": 3, "exact": true, "all_rows": ["CFO"],
    });
    assert_eq!((&json["labels"], &json["to_send"]), (&labels, &json!(6)));
    // `1,2,CFO` asks for what `1,2,CEO` with `--label CFO` asked for.
    assert_eq!(json["duplicates"]["pairs"], 2);
    assert_eq!(check_json(&rehearsal, &[]).get("labels"), None);
}

#[test]
fn a_repeated_pair_is_skipped_only_with_labels_that_were_seen() {
    let rehearsal = Rehearsal::new().file(ROWS);
    let flags = ["--label-column", "Role", "--skip-duplicates"];
    let json = check_json(&rehearsal, &flags);
    assert_eq!(
        (&json["to_send"], &json["skipped_duplicates"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(check_json(&rehearsal, &flags[2..])["skipped_duplicates"], 2);
}

#[test]
fn pairs_with_keys_are_compared_with_their_labels_too() {
    let rehearsal = Rehearsal::new()
        .file("email,to_id,Role\na@b.c,2,CEO\nA@b.c,2,CFO\na@b.c,2,ceo\na@b.c,2,CFO\n");
    let flags = ["--from-id-property", "email", "--label-column", "Role"];
    assert_eq!(check_json(&rehearsal, &flags)["duplicates"]["pairs"], 2);
    assert_eq!(
        check_json(&rehearsal, &flags[..2])["duplicates"]["pairs"],
        3
    );
}

#[test]
fn cells_have_several_labels_with_split_also_without_a_header_and_in_other_encodings() {
    let text = b"1;1,2,CEO;Gesch\xe4ftsf\xfchrer\n3,,CEO\n4;5,6,CEO\n";
    let rehearsal = Rehearsal::new().file(text);
    let flags = [
        "--no-header",
        "--from-id-column",
        "#1",
        "--to-id-column",
        "#2",
        "--label-column",
        "#3",
        "--split",
        ";",
        "--encoding",
        "windows-1252",
    ];
    let json = check_json(&rehearsal, &flags);
    assert_eq!(json["nothing_to_link"], 1, "{json:#}");
    let names = json!([{"label": "CEO", "pairs": 3}, {"label": "Geschäftsführer", "pairs": 1}]);
    assert_eq!(json["labels"]["names"], names);
    let finished = check(&rehearsal, &flags[..9]);
    assert!(
        finished
            .stdout
            .contains("has bytes that are not valid UTF-8\n"),
        "{}",
        finished.stdout
    );
}

#[test]
fn a_label_column_that_is_not_there_ends_the_command_with_the_headers() {
    let rehearsal = Rehearsal::new().file(ROWS);
    for command in [
        &["check", "pairs.csv"][..],
        &["import", "pairs.csv", "--dry-run"],
    ] {
        let finished = run(&rehearsal, command, &["--label-column", "Label"]);
        assert_eq!(finished.code, 2);
        assert_eq!(
            finished.stderr,
            "error: `pairs.csv` line 1: no column `Label` for the label; headers found: `from_id`, `to_id`, `Role`\n\
             hint: name the columns with `--label-column`: a header, or `#3` for the third column\n"
        );
        let finished = run(&rehearsal, command, &["--label-column", "to_id"]);
        assert_eq!(finished.code, 2);
        let message = "`to_id` (column 2) cannot be both the to id and the label";
        assert!(finished.stderr.contains(message), "{}", finished.stderr);
    }
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn labels_are_replaced_only_where_rows_have_labels() {
    let rehearsal = Rehearsal::new().file(ROWS);
    let import = ["import", "pairs.csv", "--dry-run", "--replace-labels"];
    let finished = run(&rehearsal, &import, &[]);
    assert_eq!(finished.code, 2);
    assert!(finished.stderr.contains("--label"), "{}", finished.stderr);
    for flags in [["--label", "CEO"], ["--label-id", "USER_DEFINED:1"]] {
        assert_eq!(run(&rehearsal, &import, &flags).code, 0);
    }
    assert_eq!(
        run(&rehearsal, &import, &["--label-column", "Role"]).code,
        1
    );
    assert_eq!(run(&rehearsal, &import[..3], &["--label", " "]).code, 2);
}
