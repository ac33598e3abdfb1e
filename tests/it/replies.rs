//! Every kind of reply, end to end: what the sandbox sends, and what the report contains.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Line, Rehearsal};

use hubspot_associate::sandbox::faults::table::{KNOWN_FAULTS, fault_id};

/// fault, how often (0 is always), outcome, status, categories, attempts
type Expected = (
    &'static str,
    u32,
    &'static str,
    &'static str,
    &'static str,
    u32,
);

/// With at most two attempts of at most five seconds each. The behaviour with six attempts is tested with a paused
/// clock, in the unit tests of `run`.
const EXPECTED: &[Expected] = &[
    ("status:201", 0, "associated", "201", "", 1),
    ("status:204", 0, "rejected", "204", "CLIENT_NO_RESULT", 2),
    ("status:207", 0, "associated", "207", "", 1),
    ("status:302", 0, "failed", "302", "HTTP_302", 2),
    ("status:307", 0, "failed", "307", "HTTP_307", 2),
    ("status:400", 0, "rejected", "400", "VALIDATION_ERROR", 1),
    ("status:404", 0, "rejected", "404", "HTTP_404", 1),
    ("status:409", 0, "rejected", "409", "CONFLICT", 2),
    ("status:414", 0, "rejected", "414", "HTTP_414", 1),
    ("status:423", 1, "associated", "200", "", 2),
    ("status:477", 1, "associated", "200", "", 2),
    ("status:500", 0, "failed", "500", "HTTP_500", 2),
    ("status:502", 0, "failed", "502", "HTTP_502", 2),
    ("status:502", 1, "associated", "200", "", 2),
    ("status:503", 0, "failed", "503", "HTTP_503", 2),
    ("status:504", 0, "failed", "504", "HTTP_504", 2),
    ("status:521", 0, "failed", "521", "HTTP_521", 2),
    ("status:522", 0, "failed", "522", "HTTP_522", 2),
    ("status:523", 0, "failed", "523", "HTTP_523", 2),
    ("status:524", 0, "failed", "524", "HTTP_524", 2),
    ("status:525", 0, "failed", "525", "HTTP_525", 2),
    ("status:526", 0, "failed", "526", "HTTP_526", 2),
    ("missing", 0, "rejected", "400", "VALIDATION_ERROR", 1),
    (
        "missing-old-form",
        0,
        "rejected",
        "400",
        "VALIDATION_ERROR",
        1,
    ),
    ("bare-refusal", 0, "rejected", "400", "HTTP_400", 1),
    (
        "association-limit",
        0,
        "rejected",
        "400",
        "VALIDATION_ERROR",
        1,
    ),
    ("burst-retry-seconds", 1, "associated", "200", "", 2),
    ("burst-retry-date", 1, "associated", "200", "", 2),
    ("secondly", 1, "associated", "200", "", 2),
    ("unavailable-retry", 1, "associated", "200", "", 2),
    ("internal-page", 0, "failed", "500", "HTTP_500", 2),
    ("empty-internal", 0, "failed", "500", "HTTP_500", 2),
    (
        "embedded-error",
        0,
        "rejected",
        "200",
        "OBJECT_NOT_FOUND",
        1,
    ),
    ("only-count", 0, "rejected", "200", "HTTP_200", 1),
    ("only-errors", 0, "rejected", "200", "OBJECT_NOT_FOUND", 1),
    ("zero-errors", 0, "associated", "200", "", 1),
    ("empty-results", 0, "rejected", "200", "CLIENT_NO_RESULT", 2),
    ("empty-results", 1, "associated", "200", "", 2),
    ("null-results", 0, "rejected", "200", "CLIENT_NO_RESULT", 2),
    ("no-results", 0, "rejected", "200", "CLIENT_NO_RESULT", 2),
    ("merged", 0, "rejected", "200", "CLIENT_RESULT_MISMATCH", 2),
    ("forward-only", 0, "associated", "200", "", 1),
    ("inverse-only", 0, "associated", "200", "", 1),
    ("inverse-first", 0, "associated", "200", "", 1),
    ("numeric-ids", 0, "associated", "200", "", 1),
    ("unknown-fields", 0, "associated", "200", "", 1),
    ("pending", 0, "failed", "200", "CLIENT_NOT_COMPLETE", 2),
    ("pending", 1, "associated", "200", "", 2),
    ("processing", 0, "failed", "200", "CLIENT_NOT_COMPLETE", 2),
    ("canceled", 0, "rejected", "200", "CLIENT_NOT_COMPLETE", 2),
    ("cancelled", 0, "rejected", "200", "CLIENT_NOT_COMPLETE", 2),
    ("no-status", 0, "rejected", "200", "CLIENT_NOT_COMPLETE", 2),
    (
        "invalid-json",
        0,
        "failed",
        "200",
        "CLIENT_UNREADABLE_REPLY",
        2,
    ),
    (
        "page-with-ok",
        0,
        "failed",
        "200",
        "CLIENT_UNREADABLE_REPLY",
        2,
    ),
    ("empty-ok", 0, "rejected", "200", "CLIENT_NO_RESULT", 2),
    ("huge", 0, "failed", "200", "CLIENT_UNREADABLE_REPLY", 2),
    ("reset", 0, "failed", "", "CLIENT_CONNECTION", 2),
    ("reset", 1, "associated", "200", "", 2),
    ("close", 0, "failed", "", "CLIENT_CONNECTION", 2),
    ("stall", 0, "failed", "", "CLIENT_TIMEOUT", 2),
    ("cut", 0, "failed", "200", "CLIENT_UNREADABLE_REPLY", 2),
    (
        "cut-chunked",
        0,
        "failed",
        "200",
        "CLIENT_UNREADABLE_REPLY",
        2,
    ),
    ("stall-inside", 0, "failed", "", "CLIENT_TIMEOUT", 2),
    ("slow", 0, "associated", "200", "", 1),
    ("endless", 0, "failed", "200", "CLIENT_UNREADABLE_REPLY", 2),
    ("garbage", 0, "failed", "", "CLIENT_UNREADABLE_REPLY", 2),
    (
        "reset-inside",
        0,
        "failed",
        "200",
        "CLIENT_UNREADABLE_REPLY",
        2,
    ),
    ("reset-after", 0, "failed", "", "CLIENT_CONNECTION", 2),
];

