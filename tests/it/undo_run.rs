//! What an undo removes, and what it leaves: the state of the server before and after.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};
use serde_json::{Value, json};

use crate::support::{
    Finished, Line, Program, Rehearsal, finish, good_rows, instant, join, request, signal,
};

/// The sandbox's account.
const PORTAL: &str = "1234567";

/// A link: contact, company and types.
type Link = (String, String, Vec<String>);

struct Undo {
    rehearsal: Rehearsal,
}

impl Undo {
    /// Imports `rows` rows, of which the first `existed` were linked before.
    fn imported(settings: SandboxSettings, rows: u64, existed: u64) -> Self {
        Self::of_rows(Rehearsal::against(settings).rows(good_rows(rows)), existed)
    }

    fn of_rows(rehearsal: Rehearsal, existed: u64) -> Self {
        let undo = Self { rehearsal };
        for row in 1..=existed {
            let path = format!(
                "/crm/v4/objects/contacts/{}/associations/default/companies/{}",
                41_000 + row,
                52_000 + row
            );
            assert_eq!(request(&undo.url(), "PUT", &path, "").0, 200);
        }
        let import = undo.rehearsal.import(&["--check-existing"]);
        assert_eq!(import.code, 0, "{}", import.stderr);
        undo
    }

    fn url(&self) -> String {
        self.rehearsal.url()
    }

    /// The links of contacts to companies, sorted.
    fn links(&self) -> Vec<Link> {
        let mut links = self.rehearsal.seen().links("contacts", "companies");
        links.sort();
        links
    }

    /// Another program gives a link the label `Decision maker`.
    fn label(&self, row: u64) {
        let path = format!(
            "/crm/v4/objects/contacts/{}/associations/companies/{}",
            41_000 + row,
            52_000 + row
        );
        let label = json!([
            {"associationCategory": "USER_DEFINED", "associationTypeId": 1},
            {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279},
        ]);
        let (status, _) = request(&self.url(), "PUT", &path, &label.to_string());
        assert!((200..300).contains(&status), "{status}");
    }

    /// Another program removes a link.
    fn remove(&self, row: u64) {
        let (from, to) = ((41_000 + row).to_string(), (52_000 + row).to_string());
        let body = json!({"inputs": [{"from": {"id": from}, "to": [{"id": to}]}]});
        let path = "/crm/v4/associations/contacts/companies/batch/archive";
        let (status, _) = request(&self.url(), "POST", path, &body.to_string());
        assert_eq!(status, 204);
    }

    /// `undo pairs.report.csv` with the portal of the sandbox and these flags.
    fn command(&self, flags: &str) -> Program {
        let url = self.url();
        let mut arguments = vec!["undo", "pairs.report.csv", "--base-url", &url];
        arguments.extend(["--rate", "unlimited", "--expect-portal", PORTAL]);
        arguments.extend(flags.split_whitespace());
        self.rehearsal.command(&arguments)
    }

    fn run(&self, flags: &str) -> Finished {
        finish(self.command(flags).output().unwrap())
    }

    /// The lines of the undo report, by row.
    fn lines(&self) -> BTreeMap<u64, Line> {
        let lines = self.rehearsal.report_named("pairs.report.undo.csv");
        let count = lines.len();
        let by_row: BTreeMap<u64, Line> = lines
            .into_iter()
            .map(|line| (line["row"].parse().unwrap(), line))
            .collect();
        assert_eq!(by_row.len(), count, "a row has two lines");
        by_row
    }

    /// `outcome: reason` of each row.
    fn outcomes(&self) -> Vec<String> {
        let lines = self.lines();
        let shown = lines
            .values()
            .map(|line| format!("{}: {}", line["outcome"], line["reason"]));
        shown.collect()
    }

