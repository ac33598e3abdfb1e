//! `verify`: which links HubSpot lists, pair by pair, and what it refuses to verify.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::support::{Finished, HEADER, Rehearsal, finish, good_rows, request, signal, wait_until};

const IMPORTED: &str = "pairs.report.csv";
const VERIFIED: &str = "pairs.report.verify.csv";

/// `verify` of a file against the sandbox, without a rate limit.
fn verify(folder: &Rehearsal, file: &str, flags: &[&str]) -> Finished {
    finish(
        folder
            .command(&words(folder, file, flags))
            .output()
            .unwrap(),
    )
}

fn words<'w>(folder: &Rehearsal, file: &'w str, flags: &[&'w str]) -> Vec<&'w str> {
    let url: &'static str = folder.url().leak();
    let start = ["verify", file, "--base-url", url, "--rate", "unlimited"];
    [&start[..], flags].concat()
}

/// State and records of each row in the output.
fn states(folder: &Rehearsal, output: &str) -> BTreeMap<u64, String> {
    let lines = folder.report_named(output).into_iter();
    lines
        .map(|line| {
            let state = format!("{} {}", line["state"], line["record"]);
            (line["row"].parse().unwrap(), state.trim_end().to_owned())
        })
        .collect()
}

/// The rows with this state.
fn rows_with(folder: &Rehearsal, output: &str, state: &str) -> Vec<u64> {
    let states = states(folder, output).into_iter();
    let found = states.filter(|(_, found)| found == state);
    found.map(|(row, _)| row).collect()
}

/// A folder with the report of `rows` good rows, all of them associated.
fn imported(rows: u64) -> Rehearsal {
    let folder = Rehearsal::new().rows(good_rows(rows));
    let import = folder.import(&[]);
    assert_eq!(import.code, 0, "{}", import.stderr);
    folder
}

/// Another client removes the link of a row.
fn remove(folder: &Rehearsal, row: u64) {
    let to = [json!({"id": (52_000 + row).to_string()})];
    let body = json!({"inputs": [{"from": {"id": (41_000 + row).to_string()}, "to": to}]});
    let path = "/crm/v4/associations/contacts/companies/batch/archive";
    assert_eq!(
        request(&folder.url(), "POST", path, &body.to_string()).0,
        204
    );
}

/// Another client deletes the contact of a row.
fn delete(folder: &Rehearsal, row: u64) {
    let path = format!("/sandbox/records/contacts/{}/delete", 41_000 + row);
    assert_eq!(request(&folder.url(), "POST", &path, "").0, 204);
}

/// Another client merges the company of a row into another one.
fn merge(folder: &Rehearsal, row: u64, into: u64) {
    let path = format!("/sandbox/records/companies/{}/merge/{into}", 52_000 + row);
    assert_eq!(request(&folder.url(), "POST", &path, "").0, 204);
}

#[test]
fn the_links_of_an_import_are_all_present() {
    let folder = imported(40);
    let puts = folder.seen().pairs_put;
    let verified = verify(&folder, IMPORTED, &[]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    assert!(
        verified.stdout.contains("all 40 pairs are linked"),
        "{}",
        verified.stdout
    );
    let lines = folder.report_named(VERIFIED);
    assert_eq!(lines.len(), 40);
    for line in lines {
        let row: u64 = line["row"].parse().unwrap();
        assert_eq!(line["from_object_id"], (41_000 + row).to_string());
        assert_eq!(line["state"], "present");
        assert!(
            line["association_types"].contains("HUBSPOT_DEFINED:"),
            "{line:?}"
        );
        assert!(line["checked_at"].ends_with('Z'));
    }
    let seen = folder.seen();
    assert_eq!((seen.calls("links"), seen.pairs_put), (1, puts));
}

#[test]
fn missing_links_are_imported_again_and_those_of_deleted_and_merged_records_stay_missing() {
    let folder = imported(30);
    for row in [3, 17] {
        remove(&folder, row);
    }
    delete(&folder, 5);
    merge(&folder, 9, 59_999);
    let verified = verify(&folder, IMPORTED, &["--missing", "missing.csv"]);
    assert_eq!(verified.code, 1, "{}{}", verified.stdout, verified.stderr);
    assert_eq!(rows_with(&folder, VERIFIED, "missing exists"), [3, 17]);
    assert_eq!(rows_with(&folder, VERIFIED, "missing from deleted"), [5]);
    let merged = "missing to merged into 59999";
    assert_eq!(rows_with(&folder, VERIFIED, merged), [9]);
    assert_eq!(rows_with(&folder, VERIFIED, "present").len(), 26);
    let missing = fs::read_to_string(folder.path("missing.csv")).unwrap();
    let mut lines: Vec<&str> = missing.lines().collect();
    assert_eq!(lines.remove(0), HEADER);
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "contacts,41003,companies,52003",
            "contacts,41017,companies,52017"
        ]
    );

    // The next command of the summary links them.
    let next = verified.stdout.lines().find_map(|line| {
        line.strip_prefix("next: ")?
            .split_once("hubspot-associate import")
    });
    let (_, flags) = next.unwrap_or_else(|| panic!("{}", verified.stdout));
    let import = folder.shell(&format!("hubspot-associate import{flags}"));
    assert_eq!(import.code, 0, "{}", import.stderr);
    let again = verify(
        &folder,
        IMPORTED,
        &["--overwrite", "--missing", "missing.csv"],
    );
    assert_eq!(again.code, 1, "{}", again.stderr);
    assert_eq!(rows_with(&folder, VERIFIED, "present").len(), 28);
    let missing = fs::read_to_string(folder.path("missing.csv")).unwrap();
    assert_eq!(missing, format!("{HEADER}\n"));
}

