//! A failure to write to standard output is an error, except for a closed pipe.

use std::fs::File;
use std::process::Stdio;

use crate::support::{Finished, Program, Rehearsal, finish, good_rows};

/// Runs the command with standard output on a full disk.
fn onto_full_disk(command: &mut Program) -> Finished {
    let full = File::options().write(true).open("/dev/full").unwrap();
    finish(command.stdout(full).output().unwrap())
}

#[test]
fn help_and_other_output_that_cannot_be_printed_end_with_status_6() {
    let folder = Rehearsal::new().rows(good_rows(2));
    for arguments in [
        &["import", "pairs.csv", "--dry-run"][..],
        &["sandbox", "--listen", "127.0.0.1:0"],
        &["--help"],
        &["import", "-h"],
        &["--version"],
    ] {
        let ended = onto_full_disk(&mut folder.command(arguments));
        assert_eq!(ended.code, 6, "{arguments:?}: {}", ended.stderr);
        let expected =
            "error: cannot write to standard output\n  caused by: No space left on device";
        assert!(
            ended.stderr.contains(expected),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_run_whose_summary_cannot_be_printed_writes_its_report_and_the_reason_to_its_files() {
    let folder = Rehearsal::new().rows(good_rows(2));
    let ended = onto_full_disk(&mut folder.import_command(&["--summary", "s.json"]));
    assert_eq!(ended.code, 6, "{}", ended.stderr);
    assert_eq!(folder.outcomes(), ["1 associated", "2 associated"]);
    let summary = std::fs::read_to_string(folder.path("s.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["exit"]["status"], 6);
    assert_eq!(summary["exit"]["reason"], "output");
}

#[test]
fn an_error_in_the_input_takes_precedence_over_output_that_cannot_be_printed() {
    let folder = Rehearsal::new().file("from_id,to_id\n\"1,2\n");
    let ended = onto_full_disk(&mut folder.command(&["check", "pairs.csv"]));
    assert_eq!(ended.code, 2, "{}", ended.stderr);
}

#[test]
fn a_closed_pipe_during_help_is_no_error() {
    let folder = Rehearsal::new();
    for arguments in [&["--help"][..], &["import", "-h"], &["--version"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = folder.command(arguments);
        let ended = finish(command.stdout(Stdio::from(writer)).output().unwrap());
        assert_eq!(
            (ended.code, ended.stderr.as_str()),
            (0, ""),
            "{arguments:?}"
        );
    }
}
