//! Imports that read each pair's links before they write: `--check-existing` and `--skip-existing`.

use std::time::Duration;

use hubspot_associate::sandbox::read_settings::ReadSettings;
use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};

use crate::support::keys::{by_email, emails};
use crate::support::{Line, Rehearsal, good_rows, instant, post};

/// `existed_before` of each row, in row order.
fn existed(rehearsal: &Rehearsal) -> Vec<String> {
    let mut lines = rehearsal.report();
    lines.sort_by_key(|line| line["row"].parse::<u64>().unwrap());
    lines
        .iter()
        .map(|line| line["existed_before"].clone())
        .collect()
}

fn count(lines: &[Line], column: &str, value: &str) -> usize {
    lines.iter().filter(|line| line[column] == value).count()
}

/// Links the first `count` good rows, as another program would.
fn link_first(rehearsal: &Rehearsal, count: u64) {
    let inputs: Vec<_> = (1..=count)
        .map(|row| {
            serde_json::json!({
                "from": {"id": (41_000 + row).to_string()},
                "to": {"id": (52_000 + row).to_string()},
            })
        })
        .collect();
    let body = serde_json::json!({ "inputs": inputs });
    let path = "/crm/v4/associations/contacts/companies/batch/associate/default";
    let (status, said) = post(&rehearsal.url(), path, &body);
    assert_eq!(status, 200, "{said}");
}

