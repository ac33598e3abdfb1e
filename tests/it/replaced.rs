//! No file that this program did not write is replaced without a flag that allows it.

use std::fs;

use crate::support::{Rehearsal, finish, good_rows};

const CUSTOMERS: &str = "name,email\nA,a@example.com\n";

#[test]
fn no_flag_replaces_a_list_of_customers_by_a_report() {
    let folder = Rehearsal::new().rows(good_rows(3));
    for name in ["customers.csv", "pairs.sandbox.report.csv"] {
        fs::write(folder.path(name), CUSTOMERS).unwrap();
    }
    let start = ["import", "pairs.csv", "--rate", "unlimited"];
    let url = folder.url();
    let real = ["--base-url", &url];
    for flags in [
        &["--sandbox", "--report", "customers.csv"][..],
        &["--sandbox", "--report", "customers.csv", "--overwrite"],
        &["--sandbox"],
        &["--sandbox", "--overwrite"],
        &[real[0], real[1], "--report", "customers.csv"],
        &[real[0], real[1], "--report", "customers.csv", "--overwrite"],
    ] {
        let finished = finish(
            folder
                .command(&[&start[..], flags].concat())
                .output()
                .unwrap(),
        );
        assert_eq!(finished.code, 2, "{flags:?}");
        let stderr = finished.stderr;
        assert!(
            stderr.contains("` is not a report of this program\n"),
            "{stderr}"
        );
    }
    for name in ["customers.csv", "pairs.sandbox.report.csv"] {
        assert_eq!(fs::read_to_string(folder.path(name)).unwrap(), CUSTOMERS);
    }
    assert_eq!(folder.seen().requests, 0);
}

#[test]
fn a_path_from_the_environment_is_protected_like_one_from_a_flag() {
    let folder = Rehearsal::new().rows(good_rows(3));
    assert_eq!(folder.import(&[]).code, 0);
    let before = fs::read(folder.path("pairs.report.csv")).unwrap();
    let mut command = folder.command(&["import", "pairs.csv", "--sandbox"]);
    command.env("HUBSPOT_ASSOCIATE_REPORT", "pairs.report.csv");
    assert_eq!(finish(command.output().unwrap()).code, 2);
    assert_eq!(fs::read(folder.path("pairs.report.csv")).unwrap(), before);
}

#[test]
fn other_outputs_replace_only_files_of_their_own_kind() {
    for (flag, what) in [
        ("--html", "page"),
        ("--summary", "summary"),
        ("--metrics", "metrics file"),
        ("--rejects", "rejects file"),
    ] {
        let folder = Rehearsal::new().rows(good_rows(2));
        let out = folder.path("out");
        fs::write(&out, CUSTOMERS).unwrap();
        let refused = folder.import(&[flag, "out"]);
        assert_eq!(refused.code, 2, "{flag}");
        assert!(refused.stderr.contains(what), "{}", refused.stderr);
        assert_eq!(fs::read_to_string(&out).unwrap(), CUSTOMERS);
        assert_eq!(folder.seen().requests, 0);
        // Checked too where the run cannot start for another reason.
        let refused = folder.import(&[flag, "out", "--from-id-column", "none"]);
        assert_eq!(refused.code, 2);
        assert_eq!(fs::read_to_string(&out).unwrap(), CUSTOMERS);

        let refused = folder.import(&[flag, "out", "--overwrite"]);
        assert_eq!(refused.code, 2, "{flag}: {}", refused.stderr);
        assert_eq!(fs::read_to_string(&out).unwrap(), CUSTOMERS);
        assert_eq!(folder.seen().requests, 0);

        fs::write(&out, "").unwrap();
        for name in ["empty.csv", "again.csv"] {
            let repeated = folder.import(&[flag, "out", "--report", name]);
            assert_eq!(repeated.code, 0, "{flag}: {}", repeated.stderr);
            assert_ne!(fs::read_to_string(&out).unwrap(), "");
        }
    }
}

