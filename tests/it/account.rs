//! Before the first row is sent, a run names the account that it writes to, or reads from.

use std::time::Duration;

use httpmock::prelude::*;
use serde_json::json;

use hubspot_associate::sandbox::settings::SandboxSettings;

use crate::support::{Finished, Rehearsal, finish, good_rows, instant};

/// A sandbox whose account has this `accountType`.
fn account_of_type(account_type: &str) -> Rehearsal {
    let settings = SandboxSettings {
        account_type: account_type.to_owned(),
        ..instant()
    };
    Rehearsal::against(settings).rows(good_rows(2))
}

/// Imports two rows from a server that confirms them and gives this reply about the account.
fn import_where_the_account_is(status: u16, body: &str, delay: Duration) -> Finished {
    let server = MockServer::start();
    server.mock(|when, then| {
        when.method(GET).path("/account-info/v3/details");
        then.status(status).body(body).delay(delay);
    });
    for row in 1..=2 {
        let (from, to) = ((41_000 + row).to_string(), (52_000 + row).to_string());
        server.mock(|when, then| {
            when.method(PUT).path_includes(format!("/{from}/"));
            then.status(200).json_body(json!({
                "status": "COMPLETE",
                "results": [{"from": {"id": from}, "to": {"id": to}}],
            }));
        });
    }
    let rehearsal = Rehearsal::new().rows(good_rows(2));
    let url = server.base_url();
    let arguments = ["import", "pairs.csv", "--base-url", &url, "--timeout", "5s"];
    finish(rehearsal.command(&arguments).output().unwrap())
}

#[test]
fn an_import_names_its_account_once_and_says_whether_it_is_a_production_portal() {
    for (account_type, description) in [
        (
            "STANDARD",
            "INFO writing to a production portal portal=1234567",
        ),
        (
            "DEVELOPER_TEST",
            "INFO writing to a portal that is not a production portal portal=1234567",
        ),
    ] {
        let rehearsal = account_of_type(account_type);
        let finished = rehearsal.import(&["--wait-for-daily-reset"]);
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
        assert_eq!(finished.account.lines().count(), 1, "{}", finished.account);
        assert!(
            finished.account.contains(description),
            "{}",
            finished.account
        );
        // The request for the account also gives its time zone.
        assert_eq!(rehearsal.seen().calls("account"), 1);
        let named = rehearsal.import(&["--overwrite", "--expect-portal", "1234567"]);
        assert_eq!(named.code, 0, "{}", named.stderr);
        assert!(named.account.contains(description), "{}", named.account);
        assert_eq!(rehearsal.seen().calls("account"), 2);
    }
}

#[test]
fn the_account_is_also_in_the_json_log_and_not_shown_where_only_errors_are() {
    let rehearsal = account_of_type("STANDARD");
    let finished = rehearsal.import(&["--log-format", "json"]);
    let line: serde_json::Value = serde_json::from_str(&finished.account).unwrap();
    assert_eq!(line["message"], "writing to a production portal");
    assert_eq!(line["portal"], 1_234_567);
    assert_eq!(line["account_type"], "STANDARD");
    let quiet = rehearsal.import(&["--overwrite", "--quiet"]);
    assert_eq!(
        (quiet.code, quiet.stderr + &quiet.account),
        (0, String::new())
    );
}

#[test]
fn a_rehearsal_names_no_account_because_it_has_none() {
    let rehearsal = Rehearsal::new().rows(good_rows(2));
    let arguments = ["import", "pairs.csv", "--sandbox"];
    let finished = finish(rehearsal.command(&arguments).output().unwrap());
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    assert_eq!(finished.account, "");
}

#[test]
fn resolve_reads_from_its_account() {
    let rehearsal = Rehearsal::new().file("from_id,to_id\nada@example.com,52001\n");
    let url = rehearsal.url();
    let arguments = [
        "resolve",
        "pairs.csv",
        "--output",
        "ids.csv",
        "--from-type",
        "contacts",
        "--to-type",
        "companies",
        "--from-id-property",
        "email",
        "--base-url",
        &url,
    ];
    let finished = finish(rehearsal.command(&arguments).output().unwrap());
    assert!(finished.code < 2, "{}", finished.stderr);
    let line = "INFO reading from a portal that is not a production portal portal=1234567";
    assert!(finished.account.contains(line), "{}", finished.account);
}

