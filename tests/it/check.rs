//! `check` and `--dry-run`: nothing is sent, and all findings are printed.

use crate::support::{Rehearsal, finish, good_rows};

fn check(rehearsal: &Rehearsal, flags: &[&str]) -> crate::support::Finished {
    let arguments = [&["check", "pairs.csv"], flags].concat();
    let mut command = rehearsal.command(&arguments);
    finish(command.env_remove("HUBSPOT_ACCESS_TOKEN").output().unwrap())
}

#[test]
fn check_of_a_clean_file_sends_nothing_and_writes_no_report() {
    let rehearsal = Rehearsal::new().rows(good_rows(60));
    let finished = check(&rehearsal, &[]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    assert_eq!(rehearsal.seen().requests, 0);
    assert!(!rehearsal.path("pairs.report.csv").exists());
}

#[test]
fn a_dry_run_prints_the_same_and_needs_no_token() {
    let rehearsal =
        Rehearsal::new().rows(good_rows(3).chain(["contacts,x,companies,1".to_owned()]));
    let checked = check(&rehearsal, &["--first", "9"]);
    let arguments = ["import", "pairs.csv", "--dry-run", "--first", "9"];
    let mut command = rehearsal.command(&arguments);
    let dry = finish(command.env_remove("HUBSPOT_ACCESS_TOKEN").output().unwrap());
    assert_eq!((checked.code, dry.code), (1, 1), "{}", dry.stderr);
    assert_eq!(checked.stdout, dry.stdout);
    assert!(dry.stdout.ends_with(
        "next: fix the invalid rows, or import the valid ones: hubspot-associate import pairs.csv --first 9\n"
    ));
    assert!(!rehearsal.path("pairs.report.csv").exists());
}

#[test]
fn known_pairs_are_left_out_of_the_plan() {
    let rehearsal = Rehearsal::new().rows(good_rows(30));
    assert_eq!(rehearsal.import(&["--report", "last.csv"]).code, 0);
    let rehearsal = rehearsal.rows(good_rows(33).chain(good_rows(32)));
    let flags = [
        "--skip-associated-in",
        "last.csv",
        "--skip-duplicates",
        "--json",
    ];
    let finished = check(&rehearsal, &flags);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let json: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
    for (name, expected) in [
        ("version", 1),
        ("rows", 65),
        ("to_send", 3),
        ("already_associated", 60),
        ("skipped_duplicates", 2),
        ("invalid", 0),
    ] {
        assert_eq!(json[name], expected, "{name}");
    }
    assert_eq!(json["calls"]["single"], 3);
    assert_eq!(json["duplicates"], serde_json::Value::Null);
    assert_eq!(json["quotas"][2]["per_day"], 500_000);
}

#[test]
fn the_json_of_a_damaged_file_has_all_documented_fields() {
    let rehearsal = Rehearsal::new().rows([
        "contacts,1,companies,2",
        "contacts,1,companies,2",
        "contacts,5.1E+3,companies,2",
        "contacts,1",
    ]);
    let finished = check(&rehearsal, &["--json", "-q"]);
    assert_eq!(finished.code, 1);
    let json: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(
        json["problems"]["first"][0],
        serde_json::json!({
            "row": 3, "line": 4, "column": 2, "kind": "scientific notation",
            "message": "`from_object_id` (column 2): `5.1E+3` is in scientific notation, a spreadsheet rounded it: \
                        re-export the column as text",
        })
    );
    assert_eq!(
        json["problems"]["first"][1]["column"],
        serde_json::Value::Null
    );
    assert_eq!(
        json["duplicates"],
        serde_json::json!({"pairs": 1, "exact": true})
    );
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut names = Vec::new();
    names_in(&json, &mut names);
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

fn names_in(json: &serde_json::Value, names: &mut Vec<String>) {
    match json {
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                names.push(name.clone());
                names_in(value, names);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| names_in(value, names)),
        _ => {}
    }
}

#[test]
fn a_truncated_file_is_summarized_as_far_as_it_can_be_read() {
    let rehearsal = Rehearsal::new().rows(["contacts,1,companies,2", "contacts,\"1,companies,2"]);
    let finished = check(&rehearsal, &[]);
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stdout
            .starts_with("checked: 1 row of pairs.csv; then reading failed\n"),
        "{}",
        finished.stdout
    );
    assert!(!finished.stdout.contains("next:"));
    assert!(finished.stderr.starts_with(
        "error: `pairs.csv` line 3: a quoted field opens here in `from_object_id` (column 2) and is never closed\n"
    ));
}

#[test]
fn more_pairs_than_fit_in_memory_are_marked_as_an_estimate() {
    let rehearsal = Rehearsal::new().rows(good_rows(20_000).chain(good_rows(20_000)));
    let finished = check(&rehearsal, &["--duplicates-memory", "64KiB"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let (_, rest) = finished.stdout.split_once("duplicates: about ").unwrap();
    let (number, rest) = rest.split_once("; they are sent again").unwrap();
    let number: f64 = number.replace(',', "").parse().unwrap();
    assert!((number - 20_000.0).abs() < 4_000.0, "{number}");
    assert!(rest.contains("this is an estimate"));
    let finished = check(&rehearsal, &["--duplicates-memory", "0"]);
    assert!(!finished.stdout.contains("duplicates:"));
}
