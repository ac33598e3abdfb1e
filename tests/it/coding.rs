//! Compressed replies: none is requested, and one labelled as gzip is decoded nevertheless.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use httpmock::prelude::*;
use serde_json::{Value, json};

use crate::support::{Program, Rehearsal, finish};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Replies to one kind of request with a body of this coding, if the request is as expected.
fn answers(server: &MockServer, method: &str, path: &str, coding: &str, body: &[u8]) {
    server.mock(|when, then| {
        let when = when
            .method(method)
            .path(path)
            .header("accept-encoding", "identity");
        if method == "GET" {
            when.header_missing("content-length")
                .header_missing("transfer-encoding");
        }
        then.status(200)
            .header("content-type", "application/json")
            .header("content-encoding", coding)
            .body(body);
    });
}

fn linked(ids: &[(&str, &str)]) -> Value {
    let results: Vec<Value> = ids
        .iter()
        .map(|(from, to)| json!({"from": {"id": from}, "to": {"id": to}}))
        .collect();
    json!({"status": "COMPLETE", "results": results})
}

fn against(rehearsal: &Rehearsal, server: &MockServer, arguments: &[&str]) -> Program {
    let url = server.base_url();
    let mut command = rehearsal.command(arguments);
    command.env("HUBSPOT_ASSOCIATE_BASE_URL", url);
    command
}

const PUT_PATH: &str = "/crm/v4/objects/contacts/1/associations/default/companies/2";
const BATCH_PATH: &str = "/crm/v4/associations/contacts/companies/batch/associate/default";

#[test]
fn rows_and_batches_are_associated_by_unrequested_gzip_replies() {
    let server = MockServer::start();
    let one = gzip(linked(&[("1", "2")]).to_string().as_bytes());
    let two = gzip(linked(&[("1", "2"), ("3", "4")]).to_string().as_bytes());
    answers(&server, "PUT", PUT_PATH, "gzip", &one);
    answers(&server, "POST", BATCH_PATH, "GZIP", &two);
    let single = Rehearsal::new().rows(["contacts,1,companies,2"]);
    let flags = ["import", "pairs.csv", "--rate", "unlimited"];
    let ended = finish(against(&single, &server, &flags).output().unwrap());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(single.report()[0]["attempts"], "1");
    let many = Rehearsal::new().rows(["contacts,1,companies,2", "contacts,3,companies,4"]);
    let flags = [&flags[..], &["--mode", "batch"]].concat();
    let ended = finish(against(&many, &server, &flags).output().unwrap());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(many.outcomes(), ["1 associated", "2 associated"]);
}

#[test]
fn the_token_and_the_account_are_read_from_replies_in_gzip() {
    let server = MockServer::start();
    let zipped = |body: Value| gzip(body.to_string().as_bytes());
    let token = json!({"token_type": "bearer", "access_token": "access-0123456789", "expires_in": 1800, "hub_id": 77});
    answers(
        &server,
        "POST",
        "/oauth/2026-03/token",
        "gzip",
        &zipped(token),
    );
    let scopes = json!({"active": true, "scopes": ["oauth", "tickets"]});
    let path = "/oauth/2026-03/token/introspect";
    answers(&server, "POST", path, "gzip", &zipped(scopes));
    let account = json!({"portalId": 77, "accountType": "STANDARD", "timeZone": "US/Eastern"});
    answers(
        &server,
        "GET",
        "/account-info/v3/details",
        "gzip",
        &zipped(account),
    );
    let pool = json!({"name": "private-apps-api-calls-daily", "usageLimit": 500, "currentUsage": 3,
        "collectedAt": "2026-05-04T09:10:00Z", "fetchStatus": "SUCCESS", "resetsAt": "2026-05-05T04:00:00Z"});
    let path = "/account-info/v3/api-usage/daily/private-apps";
    answers(
        &server,
        "GET",
        path,
        "gzip",
        &zipped(json!({"results": [pool]})),
    );
    let rehearsal = Rehearsal::new();
    let mut command = against(&rehearsal, &server, &["doctor"]);
    command.env_remove("HUBSPOT_ACCESS_TOKEN").envs([
        ("HUBSPOT_CLIENT_ID", "id"),
        ("HUBSPOT_CLIENT_SECRET", "secret-0123456789"),
        ("HUBSPOT_REFRESH_TOKEN", "refresh-0123456789"),
    ]);
    let ended = finish(command.output().unwrap());
    for said in ["77", "tickets", "3 of 500", "US/Eastern"] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
}

#[test]
fn a_compressed_reply_that_is_too_long_or_invalid_confirms_no_pair_and_is_reported() {
    let bomb = gzip(&vec![b' '; 32 * 1024 * 1024]);
    assert!(bomb.len() < 256 * 1024);
    let good = linked(&[("1", "2")]).to_string().into_bytes();
    for (coding, body, message) in [
        ("gzip", bomb, "too long for the HubSpot API"),
        ("br", good, "content encoding that was not requested"),
    ] {
        let server = MockServer::start();
        answers(&server, "PUT", PUT_PATH, coding, &body);
        let rehearsal = Rehearsal::new().rows(["contacts,1,companies,2"]);
        let flags = [
            "import",
            "pairs.csv",
            "--rate",
            "unlimited",
            "--max-attempts",
            "1",
        ];
        let ended = finish(against(&rehearsal, &server, &flags).output().unwrap());
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        let line = &rehearsal.report()[0];
        assert_eq!(line["outcome"], "failed");
        assert_eq!(line["error_categories"], "CLIENT_UNREADABLE_REPLY");
        assert!(line["error_message"].contains(message), "{line:?}");
    }
}
