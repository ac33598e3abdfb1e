//! The lists of labels that HubSpot has: the command that prints them, and when and how often an import reads them.

use std::io::Write as _;
use std::process::Stdio;

use httpmock::prelude::*;
use serde_json::{Value, json};

use crate::support::{Finished, HEADER, Rehearsal, finish, instant};

use hubspot_associate::sandbox::read_settings::{LabelsPaths, ReadSettings};
use hubspot_associate::sandbox::settings::SandboxSettings;

/// Two pairs of types, one of them in two spellings.
pub(crate) const ROWS: [&str; 3] = [
    "contacts,41001,companies,52001",
    "0-1,41002,company,52002",
    "contacts,41003,deals,63003",
];

pub(crate) fn labels(url: &str, words: &[&str]) -> Finished {
    let folder = Rehearsal::new();
    let words = [&["labels"], words, &["--base-url", url]].concat();
    finish(folder.command(&words).output().unwrap())
}

/// The lists of labels that were asked for, and the calls that write.
pub(crate) fn calls(rehearsal: &Rehearsal) -> [u64; 2] {
    let seen = rehearsal.seen();
    [seen.calls("labels"), seen.pairs_put as u64]
}

#[test]
fn labels_are_listed_at_whichever_of_the_paths_there_is() {
    for (path, version) in [
        (LabelsPaths::Both, "v4"),
        (LabelsPaths::New, "v4"),
        (LabelsPaths::Old, "v4"),
        (LabelsPaths::Old, "2026-03"),
        (LabelsPaths::New, "2026-09"),
    ] {
        let rehearsal = Rehearsal::against(SandboxSettings {
            reads: ReadSettings {
                labels_path: path,
                ..ReadSettings::unlimited()
            },
            ..instant()
        })
        .rows(ROWS);
        let words = ["contacts", "companies", "--json", "--api-version", version];
        let listed = labels(&rehearsal.url(), &words);
        assert_eq!(listed.code, 0, "{path:?} {version}: {}", listed.stderr);
        let json: Value = serde_json::from_str(&listed.stdout).unwrap();
        let entry = |from: &str, to: &str, label: &str, type_id: u64| json!({"from_type": from, "to_type": to, "label": label, "category": "USER_DEFINED", "type_id": type_id});
        for expected in [
            entry("contacts", "companies", "Manager", 5),
            entry("companies", "contacts", "Employee", 6),
        ] {
            let all = json["labels"].as_array().unwrap();
            assert!(all.contains(&expected), "{path:?} {version}: {json}");
        }
        let run = rehearsal.import(&["--label", "Decision maker", "--api-version", version]);
        assert_eq!(run.code, 0, "{path:?} {version}: {}", run.stderr);
    }
}

