//! Inputs that change while they are read, and inputs that can be read only once.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::support::{Finished, HEADER, PROGRAM, Rehearsal, finish, good_rows};

/// Far more rows than the lookahead of the reader.
const ROWS: u64 = 4000;

/// Runs an import, and changes its input when the first rows have an outcome.
fn changed_by(change: impl FnOnce(&Path)) -> (Rehearsal, Finished) {
    let note = "x".repeat(200);
    let rows = good_rows(ROWS).map(|row| format!("{row},{note}\n"));
    let text: String = std::iter::once(format!("{HEADER},note\n"))
        .chain(rows)
        .collect();
    let rehearsal = Rehearsal::new().file(text);
    let (child, finish) = rehearsal.start(5, &[]);
    change(&rehearsal.path("pairs.csv"));
    let finished = finish(child);
    (rehearsal, finished)
}

fn assert_change_is_reported(finished: &Finished, how: &str) {
    let problem = format!(": the file changed while it was read: {how}");
    assert!(finished.stderr.contains(&problem), "{}", finished.stderr);
    assert!(
        finished.stderr.contains(" in the report\n"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.stderr.contains(" --resume`\n"),
        "{}",
        finished.stderr
    );
    assert_eq!(finished.code, 2);
}

#[test]
fn an_input_that_shrinks_ends_the_run_and_all_sent_rows_are_in_the_report() {
    let (rehearsal, finished) = changed_by(|path| {
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(1000)
            .unwrap();
    });
    assert_change_is_reported(&finished, "it shrank from ");
    let lines = rehearsal.report().len() as u64;
    assert_eq!(lines, rehearsal.seen().requests);
    assert!((5..ROWS).contains(&lines), "{lines}");
}

#[test]
fn an_input_that_grows_or_is_replaced_is_read_to_its_end_and_the_run_can_be_resumed() {
    let more = "contacts,1,companies,2,\ncontacts,3,compa";
    let (rehearsal, finished) = changed_by(|path| {
        let mut file = File::options().append(true).open(path).unwrap();
        file.write_all(more.as_bytes()).unwrap();
    });
    assert_change_is_reported(&finished, "it grew from ");
    assert_eq!(
        rehearsal.report().len() as u64,
        ROWS + 1,
        "the half-written row is not in the report"
    );
    let mut file = File::options()
        .append(true)
        .open(rehearsal.path("pairs.csv"))
        .unwrap();
    file.write_all(b"nies,4,\n").unwrap();
    let resumed = rehearsal.import(&["--resume"]);
    assert_eq!((resumed.code, resumed.stderr.as_str()), (0, ""));
    assert_eq!(rehearsal.report().len() as u64, ROWS + 2);

    let (rehearsal, finished) = changed_by(|path| {
        let other = path.with_extension("new");
        fs::copy(path, &other).unwrap();
        fs::rename(other, path).unwrap();
    });
    assert_change_is_reported(&finished, "it was replaced by another file");
    let resumed = rehearsal.import(&["--resume"]);
    assert_eq!((resumed.code, resumed.stderr.as_str()), (0, ""));
    assert_eq!(rehearsal.report().len() as u64, ROWS);
}

/// Runs a line of shell; `$IMPORT` begins an import of the next word, which is ended after a minute.
fn shell(rehearsal: &Rehearsal, script: &str) -> Finished {
    let start = format!(
        "IMPORT='timeout 60 {PROGRAM} import --base-url {} --rate unlimited'",
        rehearsal.url()
    );
    finish(
        rehearsal
            .run("bash", &["-c", &format!("{start}\n{script}")])
            .output()
            .unwrap(),
    )
}

#[test]
fn a_stream_is_read_once_like_standard_input() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    for (script, report) in [
        ("$IMPORT <(cat pairs.csv) --report a.csv --resume", "a.csv"),
        (
            "cat pairs.csv | $IMPORT /dev/stdin --report b.csv --resume",
            "b.csv",
        ),
        ("$IMPORT /dev/stdin --report c.csv < pairs.csv", "c.csv"),
        (
            "mkfifo d; (cat pairs.csv > d &); $IMPORT d --report d.csv --resume",
            "d.csv",
        ),
        // Again: the rows with an outcome are compared with the input while it is read.
        (
            "(cat pairs.csv > d &); $IMPORT d --report d.csv --resume",
            "d.csv",
        ),
    ] {
        let finished = shell(&rehearsal, script);
        assert_eq!(finished.code, 0, "{script}: {}", finished.stderr);
        assert_eq!(rehearsal.report_named(report).len(), 3, "{script}");
    }
    let changed = shell(
        &rehearsal,
        "(sed s/41002/7/ pairs.csv > d &); $IMPORT d --report d.csv --resume",
    );
    assert_eq!(changed.code, 2);
    assert!(
        changed
            .stderr
            .contains("is not the input that the report was made from: row 2"),
        "{}",
        changed.stderr
    );
}

#[test]
fn the_import_of_a_pipe_that_was_checked_names_a_report() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    let finished = shell(&rehearsal, "$IMPORT --dry-run /dev/stdin < pairs.csv");
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(
        finished
            .stdout
            .ends_with(" /dev/stdin --report pairs.report.csv\n"),
        "{}",
        finished.stdout
    );
}

#[test]
fn a_stream_needs_a_report_and_has_no_rejects() {
    let rehearsal = Rehearsal::new();
    let pipe = rehearsal.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for (script, error) in [
        (
            "$IMPORT pipe",
            "error: `pipe`, which is not a regular file, needs `--report PATH`",
        ),
        (
            "$IMPORT /dev/stdin < /dev/null",
            "error: `/dev/stdin`, which is not a regular file, needs `--report PATH`",
        ),
        (
            "$IMPORT pipe --report r.csv --rejects j.csv",
            "error: `pipe`, which is not a regular file, can be read only once, so its rejects cannot be written\n",
        ),
    ] {
        let finished = shell(&rehearsal, script);
        assert_eq!(finished.code, 2, "{script}");
        assert!(finished.stderr.starts_with(error), "{}", finished.stderr);
    }
    fs::write(rehearsal.path("r.csv"), "").unwrap();
    assert_eq!(rehearsal.seen().requests, 0);
}
