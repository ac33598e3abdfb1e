//! The next command that a run prints can be run unchanged.

use crate::support::{Finished, Rehearsal, finish, good_rows};

/// The command after `next:`, or in the backticks of a hint.
fn printed(output: &str) -> &str {
    let start = output.rfind("hubspot-associate ").expect(output);
    output[start..].split(['\n', '`']).next().unwrap()
}

/// Imports `name`, a file whose columns need flags.
fn import(rehearsal: &Rehearsal, name: &str, row: &str, more: &[&str]) -> Finished {
    let text = format!("Kind~Von~Nach\ncontacts~41001~52001\n{row}\n");
    std::fs::write(rehearsal.path(name), text).unwrap();
    let url = rehearsal.url();
    let flags = [
        "import",
        "--from-type-column=Kind",
        "--from-id-column",
        "Von",
        "--to-id-column",
        "Nach",
        "--to-type",
        "companies",
        "--delimiter",
        "~",
        "--base-url",
        &url,
        "--rate=unlimited",
    ];
    let arguments = [&flags, more, &["--", name]].concat();
    finish(rehearsal.command(&arguments).output().unwrap())
}

#[test]
fn the_next_command_runs_with_any_file_name() {
    for name in [
        "-p.csv",
        "it's mine.csv",
        "--resume",
        "a\nb$x.csv",
        "- é.csv",
    ] {
        // The command sends a rejected row again.
        let rehearsal = Rehearsal::new();
        let first = import(&rehearsal, name, "contacts~994040000000001~52001", &[]);
        assert_eq!((first.code, first.stderr.as_str()), (1, ""), "{name}");
        let second = rehearsal.shell(printed(&first.stdout));
        assert_eq!((second.code, second.stderr.as_str()), (1, ""), "{name}");
        assert!(
            second.stdout.contains("1 of them in earlier runs"),
            "{name}"
        );
        assert_eq!(rehearsal.seen().requests, 3, "{name}");
        // The command writes an invalid row to a rejects file, and the next one imports that file.
        let rehearsal = Rehearsal::new();
        let first = import(&rehearsal, name, "contacts~x~52001", &[]);
        let second = rehearsal.shell(printed(&first.stdout));
        assert_eq!((second.code, second.stderr.as_str()), (1, ""), "{name}");
        let rejects = rehearsal.path("rejects.csv");
        let text = std::fs::read_to_string(&rejects).unwrap();
        std::fs::write(&rejects, text.replace("~x~", "~41002~")).unwrap();
        let third = printed(&second.stdout);
        let url = rehearsal.url();
        let third = rehearsal.shell(&format!("{third} --base-url {url} --rate unlimited"));
        assert_eq!((third.code, third.stderr.as_str()), (0, ""), "{name}");
        assert_eq!(rehearsal.seen().requests, 2, "{name}");
    }
}

#[test]
fn the_rejects_of_a_run_are_imported_with_its_flags() {
    let rehearsal = Rehearsal::new();
    let flags = [
        "--report",
        "r.csv",
        "--rejects",
        "./-x.csv",
        "--max-failed",
        "9",
    ];
    let first = import(&rehearsal, "p.csv", "contacts~x~52001", &flags);
    assert_eq!((first.code, first.stderr.as_str()), (1, ""));
    let rejects = rehearsal.path("-x.csv");
    let text = std::fs::read_to_string(&rejects).unwrap();
    std::fs::write(&rejects, text.replace("~x~", "~41002~")).unwrap();
    let second = rehearsal.shell(printed(&first.stdout));
    assert_eq!((second.code, second.stderr.as_str()), (0, ""));
    assert_eq!(rehearsal.seen().requests, 2);
}

#[test]
fn the_printed_command_writes_the_rejects_of_rejects_and_of_reports_elsewhere() {
    let rehearsal = Rehearsal::new();
    for (input, more, made) in [
        ("rejects.csv", &[][..], "rejects-2.csv"),
        ("rejects-2.csv", &[], "rejects-3.csv"),
        ("p.csv", &["--report", "elsewhere.csv"], "rejects.csv"),
    ] {
        let first = import(&rehearsal, input, "contacts~x~52001", more);
        std::fs::remove_file(rehearsal.path(made)).ok();
        let second = rehearsal.shell(printed(&first.stdout));
        assert_eq!((second.code, second.stderr.as_str()), (1, ""), "{input}");
        assert!(rehearsal.path(made).is_file(), "{input}");
    }
}

#[test]
fn after_a_misspelt_type_the_printed_command_omits_it_and_starts_again() {
    // The run reaches the end of a short file before it stops.
    for (rows, code) in [(2, 1), (200, 2)] {
        let rehearsal = Rehearsal::new();
        let url = rehearsal.url();
        let rows: Vec<_> = (1..=rows).map(|id| format!("{id},{id}")).collect();
        let rows = rows.join("\n");
        std::fs::write(rehearsal.path("p.csv"), format!("from_id,to_id\n{rows}")).unwrap();
        let types = ["--from-type", "contactz", "--to-type", "companies"];
        let run = ["import", "p.csv", "--base-url", &url, "--rate", "unlimited"];
        let words = [&run[..], &types].concat();
        let first = finish(rehearsal.command(&words).output().unwrap());
        assert_eq!(first.code, code, "{}", first.stderr);
        let output = if code == 1 {
            assert!(
                first
                    .stdout
                    .contains("next: add `--from-type` with the correct type, then run: "),
                "{}",
                first.stdout
            );
            &first.stdout
        } else {
            assert!(
                first
                    .stderr
                    .ends_with("`, with `--from-type` and that type\n"),
                "{}",
                first.stderr
            );
            &first.stderr
        };
        let command = printed(output);
        assert!(!command.contains("contactz"), "{command}");
        let second = rehearsal.shell(&format!("{command} --from-type contacts"));
        assert_eq!((second.code, second.stderr.as_str()), (0, ""));
    }
}

#[test]
fn a_rehearsal_suggests_a_real_run_that_replaces_nothing() {
    let rehearsal = Rehearsal::new().rows(good_rows(2));
    std::fs::create_dir(rehearsal.path("sample-data")).unwrap();
    std::fs::copy(
        rehearsal.path("pairs.csv"),
        rehearsal.path("sample-data/pairs.csv"),
    )
    .unwrap();
    let run = |words: &[&str]| finish(rehearsal.command(words).output().unwrap());
    let flags = [
        "--sandbox",
        "--overwrite",
        "--report",
        "r.csv",
        "--rate",
        "unlimited",
    ];
    let real = run(&[&["import", "pairs.csv"], &flags[..]].concat());
    assert_eq!(
        printed(&real.stdout),
        "hubspot-associate import pairs.csv --rate unlimited"
    );
    let sample = run(&[&["import", "sample-data/pairs.csv"], &flags[..]].concat());
    assert_eq!(sample.code, 0);
    assert!(!sample.stdout.contains("next:"), "{}", sample.stdout);
    let checked = run(&["check", "sample-data/pairs.csv"]);
    assert_eq!(
        printed(&checked.stdout),
        "hubspot-associate import sample-data/pairs.csv --sandbox"
    );
}

#[test]
fn resume_without_a_report_says_that_it_starts_at_row_1() {
    let rehearsal = Rehearsal::new().rows(good_rows(2));
    let finished = rehearsal.import(&["--resume"]);
    assert_eq!(finished.code, 0);
    assert!(
        finished
            .stderr
            .contains("no earlier run to resume in `pairs.report.csv`: starting at row 1"),
        "{}",
        finished.stderr
    );
    assert_eq!(rehearsal.import(&["--resume"]).stderr, "");
}
