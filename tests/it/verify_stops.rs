//! `verify` that is killed, may not read, or finds labels.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use hubspot_associate::sandbox::read_settings::ReadSettings;
use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};

use serde_json::json;

use crate::support::{Line, Rehearsal, finish, good_rows, instant, post, wait_until};

/// Nothing is linked, and whether the records exist is not asked.
const ABSENT: [&str; 2] = ["--expect", "absent"];

const VERIFIED: &str = "pairs.verify.csv";

fn words<'w>(url: &'w str, flags: &[&'w str]) -> Vec<&'w str> {
    let start = [
        "verify",
        "pairs.csv",
        "--base-url",
        url,
        "--rate",
        "unlimited",
    ];
    [&start[..], flags].concat()
}

#[test]
fn a_run_that_is_killed_reads_no_pair_with_a_line_again() {
    const ROWS: u64 = 9000;
    let latency = Duration::from_millis(300);
    let settings = SandboxSettings {
        latency: Latency {
            min: latency,
            max: latency,
        },
        ..instant()
    };
    let folder = Rehearsal::against(settings).rows(good_rows(ROWS));
    let url = folder.url();
    let mut running = folder.command(&words(&url, &ABSENT)).spawn().unwrap();
    // At most four of nine reads are in flight.
    wait_until("there are lines", || {
        fs::metadata(folder.path(VERIFIED)).is_ok_and(|file| file.len() > 1000)
    });
    running.kill();
    assert_eq!(finish(running.output()).code, 1009);
    let text = fs::read_to_string(folder.path(VERIFIED)).unwrap();
    let settled = text.matches('\n').count() as u64 - 1;
    assert!((1..ROWS).contains(&settled), "{settled}");

    let before = folder.seen().calls("links");
    let resumed = finish(
        folder
            .command(&words(&url, &[&ABSENT[..], &["--resume"]].concat()))
            .output()
            .unwrap(),
    );
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    let reads = folder.seen().calls("links") - before;
    assert!(
        reads <= (ROWS - settled).div_ceil(1000),
        "{reads} reads, {settled} settled"
    );
    let lines = folder.report_named(VERIFIED);
    let rows: BTreeSet<_> = lines.iter().map(|line| line["row"].clone()).collect();
    assert_eq!((lines.len() as u64, rows.len() as u64), (ROWS, ROWS));
    assert!(lines.iter().all(|line| line["state"] == "missing"));
}

#[test]
fn a_missing_read_scope_ends_the_run_and_is_named() {
    let settings = SandboxSettings {
        reads: ReadSettings {
            missing_scopes: true,
            ..ReadSettings::unlimited()
        },
        ..instant()
    };
    let folder = Rehearsal::against(settings).rows(good_rows(5));
    let url = folder.url();
    let run = finish(folder.command(&words(&url, &[])).output().unwrap());
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(
        run.stderr.contains("crm.objects.contacts.read"),
        "{}",
        run.stderr
    );
    assert_eq!(folder.report_named(VERIFIED), Vec::<Line>::new());
}

#[test]
fn a_record_that_gained_a_label_is_present_with_it() {
    let folder = Rehearsal::new().rows(good_rows(1));
    assert_eq!(folder.import(&[]).code, 0);
    let types = [json!({"associationCategory": "USER_DEFINED", "associationTypeId": 7})];
    let (from, to) = (json!({"id": "41001"}), json!({"id": "52001"}));
    let body = json!({"inputs": [{"from": from, "to": to, "types": types}]});
    let path = "/crm/v4/associations/contacts/companies/batch/create";
    let (status, reply) = post(&folder.url(), path, &body);
    assert!(status < 300, "{reply}");
    let url = folder.url();
    let run = finish(folder.command(&words(&url, &[])).output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let line = folder.report_named(VERIFIED).remove(0);
    assert!(
        line["association_types"].contains("USER_DEFINED:7:Partner"),
        "{line:?}"
    );
}
