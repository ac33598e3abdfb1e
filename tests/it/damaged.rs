//! Damaged reports: what power cuts, bad disks and other programs leave of them.

use std::fs;
use std::time::Duration;

use crate::support::{Rehearsal, good_rows, instant};

use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};

const REPORT: &str = "pairs.report.csv";

/// A finished import of `rows` rows, with the report's bytes.
fn imported(rows: u64) -> (Rehearsal, Vec<u8>) {
    let rehearsal = Rehearsal::new().rows(good_rows(rows));
    assert_eq!(rehearsal.import(&[]).code, 0);
    let report = fs::read(rehearsal.path(REPORT)).unwrap();
    (rehearsal, report)
}

/// The report with zeros from the middle of line `first` to the middle of line `last`.
fn with_zeros(report: &[u8], first: usize, last: usize) -> Vec<u8> {
    let lines: Vec<&[u8]> = report.split_inclusive(|&byte| byte == b'\n').collect();
    let start = lines[..first - 1].concat().len() + 20;
    let end = lines[..last - 1].concat().len() + 20;
    let mut damaged = report.to_vec();
    damaged[start..end].fill(0);
    damaged
}

#[test]
fn damage_in_the_middle_is_refused_and_repaired_on_request() {
    let (rehearsal, report) = imported(30);
    let outcomes = rehearsal.outcomes();
    let damaged = with_zeros(&report, 10, 14);
    fs::write(rehearsal.path(REPORT), &damaged).unwrap();
    let before = rehearsal.seen().requests;

    let refused = rehearsal.import(&["--resume"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    for part in [
        "error: cannot read the report `pairs.report.csv`\n",
        "caused by: line 10: has ",
        "\nhint: `--resume --repair` keeps every line that is whole ",
    ] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    assert_eq!(fs::read(rehearsal.path(REPORT)).unwrap(), damaged);
    // A rehearsal makes no report of its own out of what a real run wrote.
    let flags = ["--sandbox", "--report", REPORT, "--resume", "--repair"];
    let line = [&["import", "pairs.csv"], &flags[..]].concat();
    let rehearsed = rehearsal.command(&line).output().unwrap();
    assert_eq!(rehearsed.status.code(), Some(2));
    assert_eq!(fs::read(rehearsal.path(REPORT)).unwrap(), damaged);
    assert_eq!(rehearsal.seen().requests, before);

    let repaired = rehearsal.import(&["--resume", "--repair"]);
    assert_eq!(repaired.code, 0, "{}", repaired.stderr);
    let warning = "the report `pairs.report.csv` is damaged: line 10 (";
    assert!(repaired.stderr.contains(warning), "{}", repaired.stderr);
    assert_eq!(rehearsal.outcomes(), outcomes);
    // The rows of lines 10 to 14.
    assert_eq!(rehearsal.seen().requests - before, 5);
    let whole: Vec<&[u8]> = report.split(|&byte| byte == b'\n').collect();
    let now = fs::read(rehearsal.path(REPORT)).unwrap();
    let now: Vec<&[u8]> = now.split(|&byte| byte == b'\n').collect();
    assert_eq!(now[..9], whole[..9]);
    assert_eq!(now[9..25], whole[14..30]);
    // The last line is the end of the run no more: the rows that are sent again follow it.
    assert_eq!(now[25].strip_suffix(b"0"), whole[30].strip_suffix(b"1"));
    assert!(now[30].ends_with(b",1"));
    let files = fs::read_dir(rehearsal.folder.path()).unwrap().count();
    assert_eq!(files, 2, "nothing is left beside the report");
}

#[test]
fn zeros_up_to_the_end_are_cut_off_without_a_flag() {
    let (rehearsal, report) = imported(30);
    let outcomes = rehearsal.outcomes();
    let mut damaged = with_zeros(&report, 20, 31);
    damaged.truncate(damaged.len() - 200);
    damaged.resize(300_000, 0);
    fs::write(rehearsal.path(REPORT), &damaged).unwrap();
    let before = rehearsal.seen().requests;
    let resumed = rehearsal.import(&["--resume"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert_eq!(rehearsal.outcomes(), outcomes);
    assert_eq!(rehearsal.seen().requests - before, 12);
}

#[test]
fn a_damaged_memory_loses_its_damaged_lines_only() {
    let (rehearsal, report) = imported(30);
    let memory = with_zeros(&report, 10, 14);
    fs::write(rehearsal.path("last.csv"), memory).unwrap();
    let before = rehearsal.seen().requests;
    let flags = ["--overwrite", "--skip-associated-in", "last.csv"];
    let tonight = rehearsal.import(&flags);
    assert_eq!(tonight.code, 0, "{}", tonight.stderr);
    let warning = "the report `last.csv` is damaged: line 10 (";
    assert!(tonight.stderr.contains(warning), "{}", tonight.stderr);
    assert_eq!(rehearsal.seen().requests - before, 5);
}

#[test]
fn repair_is_for_a_report_that_is_resumed() {
    let (rehearsal, _) = imported(1);
    let refused = rehearsal.import(&["--repair"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("--resume"), "{}", refused.stderr);
    // Where nothing is damaged, it changes nothing.
    let before = fs::read(rehearsal.path(REPORT)).unwrap();
    let resumed = rehearsal.import(&["--resume", "--repair"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert_eq!(fs::read(rehearsal.path(REPORT)).unwrap(), before);
}

#[test]
fn a_report_that_is_rotated_under_the_run_stops_it() {
    let latency = Duration::from_millis(20);
    let settings = SandboxSettings {
        latency: Latency {
            min: latency,
            max: latency,
        },
        ..instant()
    };
    let rehearsal = Rehearsal::against(settings).rows(good_rows(20_000));
    let (child, finish) = rehearsal.start(50, &[]);
    // As `copytruncate` does it.
    let path = rehearsal.path(REPORT);
    fs::copy(&path, rehearsal.path("pairs.report.csv.1")).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(0).unwrap();
    let stopped = finish(child);
    assert_eq!(stopped.code, 6, "{}", stopped.stderr);
    for part in [
        "the report was changed by another program; nothing more was sent; ",
        "caused by: another program truncated it during the run: it has 0 bytes, ",
        "such as logrotate with `copytruncate`",
    ] {
        assert!(stopped.stderr.contains(part), "{}", stopped.stderr);
    }
    assert_eq!(fs::read(&path).unwrap(), b"", "no hole of zeros");
    assert!(rehearsal.seen().requests < 10_000);
}