    /// Runs the command until it has printed a line with `part`, or has ended; then this signal ends it.
    fn interrupted(&self, flags: &str, part: &str, stop: &str) -> Finished {
        let mut running = self.command(flags).arg("-vvv").spawn().unwrap();
        let mut stderr = running.stderr();
        while stderr.line().is_some_and(|line| !line.contains(part)) {}
        if !running.has_ended() {
            signal(&running, stop);
        }
        let rest = std::thread::spawn(move || stderr.all());
        let mut finished = finish(running.output());
        finished.stderr = join(rest);
        finished
    }
}

#[test]
fn exactly_the_links_that_the_import_made_and_that_did_not_change_are_removed() {
    let undo = Undo::imported(instant(), 12, 3);
    undo.label(4);
    undo.label(5);
    undo.remove(6);
    let before = undo.links();
    let plan = undo.run("");
    assert!(
        plan.stdout.contains("to remove: 9 links"),
        "{}",
        plan.stdout
    );
    assert_eq!(undo.links(), before);

    let done = undo.run("--confirm 9");
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let kept: Vec<Link> = before
        .into_iter()
        .filter(|(contact, ..)| contact.parse::<u64>().unwrap() <= 41_005)
        .collect();
    assert_eq!(undo.links(), kept);
    let outcomes = undo.outcomes();
    assert_eq!(outcomes.len(), 12);
    for outcome in &outcomes[..3] {
        assert_eq!(outcome, "kept: the link existed before the import");
    }
    for outcome in &outcomes[3..5] {
        assert!(outcome.starts_with("kept: "), "{outcome}");
        assert!(outcome.contains("Decision maker"), "{outcome}");
    }
    assert!(outcomes[5].starts_with("gone: "), "{}", outcomes[5]);
    for outcome in &outcomes[6..] {
        assert_eq!(outcome, "removed: ");
    }
    for part in [
        "removed               6",
        "kept                  5",
        "gone                  1",
    ] {
        assert!(done.stdout.contains(part), "{}", done.stdout);
    }

    let requests = undo.rehearsal.seen().requests;
    let again = undo.run("--confirm 9");
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    assert_eq!(undo.rehearsal.seen().requests, requests);
}

#[test]
fn the_summary_of_an_undo_is_one_json_object_on_request() {
    let undo = Undo::imported(instant(), 3, 1);
    let done = undo.run("--confirm 2 --json");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let summary: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(summary["rows"]["removed"], 2);
    assert_eq!(summary["rows"]["kept"], 1);
    assert_eq!(
        summary["kept"][0]["reason"],
        "the link existed before the import"
    );
    assert_eq!(summary["portal"], 1_234_567);
    assert_eq!(summary["exit"]["status"], 0);
}

#[test]
fn the_next_command_of_an_undo_finds_the_links_absent() {
    let undo = Undo::imported(instant(), 3, 0);
    // A verification before the undo: its report, which shows the links as present, is replaced.
    let url = undo.url();
    let verify = ["verify", "pairs.report.csv", "--base-url", &url];
    let verified = finish(undo.rehearsal.command(&verify).output().unwrap());
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    let done = undo.run("--confirm 3");
    let (_, next) = done.stdout.split_once("next: ").unwrap();
    let (_, command) = next.split_once("hubspot-associate ").unwrap();
    let verified = undo
        .rehearsal
        .shell(&format!("hubspot-associate {command}"));
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
}

#[test]
fn an_undo_that_is_killed_again_and_again_comes_to_the_same_end() {
    let slow = SandboxSettings {
        latency: Latency {
            min: Duration::from_millis(20),
            max: Duration::from_millis(20),
        },
        ..instant()
    };
    let undo = Undo::imported(slow, 700, 100);
    undo.label(101);
    let before = undo.links();
    let mut flags = "--confirm 600".to_owned();
    for _ in 0..6 {
        undo.interrupted(&flags, "removed", "KILL");
        flags = "--confirm 600 --resume".to_owned();
        let state = undo.links();
        let is_kept = |link: &&Link| link.0.parse::<u64>().unwrap() <= 41_101;
        assert!(
            before
                .iter()
                .filter(is_kept)
                .all(|link| state.contains(link))
        );
    }
    let done = undo.run(&flags);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let kept = before
        .into_iter()
        .filter(|link| link.0.parse::<u64>().unwrap() <= 41_101);
    assert_eq!(undo.links(), kept.collect::<Vec<_>>());
    let lines = undo.lines();
    assert_eq!(lines.len(), 700);
    for (row, line) in &lines {
        let allowed: &[&str] = if *row <= 101 {
            &["kept"]
        } else {
            &["removed", "gone"]
        };
        assert!(allowed.contains(&&*line["outcome"]), "{line:?}");
    }
}

