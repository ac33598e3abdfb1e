//! What is said where: stdout, stderr, logs, environment variables.

use std::process::Stdio;

use crate::support::{Rehearsal, finish, good_rows};

#[test]
fn flags_are_read_from_the_environment_and_the_command_line_wins() {
    let rehearsal = Rehearsal::new().rows(good_rows(9));
    let run = |variables: &[(&str, &str)], flags: &[&str]| {
        finish(
            rehearsal
                .import_command(flags)
                .envs(variables.iter().copied())
                .output()
                .unwrap(),
        )
    };
    let first = ("HUBSPOT_ASSOCIATE_FIRST", "3");
    assert_eq!(
        run(&[first, ("HUBSPOT_ASSOCIATE_REPORT", "env.csv")], &[]).code,
        0
    );
    assert_eq!(rehearsal.report_named("env.csv").len(), 3);
    for (value, code) in [
        ("1", 0),
        ("true", 0),
        ("yes", 0),
        ("0", 2),
        ("false", 2),
        ("", 2),
    ] {
        let finished = run(
            &[("HUBSPOT_ASSOCIATE_OVERWRITE", value)],
            &["--report", "env.csv"],
        );
        assert_eq!(finished.code, code, "{value:?}");
    }
    let typo = run(
        &[("HUBSPOT_ASSOCIATE_OVERWRITE", "flase")],
        &["--report", "env.csv"],
    );
    assert_eq!(typo.code, 2);
    assert!(typo.stderr.contains("flase"), "{}", typo.stderr);
    let alternatives = [
        ("HUBSPOT_ASSOCIATE_SANDBOX", "0"),
        ("HUBSPOT_ASSOCIATE_QUIET", "0"),
        ("HUBSPOT_ASSOCIATE_FROM_TYPE_COLUMN", "nowhere"),
    ];
    assert_eq!(
        run(
            &alternatives,
            &["-v", "--from-type", "contacts", "--report", "alt.csv"]
        )
        .code,
        0
    );
    assert_eq!(run(&[first], &["--first", "5", "--overwrite"]).code, 0);
    assert_eq!(rehearsal.report().len(), 5);
}

#[test]
fn a_value_that_cannot_be_is_refused_with_the_flag_it_stood_in() {
    let rehearsal = Rehearsal::new().rows(good_rows(1));
    for (flag, value, part) in [
        ("--rate", "fast", "`fast` is not a rate"),
        ("--rate", "0/10s", "`0/10s` is not a rate"),
        ("--concurrency", "0", "number would be zero"),
        ("--timeout", "0s", "expected a time such as `30s`"),
        ("--timeout", "30", "expected a time such as `30s`"),
        (
            "--from-type",
            "con/tacts",
            "an object type consists of letters",
        ),
        ("--delimiter", "ab", "--delimiter"),
        ("--first", "0", "--first"),
        ("--html", "-", "expected the path of a file"),
        ("--metrics", "-", "expected the path of a file"),
        (
            "--api-version",
            "v3",
            "[possible values: v4, 2026-03, 2026-09]",
        ),
        (
            "--base-url",
            "http://api.hubapi.com",
            "it is allowed for loopback only",
        ),
        ("--base-url", "ftp://x", "expected `https://`"),
    ] {
        let finished = finish(
            rehearsal
                .command(&["import", "pairs.csv", flag, value])
                .output()
                .unwrap(),
        );
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (2, ""),
            "{flag} {value}"
        );
        assert!(
            finished.stderr.contains(part),
            "{flag} {value}: {}",
            finished.stderr
        );
        assert!(
            finished.stderr.contains(flag),
            "{flag} {value}: {}",
            finished.stderr
        );
    }
}

#[test]
fn quiet_prints_only_errors() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    let finished = rehearsal.import(&["-q"]);
    assert_eq!(
        (
            finished.code,
            finished.stdout.as_str(),
            finished.stderr.as_str()
        ),
        (0, "", "")
    );
    assert!(
        rehearsal
            .import(&["-q"])
            .stderr
            .starts_with("error: the report `pairs.report.csv` exists already\n")
    );
}

