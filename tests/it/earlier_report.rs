//! Reports of earlier versions, which have fewer columns.

use std::fs;

use serde_json::Value;

use crate::support::{Rehearsal, finish, good_rows};

/// The last column of the reports of each earlier version.
const LAST_COLUMNS: [&str; 2] = ["finished_at", "labels_added"];

/// Leaves only the columns up to this one.
fn shortened(report: &str, last_column: &str) -> String {
    let header = report.lines().next().unwrap();
    let columns = 1 + header
        .split(',')
        .position(|name| name == last_column)
        .unwrap();
    let mut lines = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(report.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines.records() {
        writer
            .write_record(line.unwrap().iter().take(columns))
            .unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// A finished run with a row that is rejected and one that is invalid, and its report with the columns up to this one.
fn finished_run(last_column: &str) -> (Rehearsal, String) {
    let bad = [
        "contacts,997000000000001,companies,1",
        "contacts,x,companies,1",
    ];
    let folder = Rehearsal::new().rows(good_rows(20).chain(bad.map(str::to_owned)));
    assert_eq!(folder.import(&[]).code, 1);
    let report = fs::read_to_string(folder.path("pairs.report.csv")).unwrap();
    let report = shortened(&report, last_column);
    (folder, report)
}

#[test]
fn it_is_resumed_and_repaired_with_its_own_columns() {
    for last_column in LAST_COLUMNS {
        resume_and_repair(last_column);
    }
}

fn resume_and_repair(last_column: &str) {
    let (folder, report) = finished_run(last_column);
    let outcomes = folder.outcomes();
    let lines: Vec<&str> = report.split_inclusive('\n').collect();
    let damaged = [&lines[..4], &["5,6,con\0\0\0\0\n"], &lines[6..]]
        .concat()
        .concat();
    let without_header = ["row,line,from\0\0\0\0\n", &lines[1..].concat()].concat();
    for (content, flags) in [
        (lines[..9].concat(), &["--resume"][..]),
        (format!("{}9,1", lines[..9].concat()), &["--resume"]),
        (report.clone(), &["--resume", "--retry-rejected"]),
        (damaged, &["--resume", "--repair"]),
        (without_header, &["--resume", "--repair"]),
    ] {
        fs::write(folder.path("pairs.report.csv"), content).unwrap();
        let resumed = folder.import(flags);
        assert_eq!(resumed.code, 1, "{flags:?}: {}", resumed.stderr);
        assert_eq!(folder.outcomes(), outcomes, "{flags:?}");
        let text = fs::read_to_string(folder.path("pairs.report.csv")).unwrap();
        assert_eq!(text.lines().next().unwrap(), lines[0].trim_end());
        assert_eq!(text, shortened(&text, last_column), "{flags:?}");
    }
}

#[test]
fn a_report_with_only_its_header_is_started_over_with_all_columns() {
    let (folder, report) = finished_run("finished_at");
    let outcomes = folder.outcomes();
    let header = report.lines().next().unwrap();
    for flags in [&[][..], &["--resume"]] {
        fs::write(folder.path("pairs.report.csv"), format!("{header}\n")).unwrap();
        assert_eq!(folder.import(flags).code, 1);
        assert_eq!(folder.outcomes(), outcomes);
        let text = fs::read_to_string(folder.path("pairs.report.csv")).unwrap();
        let first = text.lines().next().unwrap();
        assert!(
            first.ends_with(
                ",from_key,from_match,to_key,to_match,existed_before,labels,labels_added,portal_id,end_of_run"
            )
        );
    }
}

#[test]
fn it_is_summarised_and_its_associated_pairs_are_known() {
    let (folder, report) = finished_run("labels_added");
    let summary = |name| {
        let summary = folder
            .command(&["report", name, "--json"])
            .output()
            .unwrap();
        let text = finish(summary).stdout.replace(name, "REPORT");
        let mut summary: Value = serde_json::from_str(&text).unwrap();
        // Only these are in the columns that the earlier version did not write.
        summary["portal_ids"].take();
        let is_finished = summary["finished"].take();
        (summary, is_finished)
    };
    let (expected, is_finished) = summary("pairs.report.csv");
    assert_eq!(is_finished, true);
    fs::write(folder.path("earlier.csv"), &report).unwrap();
    assert_eq!(summary("earlier.csv"), (expected, Value::Null));
    let night = folder.import(&["--overwrite", "--skip-associated-in", "earlier.csv"]);
    assert_eq!(night.code, 1, "{}", night.stderr);
    let skipped = folder
        .report()
        .iter()
        .filter(|line| line["outcome"] == "skipped")
        .count();
    assert_eq!(skipped, 20);
}