#[test]
fn an_interrupted_undo_waits_for_its_removals_and_names_the_command_that_continues_it() {
    let undo = Undo::imported(instant(), 700, 100);
    let stopped = undo.interrupted("--confirm 600", "removed", "INT");
    if stopped.code == 0 {
        // It ended before the signal arrived.
        return;
    }
    assert_eq!(stopped.code, 130, "{}", stopped.stderr);
    let (_, hint) = stopped.stderr.split_once("hint: ").unwrap();
    assert!(hint.contains("--resume"), "{hint}");
    // Each link that is not there any more has its line.
    let lines = undo.lines();
    let left: Vec<u64> = undo
        .links()
        .iter()
        .map(|(contact, ..)| contact.parse::<u64>().unwrap() - 41_000)
        .collect();
    for row in 101..=700 {
        if !left.contains(&row) {
            assert_eq!(lines[&row]["outcome"], "removed");
        }
    }
    let done = undo.run("--confirm 600 --resume");
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(undo.links().len(), 100);
    assert_eq!(undo.lines().len(), 700);
}

#[test]
fn a_link_that_stays_although_its_removal_succeeded_is_failed_and_tried_again() {
    let rows = [
        "contacts,41001,companies,52001".to_owned(),
        "contacts,974000000000001,companies,52002".to_owned(),
    ];
    let undo = Undo::of_rows(Rehearsal::new().rows(rows), 0);
    for flags in ["--confirm 2", "--confirm 2 --resume"] {
        let done = undo.run(flags);
        assert_eq!(done.code, 1, "{}{}", done.stdout, done.stderr);
        let outcomes = undo.outcomes();
        assert_eq!(outcomes[0], "removed: ");
        assert!(outcomes[1].starts_with("failed: "), "{outcomes:?}");
        assert!(outcomes[1].len() > "failed: ".len(), "{outcomes:?}");
        assert!(done.stdout.contains("--resume"), "{}", done.stdout);
    }
}

#[test]
fn the_report_of_an_unfinished_import_is_undone_on_request() {
    let undo = Undo::imported(instant(), 5, 0);
    let path = undo.rehearsal.path("pairs.report.csv");
    let text = fs::read_to_string(&path).unwrap();
    let whole: Vec<&str> = text.lines().collect();
    // A kill leaves the beginning of a line.
    fs::write(
        &path,
        format!("{}\n{}", whole[..4].join("\n"), &whole[4][..20]),
    )
    .unwrap();
    let refused = undo.run("--confirm 3");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert_eq!(undo.links().len(), 5);
    let done = undo.run("--confirm 3 --partial");
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(undo.links().len(), 2);
}

#[test]
fn a_pair_in_several_rows_is_removed_once_and_each_row_has_its_line() {
    let rows = [
        "contacts,41001,companies,52001",
        "companies,52001,contacts,41001",
        "contacts,41002,companies,52002",
    ];
    let undo = Undo::of_rows(Rehearsal::new().rows(rows), 0);
    let plan = undo.run("");
    let planned = plan.stdout.split_once("to remove: ").unwrap().1;
    let planned = planned.split(' ').next().unwrap();
    let done = undo.run(&format!("--confirm {planned}"));
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(undo.lines().len(), 3);
    let removed = undo
        .outcomes()
        .iter()
        .filter(|text| *text == "removed: ")
        .count();
    assert_eq!(removed.to_string(), planned);
}