#[test]
fn nothing_but_text_reaches_a_pipe() {
    let rehearsal =
        Rehearsal::new().rows(good_rows(3).chain(["contacts,0,companies,1".to_owned()]));
    let finished = rehearsal.import(&["-vvv"]);
    assert!(!finished.stdout.contains('\u{1b}') && !finished.stderr.contains('\u{1b}'));
    assert!(
        finished.stderr.contains(" INFO the row is invalid: "),
        "{}",
        finished.stderr
    );
    assert!(
        finished
            .stderr
            .contains("TRACE contacts 41001 -> companies 52001 is associated"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_json_log_is_one_object_per_line_errors_included() {
    let refused = (1..=5).map(|to| format!("contacts,994010000000001,companies,{to}"));
    let bad = [
        "contacts,1.0,companies,1".to_owned(),
        "contacts,994040000000001,companies,1".to_owned(),
    ];
    let rehearsal = Rehearsal::new().rows(good_rows(3).chain(bad).chain(refused));
    let finished = rehearsal.import(&["-vv", "--log-format", "json", "--concurrency", "1"]);
    assert_eq!(finished.code, 3);
    let lines: Vec<serde_json::Value> = finished
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let invalid = lines
        .iter()
        .find(|line| line["outcome"] == "invalid")
        .unwrap();
    assert_eq!(
        (&invalid["row"], &invalid["line"], &invalid["level"]),
        (&4.into(), &5.into(), &"INFO".into())
    );
    let rejected = lines
        .iter()
        .find(|line| line["outcome"] == "rejected")
        .unwrap();
    assert_eq!(
        (&rejected["row"], &rejected["http_status"]),
        (&5.into(), &404.into())
    );
    let report = rehearsal.report();
    let line = report.iter().find(|line| line["row"] == "5").unwrap();
    assert_eq!(rejected["correlation_id"], *line["correlation_id"]);
    let error = lines.last().unwrap();
    assert_eq!(error["level"], "ERROR");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("stopped: HubSpot does not accept the token")
    );
    assert!(error["hint"].as_str().unwrap().contains("--resume"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    let mut child = rehearsal
        .import_command(&[])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.close_stdout();
    let finished = finish(child.output());
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
}

#[test]
fn names_from_the_file_cannot_steer_the_terminal() {
    let rehearsal = Rehearsal::new().file("\u{1b}[2J,from_id,\u{202e}x\n");
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 2);
    assert!(
        finished.stderr.contains("`\\u{1b}[2J`"),
        "{}",
        finished.stderr
    );
    assert!(!finished.stderr.contains('\u{1b}') && !finished.stderr.contains('\u{202e}'));
}

#[test]
fn an_empty_variable_is_as_good_as_none_in_every_command() {
    let rehearsal = Rehearsal::new().rows(good_rows(2));
    let url = rehearsal.url();
    let report = ["report", "pairs.report.csv"];
    for arguments in [
        &["import", "pairs.csv", "--base-url", &url][..],
        &["check", "pairs.csv"],
        &["doctor", "--base-url", &url],
        &report,
    ] {
        // The flags of all commands, as a container or a unit sets them that leaves most of them open.
        let help = [arguments[0], "--help"];
        let help = finish(rehearsal.command(&help).output().unwrap()).stdout;
        let flags = help.split_whitespace().filter_map(|word| {
            let flag = word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            flag.strip_prefix("--")
        });
        let variables = flags.map(|flag| {
            format!(
                "HUBSPOT_ASSOCIATE_{}",
                flag.to_uppercase().replace('-', "_")
            )
        });
        let mut command = rehearsal.command(arguments);
        let mut count = 0;
        for variable in variables.filter(|name| !name.ends_with("BASE_URL")) {
            command.env(variable, "");
            count += 1;
        }
        assert!(count > 5, "{help}");
        let finished = finish(command.output().unwrap());
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (0, ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_list_in_a_variable_has_as_many_values_as_flags_have() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    assert_eq!(rehearsal.import(&["--report", "a.csv"]).code, 0);
    let rehearsal = rehearsal.rows(good_rows(6).skip(3));
    assert_eq!(rehearsal.import(&["--report", "b:c.csv"]).code, 0);
    std::fs::copy(rehearsal.path("b:c.csv"), rehearsal.path("b.csv")).unwrap();
    let rehearsal = rehearsal.rows(good_rows(8));
    for (list, flags, sent) in [
        ("a.csv:b.csv", &[][..], 2),
        ("a.csv\nb:c.csv\n", &[], 2),
        ("a.csv", &[], 5),
        ("a.csv:b.csv", &["--skip-associated-in", "b.csv"], 5),
    ] {
        let before = rehearsal.seen().requests;
        let mut command = rehearsal.import_command(&[flags, &["--overwrite"]].concat());
        command.env("HUBSPOT_ASSOCIATE_SKIP_ASSOCIATED_IN", list);
        let finished = finish(command.output().unwrap());
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{list}");
        assert_eq!(rehearsal.seen().requests - before, sent, "{list}");
    }
}

#[test]
fn a_variable_that_sets_no_flag_is_warned_about_without_its_value() {
    let rehearsal = Rehearsal::new().rows(good_rows(2));
    let mut command = rehearsal.import_command(&[]);
    command
        .env("HUBSPOT_ASSOCIATE_RATES", "7f3e")
        .env("HUBSPOT_ASSOCIATE_TOKEN", "7f3e")
        .env("HUBSPOT_ASSOCIATE_LISTEN", "127.0.0.1:0");
    let finished = finish(command.output().unwrap());
    assert_eq!(finished.code, 0);
    let said: Vec<_> = finished
        .stderr
        .lines()
        .map(|line| line.split_once("WARN ").unwrap().1)
        .collect();
    assert_eq!(
        said,
        [
            "the variable HUBSPOT_ASSOCIATE_RATES is ignored: no command has a flag of this name",
            "the variable HUBSPOT_ASSOCIATE_TOKEN is ignored: no command has a flag of this name (the token belongs in HUBSPOT_ACCESS_TOKEN)",
        ]
    );
}