/// These faults are not about a row: see `stop`. 429s without details pause all requests for a whole window: see
/// `run`, with a paused clock.
const ELSEWHERE: [&str; 9] = [
    "status:401",
    "status:403",
    "expired-token",
    "old-scopes",
    "spec-scopes",
    "blocked",
    "daily",
    "status:429",
    "bare-throttle",
];

#[test]
fn every_kind_of_reply_gives_its_row_the_documented_outcome() {
    let id = |index: usize, fault: &str, times| {
        fault_id(fault, times, u32::try_from(index).unwrap()).unwrap()
    };
    let rows = EXPECTED
        .iter()
        .enumerate()
        .map(|(index, &(fault, times, ..))| {
            // A valid row before each, so that the detector of uniform failures does not end the run.
            format!(
                "contacts,{},companies,1\ncontacts,{},companies,2",
                100_000 + index,
                id(index, fault, times)
            )
        });
    let rehearsal = Rehearsal::new().rows(rows);
    let finished = rehearsal.import(&[
        "--max-attempts",
        "2",
        "--timeout",
        "5s",
        "--concurrency",
        "32",
    ]);
    assert_eq!((finished.code, finished.stderr.as_str()), (1, ""));

    let lines = rehearsal.report();
    assert_eq!(lines.len(), EXPECTED.len() * 2);
    let by_id: BTreeMap<&str, &Line> = lines
        .iter()
        .map(|line| (line["from_object_id"].as_str(), line))
        .collect();
    let seen = rehearsal.seen();
    for (index, &(fault, times, outcome, status, categories, attempts)) in
        EXPECTED.iter().enumerate()
    {
        let id = id(index, fault, times);
        let line = by_id[id.as_str()];
        let found = [
            &line["outcome"],
            &line["http_status"],
            &line["error_categories"],
            &line["attempts"],
        ];
        assert_eq!(
            found,
            [outcome, status, categories, &attempts.to_string()],
            "{fault} {times}: {line:?}"
        );
        assert_eq!(
            line["num_errors"] == "0",
            outcome == "associated",
            "{fault}: {line:?}"
        );
        assert_eq!(
            line["error_message"].is_empty(),
            outcome == "associated",
            "{fault}: {line:?}"
        );
        let served = seen.pair("contacts", &id, "companies", "2");
        assert_eq!(
            u32::from(served.puts),
            attempts,
            "{fault} {times}: requests received"
        );
        assert!(
            outcome != "associated" || served.associated,
            "{fault} {times}: association stored"
        );
    }
}

#[test]
fn every_kind_of_reply_is_covered() {
    let here = EXPECTED.iter().map(|expected| expected.0);
    let covered: BTreeSet<_> = here.chain(ELSEWHERE).collect();
    let known: BTreeSet<_> = KNOWN_FAULTS.iter().map(|fault| fault.name).collect();
    assert_eq!(covered, known);
}

#[test]
fn the_message_names_the_records_and_the_server_its_correlation_id() {
    let rehearsal = Rehearsal::new().rows(["contacts,997000000000001,companies,2"]);
    rehearsal.import(&[]);
    let line = &rehearsal.report()[0];
    assert!(
        line["error_message"].contains("CONTACT=997000000000001 is not valid"),
        "{line:?}"
    );
    assert_eq!(line["correlation_id"].len(), 36);
}

#[test]
fn an_unreachable_server_fails_the_rows() {
    let rehearsal = Rehearsal::new().rows(["contacts,1,companies,2"]);
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}");
    let arguments = [
        "import",
        "pairs.csv",
        "--base-url",
        &url,
        "--max-attempts",
        "2",
    ];
    let finished = crate::support::finish(rehearsal.command(&arguments).output().unwrap());
    assert_eq!(finished.code, 1);
    let line = &rehearsal.report()[0];
    let found = [
        &line["outcome"],
        &line["http_status"],
        &line["error_categories"],
        &line["attempts"],
    ];
    assert_eq!(found, ["failed", "", "CLIENT_CONNECTION", "2"]);
    assert!(
        line["error_message"]
            .to_lowercase()
            .contains("connection refused"),
        "{line:?}"
    );
}
