//! Labelled imports that are killed, resumed, corrected, verified and undone.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};
use serde_json::json;

use crate::support::{Finished, Rehearsal, finish, instant, post};

/// The sandbox's account.
const PORTAL: &str = "1234567";

/// A link of a contact to a company: the ids and `CATEGORY:ID` of its types.
type Link = (String, String, BTreeSet<String>);

fn links(rehearsal: &Rehearsal) -> Vec<Link> {
    let links = rehearsal.seen().links("contacts", "companies");
    let mut links: Vec<Link> = links
        .into_iter()
        .map(|(from, to, types)| (from, to, types.into_iter().collect()))
        .collect();
    links.sort();
    links
}

/// Rows with one of two labels; every tenth link has a second row with the other label.
fn file(rows: u64) -> String {
    let mut text = "from_object_type,from_object_id,to_object_type,to_object_id,Role\n".to_owned();
    for row in 0..rows {
        let (number, label) = if row % 10 == 9 {
            (row - 9, "Billing contact")
        } else {
            (row, "Decision maker")
        };
        let (contact, company) = (41_000 + number, 52_000 + number);
        writeln!(text, "contacts,{contact},companies,{company},{label}").unwrap();
    }
    text
}

/// Another program links these rows, with the label `Partner` or without one.
fn link(rehearsal: &Rehearsal, rows: impl Iterator<Item = u64>, with_label: bool) {
    let types = if with_label {
        json!([{"associationCategory": "USER_DEFINED", "associationTypeId": 7}])
    } else {
        json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}])
    };
    let inputs: Vec<_> = rows
        .map(|row| {
            let (from, to) = ((41_000 + row).to_string(), (52_000 + row).to_string());
            json!({"from": {"id": from}, "to": {"id": to}, "types": types})
        })
        .collect();
    let path = "/crm/v4/associations/contacts/companies/batch/create";
    let (status, said) = post(&rehearsal.url(), path, &json!({ "inputs": inputs }));
    assert_eq!(status, 201, "{said}");
}

fn run(rehearsal: &Rehearsal, words: &str) -> Finished {
    let url = rehearsal.url();
    let mut arguments: Vec<&str> = words.split_whitespace().collect();
    arguments.extend(["--base-url", &url, "--rate", "unlimited"]);
    finish(rehearsal.command(&arguments).output().unwrap())
}

fn undo(rehearsal: &Rehearsal, flags: &str) -> Finished {
    run(
        rehearsal,
        &format!("undo pairs.report.csv --expect-portal {PORTAL} {flags}"),
    )
}

/// The planned number of an undo.
fn planned(rehearsal: &Rehearsal) -> String {
    let plan = undo(rehearsal, "");
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    let (_, number) = plan.stdout.split_once("--confirm ").unwrap();
    number.chars().take_while(char::is_ascii_digit).collect()
}

fn slow() -> SandboxSettings {
    let latency = Latency {
        min: Duration::from_millis(20),
        max: Duration::from_millis(20),
    };
    SandboxSettings {
        latency,
        ..instant()
    }
}

#[test]
fn an_import_that_is_killed_again_and_again_writes_the_same_labels() {
    for mode in ["single", "batch"] {
        let rows = 300;
        let rehearsal = Rehearsal::against(slow()).file(file(rows));
        link(&rehearsal, (0..60).filter(|row| row % 10 != 9), true);
        for after in [1, 30, 60] {
            let usual = ["--label-column", "Role", "--resume", "--batch-size", "9"];
            let flags = [&usual[..], &["--mode", mode]].concat();
            let (mut running, finish) = rehearsal.start(after, &flags);
            running.kill();
            finish(running);
        }
        let done = rehearsal.import(&["--label-column", "Role", "--resume", "--mode", mode]);
        assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
        assert_eq!(rehearsal.outcomes().len(), 300);
        for (from, _, types) in links(&rehearsal) {
            let row = from.parse::<u64>().unwrap() - 41_000;
            let mut expected = vec!["HUBSPOT_DEFINED:1", "HUBSPOT_DEFINED:279", "USER_DEFINED:1"];
            if row % 10 == 0 {
                expected.push("USER_DEFINED:3");
            }
            if row < 60 {
                expected.push("USER_DEFINED:7");
            }
            let expected: BTreeSet<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(types, expected, "{mode} {row}");
        }
    }
}