#[test]
fn each_pair_of_types_is_listed_once_before_anything_is_sent() {
    let rehearsal = Rehearsal::new().rows(ROWS);
    let run = rehearsal.import(&["--label", "Decision maker", "--first", "2"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    // Both directions of contacts and companies.
    assert_eq!(calls(&rehearsal)[0], 2);
    let run = rehearsal.import(&["--label", "Decision maker", "--resume"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(calls(&rehearsal)[0], 6);
    assert_eq!(rehearsal.outcomes().len(), 3);
}

#[test]
fn a_pilot_is_compared_with_a_report_that_has_more_rows() {
    let rehearsal = Rehearsal::new().rows(ROWS);
    let flags = ["--label", "Decision maker"];
    assert_eq!(rehearsal.import(&flags).code, 0);
    let run = rehearsal.import(&[&flags[..], &["--resume", "--first", "1"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let verify = |more: &[&str]| {
        let url = rehearsal.url();
        let words = [
            "verify",
            "pairs.csv",
            "--base-url",
            &url,
            "--rate",
            "unlimited",
        ];
        let words = [&words[..], &flags, more].concat();
        finish(rehearsal.command(&words).output().unwrap())
    };
    let whole = verify(&[]);
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    let again = verify(&["--resume"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
}

#[test]
fn too_many_pairs_of_types_end_the_run_before_hubspot_is_asked() {
    let rows = (0..1_001).map(|number| format!("contacts,41001,2-{number},7"));
    let rehearsal = Rehearsal::new().rows(rows);
    let run = rehearsal.import(&["--label", "Manager"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let error = "error: the rows have more than 1000 different pairs of object types\nhint: check that the columns";
    assert!(run.stderr.starts_with(error), "{}", run.stderr);
    assert_eq!(calls(&rehearsal), [0, 0]);
}

#[test]
fn a_signal_ends_a_run_that_waits_for_the_labels_of_standard_input() {
    let server = MockServer::start();
    server.mock(|when, then| {
        when.path_includes("/account-info/");
        then.status(200)
            .json_body(json!({"portalId": 7, "accountType": "DEVELOPER_TEST"}));
    });
    let list = server.mock(|when, then| {
        when.path_includes("/labels");
        then.status(200)
            .delay(std::time::Duration::from_mins(2))
            .json_body(json!({"results": []}));
    });
    let rehearsal = Rehearsal::new();
    let url = server.base_url();
    let words = [
        "import",
        "-",
        "--report",
        "r.csv",
        "--base-url",
        &url,
        "--label",
        "X",
        "--timeout",
        "3m",
    ];
    let mut child = rehearsal
        .command(&words)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin();
    pipe.write_all(format!("{HEADER}\n{}\n", ROWS[0]).as_bytes())
        .unwrap();
    crate::support::wait_until("the labels are asked for", || list.calls() > 0);
    crate::support::signal(&child, "INT");
    let ended = finish(child.output());
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    drop(pipe);
}

/// A server that answers the calls for the account and for labels.
fn server_with_labels(status: u16, body: &Value) -> MockServer {
    let server = MockServer::start();
    server.mock(|when, then| {
        when.path_includes("/account-info/");
        then.status(200)
            .json_body(json!({"portalId": 7, "accountType": "DEVELOPER_TEST"}));
    });
    server.mock(|when, then| {
        when.path_includes("/labels");
        then.status(status).json_body(body.clone());
    });
    server
}

#[test]
fn a_list_that_cannot_be_read_ends_the_command_with_the_reason() {
    let scope = json!({"status": "error", "category": "MISSING_SCOPES", "message": "This app hasn't been granted all scopes",
        "errors": [{"message": "x", "context": {"requiredScopes": ["crm.objects.contacts.read"]}}]});
    for (status, body, code, error) in [
        (
            403,
            scope,
            3,
            "HubSpot does not list the labels from contacts to companies: ",
        ),
        (
            401,
            json!({"status": "error", "category": "INVALID_AUTHENTICATION", "message": "not valid"}),
            3,
            "HubSpot does not list the labels from contacts to companies: ",
        ),
        (
            404,
            json!({"status": "error", "message": "no such type"}),
            2,
            "HubSpot does not list the labels from contacts to companies: no such type",
        ),
        (
            503,
            json!({"status": "error", "message": "later"}),
            4,
            "could not read the labels from contacts to companies: later",
        ),
        (
            200,
            json!({"log": "in"}),
            4,
            "could not read the labels from contacts to companies: the reply (status 200) is no list of labels",
        ),
    ] {
        let server = server_with_labels(status, &body);
        let listed = labels(&server.base_url(), &["contacts", "companies"]);
        assert_eq!(listed.code, code, "{status}: {}", listed.stderr);
        assert!(
            listed.stderr.starts_with(&format!("error: {error}")),
            "{}",
            listed.stderr
        );
        assert!(listed.stderr.contains("\nhint: "), "{}", listed.stderr);
        assert_eq!(listed.stdout, "");
        let rehearsal = Rehearsal::new().rows(ROWS);
        let url = server.base_url();
        let words = [
            "import",
            "pairs.csv",
            "--base-url",
            &url,
            "--label",
            "Manager",
        ];
        let run = finish(rehearsal.command(&words).output().unwrap());
        assert_eq!(run.code, code, "{status}: {}", run.stderr);
        assert!(!rehearsal.path("pairs.report.csv").exists(), "{status}");
    }
}

#[test]
fn types_without_labels_have_an_empty_list_and_text_of_the_server_is_escaped() {
    let server = server_with_labels(200, &json!({"results": []}));
    let listed = labels(&server.base_url(), &["contacts", "companies"]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    assert_eq!(
        listed.stdout,
        "no association types between contacts and companies\n"
    );
    let odd =
        json!({"results": [{"category": "USER_DEFINED", "typeId": 1, "label": "a\u{1b}[31m\nb"}]});
    let server = server_with_labels(200, &odd);
    let listed = labels(&server.base_url(), &["contacts", "companies"]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    assert!(!listed.stdout.contains('\u{1b}'), "{}", listed.stdout);
    // The headers, and a line for each direction.
    assert_eq!(listed.stdout.lines().count(), 3, "{}", listed.stdout);
}