#[test]
fn a_file_that_a_run_reads_is_never_replaced() {
    let folder = Rehearsal::new().rows(good_rows(2));
    for (name, content) in [("token", crate::support::TOKEN), ("memory.csv", "")] {
        fs::write(folder.path(name), content).unwrap();
    }
    let read = [
        "--token-file",
        "token",
        "--skip-associated-in",
        "memory.csv",
    ];
    for flag in ["--html", "--summary", "--metrics", "--rejects"] {
        for (name, what) in [
            ("token", "the token file"),
            ("./memory.csv", "the report of an earlier run"),
        ] {
            let mut command = folder.import_command(&[flag, name, "--overwrite"]);
            command.args(read).env_remove("HUBSPOT_ACCESS_TOKEN");
            let finished = finish(command.output().unwrap());
            assert_eq!(finished.code, 2, "{flag} {name}");
            let expected = format!("error: `{flag} {name}` is {what} itself\n");
            assert!(
                finished.stderr.starts_with(&expected),
                "{}",
                finished.stderr
            );
        }
    }
    assert_eq!(fs::read_to_string(folder.path("memory.csv")).unwrap(), "");
    assert_eq!(folder.seen().requests, 0);
}

#[test]
fn a_report_replaces_no_file_of_credentials_or_certificates() {
    let folder = Rehearsal::new().rows(good_rows(2));
    fs::write(folder.path("empty"), "").unwrap();
    for (flag, what) in [
        ("--token-file", "token"),
        ("--oauth-file", "OAuth app"),
        ("--ca-file", "certificate"),
    ] {
        let report = ["--report", "./empty", "--overwrite", flag, "empty"];
        let finished = folder.import(&report);
        assert_eq!(finished.code, 2, "{flag}");
        let expected = format!("error: `--report ./empty` is the {what} file itself\n");
        assert!(
            finished.stderr.starts_with(&expected),
            "{}",
            finished.stderr
        );
    }
    assert_eq!(fs::read_to_string(folder.path("empty")).unwrap(), "");
}

#[test]
fn outputs_with_the_same_path_are_refused_before_a_file_is_created() {
    let folder = Rehearsal::new().rows(good_rows(2));
    fs::create_dir(folder.path("real")).unwrap();
    std::os::unix::fs::symlink("real", folder.path("link")).unwrap();
    std::os::unix::fs::symlink("real/out", folder.path("to-out")).unwrap();
    let flags = ["--report", "--rejects", "--html", "--summary", "--metrics"];
    for (index, flag) in flags.iter().enumerate() {
        for other in &flags[index + 1..] {
            for name in ["./real/out", "link/out", "to-out"] {
                let refused = folder.import(&[flag, "real/out", other, name]);
                assert_eq!(refused.code, 2, "{flag} {other} {name}");
                assert!(refused.stderr.contains(" itself\n"), "{}", refused.stderr);
            }
        }
    }
    assert_eq!(fs::read_dir(folder.path("real")).unwrap().count(), 0);
}

#[test]
fn the_file_behind_standard_input_is_not_replaced() {
    let folder = Rehearsal::new().rows(good_rows(2));
    for name in ["page.html", "-"] {
        // An empty file could be replaced by an output.
        fs::write(folder.path("page.html"), "").unwrap();
        let input = fs::File::open(folder.path("page.html")).unwrap();
        let flags = ["--sandbox", "--report", "r.csv", "--html", "page.html"];
        let mut command = folder.command(&[&["import", name], &flags[..]].concat());
        let refused = finish(command.stdin(input).output().unwrap());
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        let expected = "error: `--html page.html` is the input itself\n";
        assert!(refused.stderr.starts_with(expected), "{}", refused.stderr);
    }
}

#[test]
fn standard_output_that_is_a_file_gets_the_page_and_then_the_summary() {
    let folder = Rehearsal::new().rows(good_rows(2));
    let out = fs::File::create(folder.path("out")).unwrap();
    let mut command = folder.import_command(&["--html", "/dev/stdout"]);
    assert_eq!(finish(command.stdout(out).output().unwrap()).code, 0);
    let written = fs::read_to_string(folder.path("out")).unwrap();
    assert!(written.starts_with("<!DOCTYPE html>"), "{written}");
    let (_, summary) = written.split_once("</html>").unwrap();
    assert!(summary.contains("finished: 2 rows"), "{summary}");
}

#[test]
fn devices_are_written_to_directly() {
    let folder = Rehearsal::new().rows(good_rows(2));
    for (flag, expected) in [
        ("--html", "<!DOCTYPE html>"),
        ("--summary", "\"version\": 1"),
        ("--metrics", "hubspot_associate_running"),
    ] {
        let finished = folder.import(&[flag, "/dev/stdout", "--overwrite"]);
        assert_eq!(finished.code, 0, "{flag}: {}", finished.stderr);
        assert!(finished.stdout.contains(expected), "{}", finished.stdout);
        let finished = folder.import(&[flag, "/dev/null", "--overwrite"]);
        assert_eq!(finished.code, 0, "{flag}: {}", finished.stderr);
    }
}