#[test]
fn a_report_is_verified_as_far_as_it_shows_links() {
    let folder = Rehearsal::new().rows([
        "contacts,41001,companies,52001",
        "contacts,997000000000001,companies,52002",
        "contacts,x,companies,52003",
        "contacts,41004,companies,52004",
    ]);
    assert_eq!(folder.import(&[]).code, 1);
    let verified = verify(&folder, IMPORTED, &[]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    assert_eq!(rows_with(&folder, VERIFIED, "present"), [1, 4]);
    assert_eq!(folder.report_named(VERIFIED).len(), 2);
    let left_out = "not verified: 2 rows that the report does not show as linked";
    assert!(verified.stdout.contains(left_out), "{}", verified.stdout);
}

#[test]
fn every_pair_of_a_csv_is_verified_and_its_invalid_rows_have_a_line_too() {
    let folder = imported(3);
    let rows = "contacts,41001,companies,52001\ncontacts,41002,companies,52009\n\
                contacts,4.1E+4,companies,52003\ncompanies,52003,contacts,41003\n";
    fs::write(folder.path("other.csv"), format!("{HEADER}\n{rows}")).unwrap();
    let verified = verify(&folder, "other.csv", &[]);
    assert_eq!(verified.code, 1, "{}{}", verified.stdout, verified.stderr);
    let expected = ["present", "missing exists", "invalid", "present"];
    let found: Vec<String> = states(&folder, "other.verify.csv").into_values().collect();
    assert_eq!(found, expected);
    assert!(verified.stdout.contains("invalid"), "{}", verified.stdout);
    // The same from standard input, which has no default output.
    let script = format!("hubspot-associate {} < other.csv", {
        let words = words(&folder, "-", &["-o", "stdin.csv"]);
        words.join(" ")
    });
    assert_eq!(folder.shell(&script).code, 1);
    let found: Vec<String> = states(&folder, "stdin.csv").into_values().collect();
    assert_eq!(found, expected);
}

#[test]
fn links_that_are_expected_to_be_absent_are_errors_and_no_record_is_read() {
    let folder = imported(4);
    (1..=3).for_each(|row| remove(&folder, row));
    let verified = verify(&folder, IMPORTED, &["--expect", "absent"]);
    assert_eq!(verified.code, 1, "{}{}", verified.stdout, verified.stderr);
    assert_eq!(rows_with(&folder, VERIFIED, "missing"), [1, 2, 3]);
    assert_eq!(rows_with(&folder, VERIFIED, "present"), [4]);
    assert_eq!(folder.seen().calls("records"), 0);
    remove(&folder, 4);
    let flags = ["--expect", "absent", "--overwrite"];
    let verified = verify(&folder, IMPORTED, &flags);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    // The records of its missing pairs are unknown, so it cannot show which links can be made again.
    let refused = verify(&folder, IMPORTED, &["--resume"]);
    assert_eq!(refused.code, 2);
    let why = "was written with `--expect absent`";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
}

#[test]
fn a_sample_is_the_same_for_the_same_seed_and_never_speaks_of_all_pairs() {
    let folder = imported(200);
    let sampled = |output: &str, seed: &str| {
        let flags = ["--sample", "20", "--seed", seed, "-o", output];
        let verified = verify(&folder, IMPORTED, &flags);
        assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
        assert!(!verified.stdout.contains("all "), "{}", verified.stdout);
        let sample = format!("sample: 20 of 200 pairs, seed {seed};");
        assert!(verified.stdout.contains(&sample), "{}", verified.stdout);
        rows_with(&folder, output, "present")
    };
    let first = sampled("a.csv", "7");
    assert_eq!(first.len(), 20);
    assert_eq!(sampled("b.csv", "7"), first);
    assert_ne!(sampled("c.csv", "8"), first);
    // The same pairs of the CSV are chosen as of its report.
    let flags = ["--sample", "20", "--seed", "7", "-o", "d.csv"];
    assert_eq!(verify(&folder, "pairs.csv", &flags).code, 0);
    assert_eq!(rows_with(&folder, "d.csv", "present"), first);
}

#[test]
fn unknown_pairs_are_read_again_by_a_resume_and_known_ones_are_not() {
    // The first five reads of this contact fail: with the others, with half of them, and alone.
    let rows = good_rows(3).chain(["contacts,985030500000017,companies,52017".to_owned()]);
    let folder = Rehearsal::new().rows(rows);
    assert_eq!(folder.import(&[]).code, 0);
    let flags = ["--max-attempts", "1"];
    let verified = verify(&folder, IMPORTED, &flags);
    assert_eq!(verified.code, 1, "{}{}", verified.stdout, verified.stderr);
    let unknown = rows_with(&folder, VERIFIED, "unknown");
    assert_eq!(unknown, [4]);
    let next = verified.stdout.lines().find_map(|line| {
        line.strip_prefix("next: ")?
            .split_once("hubspot-associate verify")
    });
    let (_, resume) = next.unwrap_or_else(|| panic!("{}", verified.stdout));
    assert!(resume.ends_with(" --resume"), "{resume}");
    let mut code = 1;
    for _ in 0..4 {
        code = folder
            .shell(&format!("hubspot-associate verify{resume}"))
            .code;
    }
    assert_eq!(code, 0);
    assert_eq!(rows_with(&folder, VERIFIED, "present"), [1, 2, 3, 4]);
    let calls = folder.seen().calls("links");
    let settled = verify(&folder, IMPORTED, &["--resume"]);
    assert_eq!(settled.code, 0, "{}", settled.stderr);
    assert_eq!(folder.seen().calls("links"), calls);
    assert_eq!(folder.report_named(VERIFIED).len(), 4);
}

#[test]
fn an_output_is_not_resumed_with_another_report_or_csv() {
    let folder = imported(4);
    assert_eq!(verify(&folder, IMPORTED, &[]).code, 0);
    assert_eq!(verify(&folder, "pairs.csv", &["--sample", "3"]).code, 0);
    let report = fs::read_to_string(folder.path(IMPORTED)).unwrap();
    let changed = report.replace(",52002,", ",52999,");
    fs::write(folder.path(IMPORTED), changed).unwrap();
    let refused = verify(&folder, IMPORTED, &["--resume"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    let why = "row 2 (line ";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    let pair = "contacts 41002 -> companies 52002";
    assert!(refused.stderr.contains(pair), "{}", refused.stderr);
    fs::write(folder.path(IMPORTED), report).unwrap();
    assert_eq!(verify(&folder, IMPORTED, &["--resume"]).code, 0);

    let rows: Vec<String> = good_rows(4).map(|row| row + "9").collect();
    fs::write(
        folder.path("pairs.csv"),
        format!("{HEADER}\n{}\n", rows.join("\n")),
    )
    .unwrap();
    let refused = verify(&folder, "pairs.csv", &["--resume"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("row "), "{}", refused.stderr);
}

/// The report of 2 rows of portal 7, which has finished.
fn report_of_portal_7(folder: &Rehearsal) {
    let report = fs::read_to_string(folder.path(IMPORTED)).unwrap();
    let mut reader = csv::Reader::from_reader(report.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let place = headers.iter().position(|name| name == "portal_id").unwrap();
    let mut writer = csv::Writer::from_path(folder.path("seven.csv")).unwrap();
    writer.write_record(&headers).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        let fields = record.iter().enumerate();
        let fields = fields.map(|(index, field)| if index == place { "7" } else { field });
        writer.write_record(fields).unwrap();
    }
    writer.flush().unwrap();
}

#[test]
fn what_cannot_be_verified_is_refused_before_any_link_is_read() {
    let folder = imported(2);
    report_of_portal_7(&folder);
    let rehearse = folder
        .command(&["import", "pairs.csv", "--sandbox"])
        .output();
    assert_eq!(finish(rehearse.unwrap()).code, 0);
    fs::write(folder.path("customers.csv"), "name\nAnn\n").unwrap();
    let report = fs::read_to_string(folder.path(IMPORTED)).unwrap();
    let damaged = report.replacen(",associated,", ",", 1);
    fs::write(folder.path("damaged.csv"), damaged).unwrap();
    for (file, flags, why) in [
        (
            "pairs.sandbox.report.csv",
            &[][..],
            "is the report of a rehearsal (line 2): nothing in it was linked in HubSpot",
        ),
        (
            IMPORTED,
            &["--from-type", "contacts", "--first", "3"],
            "is a report, and `--from-type` and `--first` are for a CSV",
        ),
        (
            "seven.csv",
            &[],
            "the token belongs to portal 1234567, but `seven.csv` is the report of portal 7",
        ),
        (
            "seven.csv",
            &["--expect-portal", "8"],
            "`seven.csv` is the report of portal 7, not of 8 as `--expect-portal` says",
        ),
        (
            "damaged.csv",
            &[],
            "the import with `--resume --repair` keeps every line that is whole",
        ),
        ("-", &[], "standard input needs `--output PATH`"),
        (
            "pairs.csv",
            &["-o", "customers.csv", "--overwrite"],
            "is not a report of",
        ),
        (
            "pairs.csv",
            &["--missing", "customers.csv", "--overwrite"],
            "`--missing customers.csv` exists",
        ),
        (
            IMPORTED,
            &["--missing", "pairs.csv", "--overwrite"],
            "is the input of the report itself",
        ),
        (
            IMPORTED,
            &["--missing", "m.csv", "--expect", "absent"],
            "`--missing` cannot be used with `--expect absent`",
        ),
        ("nothing.csv", &[], "`nothing.csv` does not exist"),
    ] {
        let refused = verify(&folder, file, flags);
        assert_eq!(refused.code, 2, "{file} {flags:?}: {}", refused.stderr);
        assert!(
            refused.stderr.contains(why),
            "{file} {flags:?}: {}",
            refused.stderr
        );
        assert!(refused.stderr.contains("error: "), "{}", refused.stderr);
    }
    let script = format!(
        "cat {IMPORTED} | hubspot-associate {}",
        words(&folder, "-", &["-o", "v.csv"]).join(" ")
    );
    let refused = folder.shell(&script);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    let why = "standard input has a report: it can be read only once";
    assert!(refused.stderr.contains(why), "{}", refused.stderr);
    assert_eq!(folder.seen().calls("links"), 0);
    assert!(!folder.path("v.csv").exists());
}

#[test]
fn an_output_that_exists_is_not_replaced_without_a_flag() {
    let folder = imported(2);
    assert_eq!(verify(&folder, IMPORTED, &[]).code, 0);
    let calls = folder.seen().calls("links");
    let refused = verify(&folder, IMPORTED, &[]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("`--output PATH` writes another"),
        "{}",
        refused.stderr
    );
    assert_eq!(folder.seen().calls("links"), calls);
    assert_eq!(verify(&folder, IMPORTED, &["--overwrite"]).code, 0);
    // A report of another command is never replaced.
    let flags = ["-o", VERIFIED, "--overwrite"];
    let refused = folder.import(&["--report", VERIFIED, "--overwrite"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert_eq!(verify(&folder, "pairs.csv", &flags).code, 0);
}

#[test]
fn the_report_of_an_import_that_has_not_finished_is_verified_with_a_warning() {
    let folder = imported(3);
    let finished = verify(&folder, IMPORTED, &[]);
    let warning = "has not finished";
    assert!(!finished.stderr.contains(warning), "{}", finished.stderr);
    let report = fs::read_to_string(folder.path(IMPORTED)).unwrap();
    let lines: Vec<&str> = report.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n") + "\n";
    fs::write(folder.path("cut.csv"), cut).unwrap();
    let verified = verify(&folder, "cut.csv", &[]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    assert!(verified.stderr.contains(warning), "{}", verified.stderr);
    assert!(verified.stdout.contains(warning), "{}", verified.stdout);
    assert_eq!(folder.report_named("cut.verify.csv").len(), 2);
}

#[test]
fn an_interrupted_run_continues_with_its_next_command() {
    // The first two reads of this contact get no reply.
    let rows = good_rows(3).chain(["contacts,988020200000017,companies,52017".to_owned()]);
    let folder = Rehearsal::new().rows(rows);
    assert_eq!(folder.import(&[]).code, 0);
    let mut running = folder
        .command(&words(&folder, IMPORTED, &[]))
        .spawn()
        .unwrap();
    wait_until("links are read", || folder.seen().calls("links") > 0);
    signal(&running, "INT");
    let status = running.ended();
    let stopped = finish(running.output());
    assert_eq!(status.code(), Some(130), "{}", stopped.stderr);
    let next = stopped
        .stderr
        .lines()
        .find_map(|line| line.split_once("hubspot-associate verify"));
    let (_, resume) = next.unwrap_or_else(|| panic!("{}", stopped.stderr));
    assert!(resume.contains("--resume"), "{resume}");
    let flags = ["--resume", "--timeout", "1s"];
    let resumed = verify(&folder, IMPORTED, &flags);
    assert_eq!(resumed.code, 0, "{}{}", resumed.stdout, resumed.stderr);
    assert_eq!(rows_with(&folder, VERIFIED, "present"), [1, 2, 3, 4]);
}

#[test]
fn scripts_get_json_and_people_a_page() {
    let folder = imported(5);
    remove(&folder, 2);
    let flags = ["--json", "--html", "verify.html"];
    let verified = verify(&folder, IMPORTED, &flags);
    assert_eq!(verified.code, 1, "{}", verified.stderr);
    let json: Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_eq!(json["pairs"]["verified"], 5, "{json}");
    assert_eq!(json["pairs"]["not_as_expected"], 1, "{json}");
    assert_eq!(json["exit"]["status"], 1, "{json}");
    let page = fs::read_to_string(folder.path("verify.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
}

#[test]
fn rows_with_keys_are_looked_up_first_and_cannot_be_resumed() {
    let folder = imported(1);
    let rows = "E-mail,company\nuser41001@example.com,52001\nmissing7@example.com,52001\n";
    fs::write(folder.path("crm.csv"), rows).unwrap();
    let flags = [
        "--from-type",
        "contacts",
        "--from-id-property",
        "email",
        "--from-id-column",
        "E-mail",
        "--to-type",
        "companies",
        "--to-id-column",
        "company",
    ];
    let verified = verify(&folder, "crm.csv", &flags);
    assert_eq!(verified.code, 1, "{}{}", verified.stdout, verified.stderr);
    let found: Vec<String> = states(&folder, "crm.verify.csv").into_values().collect();
    assert_eq!(found, ["present", "invalid"]);
    let not_found = "CLIENT_KEY_NOT_FOUND";
    assert!(verified.stdout.contains(not_found), "{}", verified.stdout);
    let refused = verify(&folder, "crm.csv", &[&flags[..], &["--resume"]].concat());
    assert_eq!(refused.code, 2, "{}", refused.stderr);
}
