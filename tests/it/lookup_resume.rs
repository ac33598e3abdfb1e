//! Runs by keys that are killed and resumed, and keys that change their records between runs.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::time::Duration;

use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};

use crate::support::keys::{by_email, emails};
use crate::support::{Line, Rehearsal, instant};

/// The whole lines of a report that a kill may have cut.
fn whole_lines(rehearsal: &Rehearsal) -> Vec<Line> {
    let bytes = fs::read(rehearsal.path("pairs.report.csv")).unwrap_or_default();
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    let whole = &bytes[..end.map_or(0, |end| end + 1)];
    let mut reader = csv::Reader::from_reader(whole);
    reader.deserialize().map(Result::unwrap).collect()
}

/// Sets the records of an email.
fn assign(rehearsal: &Rehearsal, email: &str, ids: &[&str]) {
    (rehearsal.sandbox)
        .assign_key("contacts", "email", email, ids)
        .unwrap();
}

fn is_linked(rehearsal: &Rehearsal, from: &str, to: &str) -> bool {
    rehearsal
        .seen()
        .pair("contacts", from, "companies", to)
        .associated
}

#[test]
fn a_run_that_is_killed_during_lookups_asks_for_no_row_with_a_line_again() {
    const ROWS: u32 = 6000;
    const KILLS: usize = 8;
    let latency = Duration::from_millis(2);
    let latency = Latency {
        min: latency,
        max: latency * 4,
    };
    let settings = SandboxSettings {
        latency,
        ..instant()
    };
    // Each key in two rows, far from each other.
    let key = |row: u32| match row % (ROWS / 2) + 1 {
        n if n % 50 == 7 => format!("missing{n}@example.com"),
        n if n % 50 == 8 => format!("Alias{n}@example.com"),
        n => format!("user{n}@example.com"),
    };
    let rows = (1..=ROWS).map(|row| format!("{},{}", key(row), 52_000 + row));
    let rehearsal = Rehearsal::against(settings).file(emails(rows));
    let unsettled_keys = |rehearsal: &Rehearsal| {
        let lines = whole_lines(rehearsal);
        let settled: HashSet<u32> = lines
            .iter()
            .map(|line| line["row"].parse().unwrap())
            .collect();
        let keys = (1..=ROWS).filter(|row| !settled.contains(row)).map(key);
        keys.collect::<HashSet<_>>().len() as u64
    };
    let flags = by_email(&["--resume", "--max-failed-percent", "100"]);
    let mut chance = fastrand::Rng::with_seed(4);
    for _ in 0..KILLS {
        let keys = unsettled_keys(&rehearsal);
        let before = rehearsal.seen().records_asked;
        let (mut child, finish) = rehearsal.start(chance.usize(1..400), &flags);
        child.kill();
        let killed = finish(child);
        assert_eq!(killed.code, 1009, "{}", killed.stderr);
        let asked = rehearsal.seen().records_asked - before;
        assert!(
            asked <= keys,
            "{asked} keys asked, {keys} have rows without a line"
        );
    }
    let keys = unsettled_keys(&rehearsal);
    assert!(keys > 0);
    let before = rehearsal.seen().records_asked;
    let last = rehearsal.import(&flags);
    assert_eq!(last.code, 1, "{}", last.stderr);
    assert_eq!(rehearsal.seen().records_asked - before, keys);
    one_line_per_row(&rehearsal, ROWS, key);
    // All rows have a line: nothing is asked.
    let before = rehearsal.seen().requests;
    assert_eq!(rehearsal.import(&flags).code, 1);
    assert_eq!(rehearsal.seen().requests, before);
}

/// Checks that each row has one line, with the record that its key names, and that the server has these links.
fn one_line_per_row(rehearsal: &Rehearsal, rows: u32, key: impl Fn(u32) -> String) {
    let lines = rehearsal.report();
    let numbers: BTreeSet<u32> = lines
        .iter()
        .map(|line| line["row"].parse().unwrap())
        .collect();
    assert_eq!((lines.len(), numbers.len()), (rows as usize, rows as usize));
    let seen = rehearsal.seen();
    let mut linked = 0;
    for line in &lines {
        let key = key(line["row"].parse().unwrap());
        let id = key.trim_start_matches(char::is_alphabetic);
        let id = id.split_once('@').unwrap().0;
        assert_eq!(line["from_key"], key, "{line:?}");
        if key.starts_with("missing") {
            assert_eq!(line["error_categories"], "CLIENT_KEY_NOT_FOUND", "{line:?}");
            continue;
        }
        assert_eq!(
            (&*line["outcome"], &*line["from_object_id"]),
            ("associated", id)
        );
        let pair = seen.pair("contacts", id, "companies", &line["to_object_id"]);
        assert!(pair.associated, "{line:?}");
        linked += 1;
    }
    assert_eq!(seen.pairs_associated, linked, "no other link");
}

