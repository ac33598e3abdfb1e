//! The token never appears in any output.

use httpmock::prelude::*;

use crate::support::{Rehearsal, TOKEN, finish, good_rows, signal};

#[test]
fn the_token_is_in_no_output_log_report_or_process_listing() {
    let mut rows: Vec<_> = good_rows(50).collect();
    rows.extend(
        ["400", "502", "800", "808", "423"]
            .map(|fault| format!("contacts,99{fault}0100000001,companies,1")),
    );
    rows.push("contacts,995000000000001,companies,1".to_owned());
    rows.extend((1..=5).map(|to| format!("contacts,994010000000001,companies,{to}")));
    for flags in [&["-vvv"][..], &["-vvv", "--log-format", "json"]] {
        let rehearsal = Rehearsal::new().rows(&rows);
        let files = [
            "--html",
            "p.html",
            "--summary",
            "s.json",
            "--metrics",
            "m.prom",
        ];
        let flags = [
            flags,
            &["--concurrency", "1", "--max-attempts", "2"],
            &files,
        ]
        .concat();
        let finished = rehearsal.import(&flags);
        assert_eq!(finished.code, 3, "{}", finished.stderr);
        assert!(finished.stderr.contains("associated"), "the log is present");
        let read = |name: &str| std::fs::read_to_string(rehearsal.path(name)).unwrap();
        let written = ["pairs.report.csv", "p.html", "s.json", "m.prom"].map(read);
        for text in [&finished.stdout, &finished.stderr]
            .into_iter()
            .chain(&written)
        {
            assert!(
                !text.contains("secret") && !text.contains("Bearer"),
                "{text}"
            );
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_token_is_not_in_the_process_listing() {
    let rehearsal = Rehearsal::new()
        .rows(good_rows(10).chain(["contacts,998020000000001,companies,1".to_owned()]));
    let (child, finish) = rehearsal.start(10, &[]);
    let listing = std::fs::read_to_string(format!("/proc/{}/cmdline", child.id())).unwrap();
    assert!(listing.contains("import") && !listing.contains("secret"));
    signal(&child, "KILL");
    assert_eq!(finish(child).code, 1009);
}

#[test]
fn a_token_that_cannot_be_one_is_refused_without_being_repeated() {
    let rehearsal = Rehearsal::new().rows(good_rows(1));
    for (token, message) in [
        ("", "no access token: `HUBSPOT_ACCESS_TOKEN` is not set"),
        (
            "secret with blanks",
            "the access token in `HUBSPOT_ACCESS_TOKEN` contains a space or another character that is not valid in a token",
        ),
    ] {
        let output = rehearsal
            .import_command(&[])
            .env("HUBSPOT_ACCESS_TOKEN", token)
            .output();
        let finished = finish(output.unwrap());
        assert_eq!(finished.code, 2);
        assert!(
            finished
                .stderr
                .starts_with(&format!("error: {message}\nhint: ")),
            "{}",
            finished.stderr
        );
        assert!(!finished.stderr.contains("secret"));
    }
    assert!(!rehearsal.path("pairs.report.csv").exists());
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn a_token_in_place_of_another_value_is_refused_without_being_repeated() {
    let rehearsal = Rehearsal::new().rows(good_rows(1));
    let token = "pat-na1-01234567-89ab-cdef-0123-456789abcdef";
    for flag in [
        "--token-file",
        "--oauth-file",
        "--ca-file",
        "--token-command",
        "--report",
        "--rejects",
        "--html",
        "--summary",
        "--rate",
        "--skip-associated-in",
    ] {
        let finished = rehearsal.import(&[flag, token]);
        let error = format!(
            "error: the value of `{flag}` is a token, and a token is never read from there"
        );
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        assert!(finished.stderr.starts_with(&error), "{}", finished.stderr);
        assert!(!finished.stderr.contains("01234567"), "{}", finished.stderr);
    }
    let mut command = rehearsal.import_command(&[]);
    command.env("HUBSPOT_ASSOCIATE_TOKEN_FILE", token);
    let finished = finish(command.output().unwrap());
    assert_eq!(finished.code, 2);
    assert!(!finished.stderr.contains("01234567"), "{}", finished.stderr);
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn a_token_that_a_reply_repeats_with_escapes_is_masked_everywhere() {
    let server = MockServer::start();
    let escaped = TOKEN.replace('-', "\\u002d").replacen('p', "\\u0070", 1);
    server.mock(|when, then| {
        when.any_request();
        then.status(400).body(format!(
            r#"{{"status":"error","category":"VALIDATION_ERROR","message":"no {escaped}","context":{{"t":["{escaped}"]}}}}"#
        ));
    });
    let rehearsal = Rehearsal::new().rows(good_rows(2));
    let url = server.base_url();
    let flags = ["import", "pairs.csv", "--base-url", &url, "-vvv"];
    let finished = finish(rehearsal.command(&flags).output().unwrap());
    let report = std::fs::read_to_string(rehearsal.path("pairs.report.csv")).unwrap();
    assert!(report.contains("no (token)"), "{report}");
    for text in [&finished.stdout, &finished.stderr, &report] {
        assert!(!text.contains(TOKEN), "{text}");
    }
}

#[test]
fn a_proxy_that_cannot_be_used_is_refused_without_its_password() {
    let rehearsal = Rehearsal::new().rows(good_rows(1));
    for command in [&["import", "pairs.csv"][..], &["doctor"]] {
        let arguments = [command, &["--base-url", "https://api.example.invalid"]].concat();
        let mut command = rehearsal.command(&arguments);
        command.env("HTTPS_PROXY", "http://user:pass word@127.0.0.1:9");
        let finished = finish(command.output().unwrap());
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        assert!(
            finished.stderr.starts_with(
                "error: the proxy in `HTTPS_PROXY` is not valid\nhint: such as http://host:port"
            ),
            "{}",
            finished.stderr
        );
        assert!(
            !finished.stderr.contains("pass word"),
            "{}",
            finished.stderr
        );
    }
    assert!(!rehearsal.path("pairs.report.csv").exists());
}

#[test]
fn a_token_in_the_base_url_is_refused_without_being_repeated() {
    let rehearsal = Rehearsal::new().rows(good_rows(1));
    let url = format!("https://user:{TOKEN}@api.hubapi.com");
    let finished = finish(
        rehearsal
            .command(&["import", "pairs.csv", "--base-url", &url])
            .output()
            .unwrap(),
    );
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stderr
            .contains("must not hold a user name or password"),
        "{}",
        finished.stderr
    );
    assert!(!finished.stderr.contains("secret"), "{}", finished.stderr);
}