#[test]
fn a_named_pipe_gets_the_output_once_at_the_end() {
    let folder = Rehearsal::new().rows(["contacts,x,companies,1"]);
    for (flag, expected) in [
        ("--html", "<!DOCTYPE html>"),
        ("--summary", "\"version\": 1"),
        ("--metrics", "hubspot_associate_running"),
        ("--rejects", "CLIENT_INVALID_ROW"),
        ("--report", "CLIENT_INVALID_ROW"),
    ] {
        let script = "rm -f pipe; mkfifo pipe; timeout 60 cat pipe > got & timeout 60 \"$@\"; ended=$?; wait; exit $ended";
        let start = [
            "-c",
            script,
            "bash",
            crate::support::PROGRAM,
            "import",
            "pairs.csv",
            "--sandbox",
        ];
        let arguments = [&start[..], &["--rate", "unlimited", flag, "pipe"]].concat();
        let finished = finish(folder.run("bash", &arguments).output().unwrap());
        assert_eq!(finished.code, 1, "{flag}: {}", finished.stderr);
        let got = fs::read_to_string(folder.path("got")).unwrap();
        assert!(got.contains(expected), "{flag}: {got}");
        assert_eq!(
            got.matches("# HELP hubspot_associate_running").count(),
            usize::from(flag == "--metrics")
        );
    }
}

#[test]
fn the_report_and_the_input_wait_for_a_pipe() {
    let folder = Rehearsal::new().rows(good_rows(2));
    let script = "mkfifo input report; timeout 60 \"$@\" & \
         { timeout 60 cat pairs.csv > input; timeout 60 cat report > got; } & wait %1; ended=$?; wait; exit $ended";
    let start = [
        "-c",
        script,
        "bash",
        crate::support::PROGRAM,
        "import",
        "input",
    ];
    let flags = ["--sandbox", "--rate", "unlimited", "--report", "report"];
    let finished = finish(
        folder
            .run("bash", &[&start[..], &flags].concat())
            .output()
            .unwrap(),
    );
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let got = fs::read_to_string(folder.path("got")).unwrap();
    assert_eq!(got.lines().count(), 3, "{got}");
}

#[test]
fn unfinished_files_of_a_killed_run_are_removed_by_the_next_run() {
    let folder = Rehearsal::new().rows(["contacts,x,companies,1"]);
    let outputs = [
        "--rejects",
        "r",
        "--html",
        "h",
        "--summary",
        "s",
        "--metrics",
        "m",
    ];
    let left =
        ["r", "h", "s", "m", "pairs.report.csv"].map(|name| format!("{name}.LeftByAKill0.writing"));
    for name in &left {
        fs::write(folder.path(name), "half").unwrap();
    }
    fs::write(folder.path("h.LeftByAKill0.writing.csv"), CUSTOMERS).unwrap();
    assert_eq!(folder.import(&outputs).code, 1);
    for name in &left {
        assert!(!folder.path(name).exists(), "{name}");
    }
    assert_eq!(fs::read_dir(folder.folder.path()).unwrap().count(), 7);
}

#[test]
fn a_rejects_file_is_no_more_readable_than_the_input() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Rehearsal::new().rows(["contacts,x,companies,1"]);
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(folder.path("pairs.csv"), private).unwrap();
    let mode = |name| {
        fs::metadata(folder.path(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(folder.import(&["--rejects", "one.csv"]).code, 1);
    assert_eq!(mode("one.csv"), 0o600);
    let arguments = ["report", "pairs.report.csv", "--rejects", "other.csv"];
    let ended = finish(folder.command(&arguments).output().unwrap());
    assert_eq!((ended.code, mode("other.csv")), (1, 0o600));
}

#[test]
fn the_page_of_a_report_replaces_no_other_file() {
    let folder = Rehearsal::new().rows(good_rows(2));
    assert_eq!(folder.import(&[]).code, 0);
    fs::write(folder.path("out"), CUSTOMERS).unwrap();
    let page = |name| {
        let arguments = ["report", "pairs.report.csv", "--html", name];
        finish(folder.command(&arguments).output().unwrap())
    };
    let refused = page("out");
    assert_eq!(
        (refused.code, refused.stderr.as_str()),
        (
            2,
            "error: `--html out` exists, and is not a page of this program\n\
             hint: name another file with `--html PATH`, or move that one away\n"
        )
    );
    for _ in 0..2 {
        assert_eq!(page("page.html").code, 0);
    }
}