#[test]
fn an_account_that_cannot_be_read_does_not_stop_a_run_or_repeat_the_request() {
    for (status, body, why) in [
        (
            401,
            r#"{"message":"the token is not known"}"#,
            "the token is not known",
        ),
        (
            403,
            r#"{"category":"MISSING_SCOPES","message":"no scope"}"#,
            "no scope",
        ),
        (404, "", "404"),
        (
            429,
            r#"{"policyName":"DAILY","message":"the day is used up"}"#,
            "the day is used up",
        ),
        (502, "<html>", "502"),
        (200, "<html>", "does not describe an account"),
        (200, "{}", "does not describe an account"),
    ] {
        let finished = import_where_the_account_is(status, body, Duration::ZERO);
        assert_eq!(
            (finished.code, finished.stderr.as_str()),
            (0, ""),
            "{status}"
        );
        assert_eq!(finished.account.lines().count(), 1, "{}", finished.account);
        let unknown = "INFO writing to a portal that could not be identified why=";
        assert!(finished.account.contains(unknown), "{}", finished.account);
        assert!(finished.account.contains(why), "{}", finished.account);
    }
    let body = r#"{"portalId":7}"#;
    let finished = import_where_the_account_is(200, body, Duration::ZERO);
    let line = "it is not known whether it is a production portal portal=7";
    assert!(finished.account.contains(line), "{}", finished.account);
}

#[test]
fn an_account_that_is_not_answered_delays_a_run_by_one_timeout() {
    let body = r#"{"portalId":7}"#;
    let finished = import_where_the_account_is(200, body, Duration::from_mins(2));
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let why = "could not be identified why=\"no reply in time\"";
    assert!(finished.account.contains(why), "{}", finished.account);
}

#[test]
fn a_report_that_is_refused_costs_no_request() {
    let rehearsal = account_of_type("STANDARD");
    assert_eq!(rehearsal.import(&[]).code, 0);
    let refused = rehearsal.import(&[]);
    assert_eq!((refused.code, refused.account.as_str()), (2, ""));
    assert_eq!(rehearsal.seen().calls("account"), 1);
}

#[test]
fn each_line_of_the_report_has_the_portal_where_it_is_known() {
    let portals = |rehearsal: &Rehearsal| -> Vec<String> {
        let lines = rehearsal.report();
        lines.iter().map(|line| line["portal_id"].clone()).collect()
    };
    let rehearsal = account_of_type("STANDARD");
    assert_eq!(rehearsal.import(&["--first", "1"]).code, 0);
    assert_eq!(rehearsal.import(&["--resume"]).code, 0);
    assert_eq!(portals(&rehearsal), ["1234567", "1234567"]);
    let settings = SandboxSettings {
        account_access: false,
        ..instant()
    };
    let unknown = Rehearsal::against(settings).rows(good_rows(1));
    assert_eq!(unknown.import(&[]).code, 0);
    assert_eq!(portals(&unknown), [""]);
}

#[test]
fn a_report_of_another_portal_is_neither_continued_nor_a_source_of_known_pairs() {
    let rehearsal = account_of_type("STANDARD");
    assert_eq!(rehearsal.import(&[]).code, 0);
    let report = rehearsal.path("pairs.report.csv");
    let text = std::fs::read_to_string(&report).unwrap();
    assert!(text.contains(",1234567,"), "{text}");
    let other = text.replace(",1234567,", ",7654321,");
    std::fs::write(&report, &other).unwrap();
    std::fs::write(rehearsal.path("last.csv"), &other).unwrap();
    for (flags, path, hint) in [
        (
            &["--resume"][..],
            "pairs.report.csv",
            "hint: use the token of the other portal, or write another report with `--report PATH`",
        ),
        (
            &["--report", "new.csv", "--skip-associated-in", "last.csv"],
            "last.csv",
            "hint: its pairs are not linked in this portal: name a report of this one, or use the token of the other",
        ),
    ] {
        let refused = rehearsal.import(flags);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        let error = format!(
            "error: the report `{path}` is of portal 7654321 (line 2), and this run writes to portal 1234567\n{hint}\n"
        );
        assert_eq!(refused.stderr, error);
    }
    assert_eq!(std::fs::read_to_string(&report).unwrap(), other);
    // Nothing but the account was asked for.
    assert_eq!(rehearsal.seen().requests, 2);
    // A rehearsal links nothing, so it may use the report of any portal.
    let line = [
        "import",
        "pairs.csv",
        "--sandbox",
        "--skip-associated-in",
        "last.csv",
    ];
    let rehearsed = finish(rehearsal.command(&line).output().unwrap());
    assert_eq!(rehearsed.code, 0, "{}", rehearsed.stderr);
}