#[test]
fn check_existing_notes_what_was_there_and_sends_every_row() {
    let rehearsal = Rehearsal::new().rows(good_rows(30));
    link_first(&rehearsal, 10);
    let run = rehearsal.import(&["--check-existing"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let expected = [vec!["yes"; 10], vec!["no"; 20]].concat();
    assert_eq!(existed(&rehearsal), expected);
    let seen = rehearsal.seen();
    assert_eq!((seen.calls("pair"), seen.calls("links")), (30, 1));
    assert_eq!(seen.pairs_associated, 30);
}

#[test]
fn skip_existing_sends_only_what_is_not_linked() {
    for mode in ["single", "batch"] {
        let rehearsal = Rehearsal::new().rows(good_rows(30));
        link_first(&rehearsal, 25);
        let before = rehearsal.seen().calls("batch");
        let run = rehearsal.import(&["--skip-existing", "--mode", mode]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let lines = rehearsal.report();
        assert_eq!(count(&lines, "error_categories", "CLIENT_EXISTS"), 25);
        assert_eq!(count(&lines, "outcome", "skipped"), 25);
        assert_eq!(count(&lines, "outcome", "associated"), 5);
        assert_eq!(count(&lines, "existed_before", "yes"), 25);
        assert_eq!(count(&lines, "existed_before", "no"), 5);
        let seen = rehearsal.seen();
        let writes = match mode {
            "single" => (5, before),
            _ => (0, before + 1),
        };
        assert_eq!((seen.calls("pair"), seen.calls("batch")), writes, "{mode}");
        assert_eq!(seen.pairs_associated, 30);
    }
}

#[test]
fn the_side_with_fewer_records_is_read() {
    // Thousands of contacts of three companies: three records are read instead of thousands.
    let rows = (1..=2_400).map(|n| format!("contacts,{},companies,{}", 41_000 + n, 900 + n % 3));
    let rehearsal = Rehearsal::new().rows(rows);
    let flags = ["--mode", "batch"];
    let first = rehearsal.import(&flags);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let before = rehearsal.seen().calls("links");
    let run = rehearsal.import(&["--skip-existing", "--overwrite", "--mode", "batch"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        count(&rehearsal.report(), "error_categories", "CLIENT_EXISTS"),
        2_400
    );
    let reads = rehearsal.seen().calls("links") - before;
    assert!(reads <= 3, "{reads} reads");
}

#[test]
fn a_link_counts_as_there_if_the_first_record_of_its_row_shows_it() {
    let rows = [
        "contacts,971000000000001,companies,52001",
        "contacts,41002,companies,971000000000002",
    ];
    let rehearsal = Rehearsal::new().rows(rows);
    assert_eq!(rehearsal.import(&[]).code, 0);
    let run = rehearsal.import(&["--check-existing", "--overwrite"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    // What HubSpot lists for the record that the row names first decides: for the second row it lists nothing.
    assert_eq!(existed(&rehearsal), ["yes", "no"]);
}

#[test]
fn a_row_whose_links_cannot_be_read_is_sent_with_existed_before_unknown() {
    // Calls that read this record get 503, always; those that associate it succeed.
    let rows = ["contacts,985030000000001,companies,52001"];
    let rehearsal = Rehearsal::new().rows(rows);
    for flag in ["--check-existing", "--skip-existing"] {
        let run = rehearsal.import(&[flag, "--overwrite", "--max-attempts", "2"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(existed(&rehearsal), ["unknown"]);
        assert_eq!(rehearsal.outcomes(), ["1 associated"]);
    }
}

#[test]
fn a_missing_read_scope_ends_the_run_before_anything_is_written() {
    let settings = SandboxSettings {
        reads: ReadSettings {
            missing_scopes: true,
            ..ReadSettings::unlimited()
        },
        ..instant()
    };
    let rehearsal = Rehearsal::against(settings).rows(good_rows(5));
    let run = rehearsal.import(&["--check-existing"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(
        run.stderr.contains("crm.objects.contacts.read"),
        "{}",
        run.stderr
    );
    assert_eq!(rehearsal.seen().calls("pair"), 0);
    assert_eq!(rehearsal.report(), Vec::<Line>::new());
}

#[test]
fn rows_by_key_are_read_once_their_records_are_found() {
    let rows = (1..=20).map(|n| format!("user{}@example.com,{}", 41_000 + n, 52_000 + n));
    let rehearsal = Rehearsal::new().file(emails(rows));
    link_first(&rehearsal, 8);
    let run = rehearsal.import(&by_email(&["--skip-existing"]));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines = rehearsal.report();
    assert_eq!(count(&lines, "error_categories", "CLIENT_EXISTS"), 8);
    assert_eq!(count(&lines, "outcome", "associated"), 12);
    assert!(
        lines.iter().all(|line| line["from_match"] == "exact"),
        "{lines:?}"
    );
    assert_eq!(rehearsal.seen().calls("pair"), 12);
}

#[test]
fn a_killed_run_is_resumed_and_every_row_has_one_line() {
    // Slow replies: seconds of the run are left when it is killed.
    let reply = Duration::from_millis(50);
    let settings = SandboxSettings {
        latency: Latency {
            min: reply,
            max: reply,
        },
        ..instant()
    };
    let rehearsal = Rehearsal::against(settings).rows(good_rows(200));
    link_first(&rehearsal, 50);
    let flags = ["--check-existing", "--resume", "--concurrency", "4"];
    for rows in [20, 60] {
        let (mut child, finish) = rehearsal.start(rows, &flags);
        child.kill();
        assert_eq!(finish(child).code, 1009);
    }
    let run = rehearsal.import(&flags);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines = rehearsal.report();
    assert_eq!(lines.len(), 200);
    let old = |line: &&Line| line["row"].parse::<u64>().unwrap() <= 50;
    assert!(
        lines
            .iter()
            .filter(old)
            .all(|line| line["existed_before"] == "yes")
    );
    // A row that was in flight at a kill reads `yes` when it is sent again.
    let no = count(&lines, "existed_before", "no");
    assert!((100..=150).contains(&no), "{no}");
    let ends: Vec<_> = lines.iter().map(|line| &*line["end_of_run"]).collect();
    assert_eq!(ends.iter().filter(|end| **end == "1").count(), 1);
    assert_eq!(ends.last(), Some(&"1"));
    assert!(lines.iter().all(|line| !line["portal_id"].is_empty()));
}