#[test]
fn a_resume_with_another_label_is_refused() {
    let rehearsal = Rehearsal::new().file(file(5));
    let first = rehearsal.import(&["--label", "Partner"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    for flags in [
        &["--label", "Reseller x"][..],
        &["--label", "Decision maker"],
        &["--label", "Partner", "--label", "Decision maker"],
        &["--label-column", "Role"],
        &[],
    ] {
        let requests = rehearsal.seen().pairs_associated;
        let flags: Vec<&str> = flags.iter().chain(&["--resume"]).copied().collect();
        let again = rehearsal.import(&flags);
        assert_eq!(again.code, 2, "{flags:?}: {}", again.stderr);
        assert_eq!(rehearsal.seen().pairs_associated, requests);
    }
    let same = rehearsal.import(&["--label", "partner", "--resume"]);
    assert_eq!(same.code, 0, "{}", same.stderr);
}

#[test]
fn the_rejects_file_is_imported_with_the_same_flags() {
    let text = file(9).replace(
        "41003,companies,52003,Decision maker",
        "41003,companies,52003,Boss",
    ) + "contacts,41999,companies,52999,Full\n";
    let rehearsal = Rehearsal::new().file(text);
    let first = rehearsal.import(&["--label-column", "Role", "--rejects", "rejects.csv"]);
    assert_eq!(first.code, 1, "{}", first.stderr);
    let rejects = fs::read_to_string(rehearsal.path("rejects.csv")).unwrap();
    assert_eq!(rejects.lines().count(), 3, "{rejects}");
    let corrected = rejects
        .replace("Boss", "Decision maker")
        .replace(",Full", ",Partner");
    fs::write(rehearsal.path("rejects.csv"), corrected).unwrap();
    let second = run(&rehearsal, "import rejects.csv --label-column Role");
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert_eq!(links(&rehearsal).len(), 10);
}

#[test]
fn rows_whose_labels_are_there_are_skipped_and_others_are_sent() {
    for mode in ["single", "batch"] {
        let rehearsal = Rehearsal::new().file(file(9));
        link(&rehearsal, 0..3, true);
        link(&rehearsal, 3..6, false);
        let flags = ["--label", "Partner", "--skip-existing", "--mode", mode];
        let import = rehearsal.import(&flags);
        assert_eq!(import.code, 0, "{}", import.stderr);
        let skipped = rehearsal.report();
        let skipped = skipped
            .iter()
            .filter(|line| line["error_categories"] == "CLIENT_EXISTS");
        assert_eq!(skipped.count(), 3, "{mode}");
        assert!(
            links(&rehearsal)
                .iter()
                .all(|link| link.2.contains("USER_DEFINED:7"))
        );
    }
}

#[test]
fn a_nightly_import_sends_only_labels_that_the_earlier_report_does_not_show() {
    let rehearsal = Rehearsal::new().file(file(9));
    let first = rehearsal.import(&["--label-column", "Role"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    fs::write(rehearsal.path("pairs.csv"), file(10)).unwrap();
    let second = rehearsal.import(&[
        "--label-column",
        "Role",
        "--overwrite",
        "--skip-associated-in",
        "pairs.report.csv",
    ]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert_eq!(rehearsal.outcomes().len(), 10);
    let seen = rehearsal.seen();
    assert_eq!(seen.pairs_associated, 9);
    let first_link = &links(&rehearsal)[0];
    assert!(first_link.2.contains("USER_DEFINED:3"), "{first_link:?}");
}

#[test]
fn a_labelled_import_is_verified_with_its_labels() {
    let rehearsal = Rehearsal::new().file(file(20));
    let import = rehearsal.import(&["--label-column", "Role"]);
    assert_eq!(import.code, 0, "{}", import.stderr);
    let good = run(&rehearsal, "verify pairs.report.csv");
    assert_eq!(good.code, 0, "{}{}", good.stdout, good.stderr);
    // Another program replaces the labels of two links, and removes one.
    link(&rehearsal, [2_u64, 4].into_iter(), true);
    let archive = json!({"inputs": [{"from": {"id": "41006"}, "to": [{"id": "52006"}]}]});
    let path = "/crm/v4/associations/contacts/companies/batch/archive";
    crate::support::request(&rehearsal.url(), "POST", path, &archive.to_string());
    let bad = run(
        &rehearsal,
        "verify pairs.report.csv --overwrite --missing missing.csv",
    );
    assert_eq!(bad.code, 1, "{}{}", bad.stdout, bad.stderr);
    let lines = rehearsal.report_named("pairs.report.verify.csv");
    let missing: Vec<&str> = lines
        .iter()
        .filter(|line| line["state"] == "missing")
        .map(|line| &*line["row"])
        .collect();
    assert_eq!(missing, ["3", "5", "7"]);
    let mut columns = fs::read_to_string(rehearsal.path("missing.csv")).unwrap();
    columns.truncate(columns.find('\n').unwrap());
    let label_column = columns
        .split(',')
        .find(|name| name.contains("label"))
        .unwrap();
    let again = run(
        &rehearsal,
        &format!("import missing.csv --label-column {label_column}"),
    );
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    let good = run(&rehearsal, "verify pairs.report.csv --overwrite");
    assert_eq!(good.code, 0, "{}{}", good.stdout, good.stderr);
    let by_file = run(&rehearsal, "verify pairs.csv --label-column Role");
    assert_eq!(by_file.code, 0, "{}{}", by_file.stdout, by_file.stderr);
    let other = run(&rehearsal, "verify pairs.csv --label Reseller --overwrite");
    assert_ne!(other.code, 0, "the name is ambiguous");
    let other = run(
        &rehearsal,
        "verify pairs.csv --label-id USER_DEFINED:9 --overwrite",
    );
    assert_eq!(other.code, 1, "{}{}", other.stdout, other.stderr);
}

#[test]
fn an_undo_takes_away_the_labels_and_links_that_the_import_made_and_nothing_else() {
    for mode in ["single", "batch"] {
        let rehearsal = Rehearsal::new().file(file(100));
        link(&rehearsal, (0..20).filter(|row| row % 10 != 9), true);
        link(&rehearsal, (20..40).filter(|row| row % 10 != 9), false);
        let before = links(&rehearsal);
        let import = rehearsal.import(&["--label-column", "Role", "--mode", mode]);
        assert_eq!(import.code, 0, "{}", import.stderr);
        let verified = run(&rehearsal, "verify pairs.report.csv");
        assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
        let number = planned(&rehearsal);
        let done = undo(&rehearsal, &format!("--confirm {number}"));
        assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
        assert_eq!(links(&rehearsal), before, "{mode}");
        let again = undo(&rehearsal, &format!("--confirm {number} --resume"));
        assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
        assert_eq!(links(&rehearsal), before);
        let absent = run(
            &rehearsal,
            "verify pairs.report.csv --expect absent --overwrite",
        );
        assert_eq!(absent.code, 0, "{}{}", absent.stdout, absent.stderr);
    }
}

#[test]
fn an_undo_keeps_a_link_that_has_gained_a_label_without_the_labels_of_the_import() {
    let rehearsal = Rehearsal::new().file(file(3));
    let import = rehearsal.import(&["--label", "Decision maker"]);
    assert_eq!(import.code, 0, "{}", import.stderr);
    // Another program adds a label to the second link: it sends both.
    let types = json!([
        {"associationCategory": "USER_DEFINED", "associationTypeId": 1},
        {"associationCategory": "USER_DEFINED", "associationTypeId": 7},
    ]);
    let body =
        json!({"inputs": [{"from": {"id": "41001"}, "to": {"id": "52001"}, "types": types}]});
    let path = "/crm/v4/associations/contacts/companies/batch/create";
    assert_eq!(post(&rehearsal.url(), path, &body).0, 201);
    let number = planned(&rehearsal);
    let done = undo(&rehearsal, &format!("--confirm {number}"));
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let left = links(&rehearsal);
    let [(from, _, types)] = &left[..] else {
        panic!("{left:?}");
    };
    assert_eq!(from, "41001");
    assert!(types.contains("USER_DEFINED:7") && !types.contains("USER_DEFINED:1"));
    let lines = rehearsal.report_named("pairs.report.undo.csv");
    let kept: Vec<_> = lines
        .iter()
        .filter(|line| line["outcome"] == "kept")
        .collect();
    assert_eq!(kept.len(), 1);
    assert!(kept[0]["reason"].contains("Partner"), "{kept:?}");
}

#[test]
fn an_undo_of_labels_that_is_killed_again_and_again_comes_to_the_same_end() {
    let rehearsal = Rehearsal::against(slow()).file(file(300));
    link(&rehearsal, (0..150).filter(|row| row % 10 != 9), true);
    let before = links(&rehearsal);
    let import = rehearsal.import(&["--label-column", "Role", "--mode", "batch"]);
    assert_eq!(import.code, 0, "{}", import.stderr);
    let number = planned(&rehearsal);
    let mut flags = format!("--confirm {number}");
    for _ in 0..4 {
        let url = rehearsal.url();
        let words = format!("undo pairs.report.csv --expect-portal {PORTAL} -vvv {flags}");
        let mut arguments: Vec<&str> = words.split_whitespace().collect();
        arguments.extend(["--base-url", &url, "--rate", "unlimited"]);
        let mut running = rehearsal.command(&arguments).spawn().unwrap();
        let mut stderr = running.stderr();
        while stderr.line().is_some_and(|line| !line.contains("removed")) {}
        running.kill();
        drop(running.output());
        flags = format!("--confirm {number} --resume");
    }
    let done = undo(&rehearsal, &flags);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(links(&rehearsal), before);
}
