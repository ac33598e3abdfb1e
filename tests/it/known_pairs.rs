//! A report that is replaced and read as its own source of known pairs keeps them, however the nightly run ends.

use std::fmt::Write as _;

use crate::support::{HEADER, Rehearsal, TOKEN, finish, good_rows, instant, signal};

use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};

const NIGHT: [&str; 3] = ["--overwrite", "--skip-associated-in", "pairs.report.csv"];

/// Pairs that were not in the input of any earlier night.
fn new_rows(count: u64) -> impl Iterator<Item = String> {
    (1..=count).map(|row| format!("contacts,{},companies,{}", 61_000 + row, 62_000 + row))
}

fn write(rehearsal: &Rehearsal, rows: impl Iterator<Item = String>) {
    let mut text = format!("{HEADER}\n");
    for row in rows {
        let _infallible = writeln!(text, "{row}");
    }
    std::fs::write(rehearsal.path("pairs.csv"), text).unwrap();
}

/// The number of pairs that the report shows as associated.
fn known(rehearsal: &Rehearsal) -> usize {
    let lines = rehearsal.report();
    let is_known = |line: &&crate::support::Line| {
        line["outcome"] == "associated" || line["error_categories"] == "CLIENT_ALREADY_ASSOCIATED"
    };
    lines.iter().filter(is_known).count()
}

/// The state after a first night with 400 good pairs, in an account with `settings`.
fn after_one_night(settings: SandboxSettings) -> Rehearsal {
    let rehearsal = Rehearsal::against(settings);
    write(&rehearsal, good_rows(400));
    std::fs::write(rehearsal.path("pairs.report.csv"), "").unwrap();
    let finished = rehearsal.import(&NIGHT);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(known(&rehearsal), 400);
    rehearsal
}

/// Checks that the next night sends the new pairs, and none of the known ones.
fn sends_only_what_is_new(rehearsal: &Rehearsal, sent_before: u64) {
    write(rehearsal, new_rows(30).chain(good_rows(400)));
    let before = rehearsal.seen().requests;
    let finished = rehearsal.import(&NIGHT);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().requests - before, 30 - sent_before);
    assert_eq!(known(rehearsal), 430);
}

#[test]
fn known_pairs_stay_known_however_the_nightly_run_ends() {
    for (bad_row, flags, code) in [
        ("contacts,994010000000001,companies,1", &[][..], 3),
        ("contacts,994030000000001,companies,1", &[], 3),
        ("contacts,997200000000001,companies,1", &[], 4),
        (
            "contacts,994040000000001,companies,1",
            &["--max-failed", "1"],
            4,
        ),
    ] {
        let rehearsal = after_one_night(instant());
        // The bad row is the first one, and at most one request is in flight.
        let first = std::iter::once(bad_row.to_owned());
        write(&rehearsal, first.chain(new_rows(30)).chain(good_rows(400)));
        let mut night = NIGHT.to_vec();
        night.extend(["--concurrency", "1"]);
        night.extend(flags);
        let finished = rehearsal.import(&night);
        assert_eq!(finished.code, code, "{bad_row}: {}", finished.stderr);
        assert!(known(&rehearsal) >= 400, "{bad_row}");
        let sent = known(&rehearsal) as u64 - 400;
        sends_only_what_is_new(&rehearsal, sent);
    }
}

#[test]
fn a_killed_nightly_run_keeps_all_known_pairs_and_can_be_resumed() {
    let rehearsal = after_one_night(SandboxSettings {
        latency: Latency::NONE,
        ..instant()
    });
    // The first of the new rows ends, the second never gets a reply.
    let stalled = std::iter::once("contacts,998020000000001,companies,1".to_owned());
    let rows = || new_rows(1).chain(stalled.clone()).chain(good_rows(400));
    write(&rehearsal, rows());
    let mut flags = NIGHT.to_vec();
    flags.extend(["--concurrency", "1"]);
    let (child, wait) = rehearsal.start(1, &flags);
    signal(&child, "KILL");
    assert_eq!(wait(child).code, 1009);
    assert!(known(&rehearsal) >= 400);
    // Finished rows are compared, and only the stalled one is left (and perhaps the one before it).
    let before = rehearsal.seen().requests;
    let finished = rehearsal.import(&[
        "--resume",
        "--skip-associated-in",
        "pairs.report.csv",
        "--timeout",
        "100ms",
        "--max-attempts",
        "1",
    ]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let sent = rehearsal.seen().requests - before;
    assert!((1..=2).contains(&sent), "{sent}");
    let rows: Vec<String> = rehearsal
        .outcomes()
        .iter()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    let expected: Vec<String> = (1..=402).map(|row| row.to_string()).collect();
    assert_eq!(rows, expected, "one line for each row");
    sends_only_what_is_new(&rehearsal, 1);
}

#[test]
fn a_disk_without_room_for_the_new_report_leaves_the_old_one_as_it_was() {
    let rehearsal = after_one_night(instant());
    let before = std::fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    let url = rehearsal.url();
    let mut arguments = vec![
        "-c",
        "trap '' XFSZ; ulimit -f 8; exec \"$@\"",
        "sh",
        crate::support::PROGRAM,
        "import",
        "pairs.csv",
        "--rate",
        "unlimited",
        "--base-url",
        &url,
    ];
    arguments.extend(NIGHT);
    let finished = finish(rehearsal.run("bash", &arguments).output().unwrap());
    assert_eq!(finished.code, 6, "{}", finished.stderr);
    let after = std::fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    assert!(before == after, "the old report changed");
    assert_eq!(
        std::fs::read_dir(rehearsal.folder.path()).unwrap().count(),
        2
    );
    sends_only_what_is_new(&rehearsal, 0);
}

#[test]
fn an_incomplete_input_is_detected_before_anything_is_replaced() {
    let rehearsal = after_one_night(instant());
    let before = std::fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    let broken = "contacts,\"61001,companies,62001".to_owned();
    write(&rehearsal, good_rows(400).chain([broken]));
    let requests = rehearsal.seen().requests;
    let finished = rehearsal.import(&NIGHT);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().requests, requests);
    let after = std::fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    assert!(before == after, "the old report changed");
}