#[test]
fn the_report_says_which_record_was_linked_if_a_key_changes_its_record_between_runs() {
    let rows = ["ann@acme.test,52001", "bob@acme.test,995030100000001"];
    let rehearsal = Rehearsal::new().file(emails(rows));
    assign(&rehearsal, "ann@acme.test", &["17"]);
    assign(&rehearsal, "bob@acme.test", &["18"]);
    let first = rehearsal.import(&by_email(&["--max-attempts", "1"]));
    assert_eq!(first.code, 1, "{}", first.stderr);
    assert_eq!(rehearsal.outcomes(), ["1 associated", "2 failed"]);

    assign(&rehearsal, "ann@acme.test", &["900"]);
    assign(&rehearsal, "bob@acme.test", &["901"]);
    let rows = [
        rows[0],
        rows[1],
        "ann@acme.test,52003",
        // The contact that row 1 was linked to: its pair is that of row 1.
        "user17@example.com,52001",
        // What the address of row 1 means now: another pair.
        "ann@acme.test,52001",
    ];
    fs::write(rehearsal.path("pairs.csv"), emails(rows)).unwrap();
    let second = rehearsal.import(&by_email(&["--resume", "--skip-duplicates"]));
    assert_eq!(second.code, 0, "{}", second.stderr);
    let mut lines = rehearsal.report();
    lines.sort_by_key(|line| line["row"].clone());
    let said: Vec<[&str; 4]> = lines
        .iter()
        .map(|line| {
            ["from_key", "from_object_id", "outcome", "error_categories"].map(|name| &*line[name])
        })
        .collect();
    let expected = [
        ["ann@acme.test", "17", "associated", ""],
        ["bob@acme.test", "901", "associated", ""],
        ["ann@acme.test", "900", "associated", ""],
        ["user17@example.com", "17", "skipped", "CLIENT_DUPLICATE"],
        ["ann@acme.test", "900", "associated", ""],
    ];
    assert_eq!(said, expected);
    for (from, to, linked) in [
        ("17", "52001", true),
        ("18", "995030100000001", false),
        ("901", "995030100000001", true),
        ("900", "52003", true),
        ("900", "52001", true),
        ("17", "52003", false),
    ] {
        assert_eq!(is_linked(&rehearsal, from, to), linked, "{from} {to}");
    }
}

#[test]
fn a_changed_key_is_refused_by_resume_and_the_report_left_alone() {
    let rows = [
        "user1@example.com,52001",
        "Alias2@example.com,52002",
        "missing3@example.com,52003",
    ];
    let rehearsal = Rehearsal::new().file(emails(rows));
    assert_eq!(rehearsal.import(&by_email(&[])).code, 1);
    let report = fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    let original = fs::read_to_string(rehearsal.path("pairs.csv")).unwrap();
    let before = rehearsal.seen().requests;
    for (from, to, place) in [
        ("user1@", "user9@", "row 1 (line 2)"),
        // The same contact by another of its addresses.
        ("Alias2@", "user2@", "row 2 (line 3)"),
        ("missing3@", "user3@", "row 3 (line 4)"),
        ("52002", "52009", "row 2 (line 3)"),
    ] {
        fs::write(rehearsal.path("pairs.csv"), original.replace(from, to)).unwrap();
        let refused = rehearsal.import(&by_email(&["--resume"]));
        assert_eq!(refused.code, 2, "{to}: {}", refused.stderr);
        assert!(refused.stderr.contains(place), "{to}: {}", refused.stderr);
        assert!(refused.stderr.contains(to), "{to}: {}", refused.stderr);
        let now = fs::read(rehearsal.path("pairs.report.csv")).unwrap();
        assert_eq!(now, report, "{to}");
    }
    assert_eq!(rehearsal.seen().requests, before);
    fs::write(rehearsal.path("pairs.csv"), original).unwrap();
    let same = rehearsal.import(&by_email(&["--resume"]));
    assert_eq!(same.code, 1, "{}", same.stderr);
    assert_eq!(rehearsal.seen().requests, before);
}

#[test]
fn retry_rejected_looks_up_the_keys_of_rejected_rows_alone() {
    let rows = (1..=20).map(|n| {
        let name = if n % 5 == 0 { "late" } else { "user" };
        format!("{name}{n}@example.com,{}", 52_000 + n)
    });
    let rehearsal = Rehearsal::new().file(emails(rows));
    for n in [5, 10, 15, 20] {
        assign(&rehearsal, &format!("late{n}@example.com"), &[]);
    }
    assert_eq!(rehearsal.import(&by_email(&[])).code, 1);
    assert_eq!(rehearsal.seen().records_asked, 20);
    assign(&rehearsal, "late5@example.com", &["705"]);
    assign(&rehearsal, "late10@example.com", &["710", "711"]);
    let resumed = rehearsal.import(&by_email(&["--resume"]));
    assert_eq!(resumed.code, 1, "{}", resumed.stderr);
    assert_eq!(
        rehearsal.seen().records_asked,
        20,
        "rejected rows have their lines"
    );
    let retried = rehearsal.import(&by_email(&["--resume", "--retry-rejected"]));
    assert_eq!(retried.code, 1, "{}", retried.stderr);
    assert_eq!(rehearsal.seen().records_asked, 24);
    assert!(is_linked(&rehearsal, "705", "52005"));
    let lines = rehearsal.report();
    let of_row = |row: &str| lines.iter().rfind(|line| line["row"] == row).unwrap();
    assert_eq!(of_row("5")["outcome"], "associated");
    assert_eq!(of_row("10")["error_categories"], "CLIENT_KEY_AMBIGUOUS");
    assert_eq!(of_row("15")["error_categories"], "CLIENT_KEY_NOT_FOUND");
    assert_eq!(rehearsal.seen().pairs_associated, 17);
}