#[test]
fn a_pilot_keeps_what_is_known_of_the_rows_behind_it() {
    let rehearsal = after_one_night(instant());
    write(&rehearsal, new_rows(30).chain(good_rows(400)));
    let mut flags = NIGHT.to_vec();
    flags.extend(["--first", "10"]);
    let finished = rehearsal.import(&flags);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(known(&rehearsal), 410);
    sends_only_what_is_new(&rehearsal, 10);
}

#[test]
fn a_report_that_is_replaced_and_read_needs_an_input_that_can_be_read_twice() {
    let rehearsal = after_one_night(instant());
    let before = std::fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    let url = rehearsal.url();
    let script = format!(
        "hubspot-associate import - --base-url {url} --report ./pairs.report.csv {} < pairs.csv",
        NIGHT.join(" ")
    );
    let finished = rehearsal.shell(&script);
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (
            2,
            "error: cannot replace the report `./pairs.report.csv`, which `--skip-associated-in` reads too: the input \
             can be read only once\nhint: read the pairs from a file, or write another report with `--report PATH`\n"
        )
    );
    let after = std::fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    assert!(before == after);
    assert!(!finished.stderr.contains(TOKEN));
}

/// Lists of ids and pairs that are in the input twice leave one line for each pair of a row.
#[test]
fn lists_of_ids_and_repeated_pairs_are_carried_over_line_by_line() {
    let rehearsal = Rehearsal::new();
    let list = |ids: &str| {
        let text = format!(
            "{HEADER}\ncontacts,1,companies,{ids}\ncontacts,2,companies,7\ncontacts,2,companies,7\n"
        );
        std::fs::write(rehearsal.path("pairs.csv"), text).unwrap();
    };
    std::fs::write(rehearsal.path("pairs.report.csv"), "").unwrap();
    let mut flags = NIGHT.to_vec();
    flags.extend(["--split", ";", "--skip-duplicates"]);
    list("5;6;5");
    let finished = rehearsal.import(&flags);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let requests = rehearsal.seen().requests;
    assert_eq!(requests, 3);
    list("6;5;8;5");
    let finished = rehearsal.import(&flags);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().requests - requests, 1);
    let resume: Vec<&str> = flags
        .iter()
        .map(|&flag| {
            if flag == "--overwrite" {
                "--resume"
            } else {
                flag
            }
        })
        .collect();
    let finished = rehearsal.import(&resume);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().requests - requests, 1);
}

/// Rows whose records do not exist.
fn dead_rows(count: u64) -> impl Iterator<Item = String> {
    (1..=count).map(|row| format!("contacts,{},companies,1", 997_000_000_000_000 + row))
}

#[test]
fn pairs_that_were_carried_over_count_as_good_rows() {
    let rehearsal = after_one_night(instant());
    // A fifth of the rows are new and their records do not exist; these are all the rows that are sent.
    let good: Vec<String> = good_rows(400).collect();
    let dead: Vec<String> = dead_rows(130).collect();
    let groups = good.chunks(3).zip(&dead);
    let rows = groups.flat_map(|(good, dead)| good.iter().chain([dead]).cloned());
    write(&rehearsal, rows);
    let finished = rehearsal.import(&NIGHT);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(known(&rehearsal), 390);
}

#[test]
fn the_same_first_rows_of_an_unknown_type_stop_only_one_nightly_run() {
    let rehearsal = after_one_night(instant());
    let strange = (1..=5).map(|row| format!("contacts,{row},widgets,1"));
    write(
        &rehearsal,
        strange.chain(good_rows(400)).chain(new_rows(30)),
    );
    let mut night = NIGHT.to_vec();
    night.extend(["--concurrency", "1"]);
    assert_eq!(rehearsal.import(&night).code, 2);
    assert_eq!(known(&rehearsal), 400);
    // The next night, and a resumed one, know how the first rows ended in this night.
    let finished = rehearsal.import(&night);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(known(&rehearsal), 430);
}

#[test]
fn the_command_of_these_nights_is_that_of_the_page_and_of_the_help() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/nightly.md");
    let page = std::fs::read_to_string(page).unwrap();
    let command = format!("hubspot-associate import pairs.csv {}", NIGHT.join(" "));
    assert!(page.contains(&format!("<!-- run: one report -->\n```sh\n{command}\n```")));
    let help = finish(
        Rehearsal::new()
            .command(&["import", "--help"])
            .output()
            .unwrap(),
    );
    let help = help.stdout.replace("\\\n    ", "");
    assert!(help.contains(&command), "{help}");
}
