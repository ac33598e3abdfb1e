//! Runs that stop early: signals, credentials, limits.

use std::time::Duration;

use crate::support::{Rehearsal, good_rows, insist, instant, signal, wait_until};

use hubspot_associate::sandbox::faults::table::fault_id;
use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};

const BEFORE: usize = 2000;

/// Rows with `id` in the middle row, after [`BEFORE`] others.
fn with_in_the_middle(id: &str) -> Vec<String> {
    let mut rows: Vec<_> = good_rows(2 * BEFORE as u64).collect();
    rows.insert(BEFORE, format!("contacts,{id},companies,2"));
    rows
}

#[test]
fn refused_credentials_stop_the_run_and_fail_no_row() {
    for (code, message, hint) in [
        (
            "401",
            "stopped: HubSpot does not accept the token",
            "check that the token is still valid",
        ),
        (
            "710",
            "stopped: HubSpot does not accept the token",
            "check that the token is still valid",
        ),
        (
            "403",
            "stopped: the token lacks a scope: crm.objects.contacts.write, crm.objects.companies.write",
            "add one of these scopes",
        ),
        (
            "711",
            "stopped: the token lacks a scope: ",
            "add one of these scopes",
        ),
        (
            "712",
            "stopped: the token lacks a scope: ",
            "add one of these scopes",
        ),
    ] {
        let mut rows = with_in_the_middle(&format!("99{code}0000000001"));
        let others = (3..20).map(|to| format!("contacts,99{code}0000000001,companies,{to}"));
        rows.splice(BEFORE..BEFORE, others);
        let rehearsal = Rehearsal::new().rows(rows);
        let finished = rehearsal.import(&["--concurrency", "4"]);
        assert_eq!(finished.code, 3, "{code}: {}", finished.stderr);
        assert!(
            finished.stderr.starts_with(&format!("error: {message}")),
            "{}",
            finished.stderr
        );
        assert!(
            finished.stderr.contains(&format!("\nhint: {hint}")),
            "{}",
            finished.stderr
        );
        let outcomes = rehearsal.outcomes();
        assert!(
            outcomes
                .iter()
                .all(|outcome| outcome.ends_with(" associated"))
        );
        assert!(!outcomes.contains(&format!("{} associated", BEFORE + 1)));
        assert_eq!(outcomes.len(), BEFORE, "no refused row has a line");
        let requests = usize::try_from(rehearsal.seen().requests).unwrap();
        assert!(requests < BEFORE + 40, "{code}: {requests}");
    }
}

#[test]
fn a_single_401_is_retried_and_does_not_stop_the_run() {
    let once = fault_id("status:401", 1, 1).unwrap();
    for mode in [&[][..], &["--mode", "batch", "--batch-size", "500"]] {
        let rehearsal = Rehearsal::new().rows(with_in_the_middle(&once));
        let finished = rehearsal.import(mode);
        assert_eq!(finished.code, 0, "{mode:?}: {}", finished.stderr);
        assert_eq!(rehearsal.report().len(), 2 * BEFORE + 1, "{mode:?}");
        let refused = rehearsal.seen().replies.get(&401).copied();
        assert_eq!(refused, Some(1), "{mode:?}");
    }
}

#[test]
fn the_daily_limit_stops_the_run_so_that_it_can_be_resumed() {
    let settings = SandboxSettings {
        // One is for the account.
        daily_limit: Some(301),
        ..instant()
    };
    let rehearsal = Rehearsal::against(settings).rows(good_rows(1000));
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 4);
    assert!(
        finished
            .stderr
            .starts_with("error: stopped: the account's daily limit is used up; 300 rows")
    );
    assert_eq!(rehearsal.report().len(), 300);
    assert!(rehearsal.seen().over_day <= 16);
}

#[test]
fn a_retry_after_of_hours_stops_the_run() {
    let settings = SandboxSettings {
        retry_after: Duration::from_hours(2),
        ..instant()
    };
    let rows = with_in_the_middle("994770000000001");
    let rehearsal = Rehearsal::against(settings).rows(rows);
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 4);
    assert!(
        finished
            .stderr
            .contains("hint: wait 2h 0m; then run `hubspot-associate import"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_type_that_hubspot_does_not_know_stops_at_the_first_rows() {
    let rehearsal = Rehearsal::new().rows((1..500).map(|id| format!("widgets,{id},companies,1")));
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stderr
            .contains("caused by: Unable to infer object type from: widgets\n")
    );
    let seen = rehearsal.seen();
    assert!(seen.requests < 3 + 16);
    assert_eq!(rehearsal.report().len() as u64, seen.requests);
}

#[test]
fn a_wrong_path_stops_before_many_rows_are_rejected() {
    let rehearsal = Rehearsal::new().rows(good_rows(500));
    let url = format!("{}/elsewhere", rehearsal.url());
    let arguments = [
        "import",
        "pairs.csv",
        "--rate",
        "unlimited",
        "--base-url",
        &url,
    ];
    let finished = crate::support::finish(rehearsal.command(&arguments).output().unwrap());
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stderr
            .contains("got a 404 reply: the path of the API is probably wrong"),
        "{}",
        finished.stderr
    );
    assert!(rehearsal.report().len() < 25 + 16);
}

fn slow() -> SandboxSettings {
    let latency = Duration::from_millis(100);
    SandboxSettings {
        latency: Latency {
            min: latency,
            max: latency,
        },
        ..instant()
    }
}

#[test]
fn one_signal_lets_requests_in_flight_finish_and_prints_how_to_resume() {
    for (name, code, word) in [
        ("INT", 130, "interrupted"),
        ("TERM", 143, "terminated"),
        ("HUP", 143, "terminated"),
    ] {
        let rehearsal = Rehearsal::against(slow()).rows(good_rows(5000));
        let (child, finish) = rehearsal.start(40, &[]);
        signal(&child, name);
        let finished = finish(child);
        assert_eq!(finished.code, code, "{name}");
        let error = finished
            .stderr
            .lines()
            .find(|line| line.starts_with("error: "))
            .unwrap();
        let lines = rehearsal.report().len();
        assert_eq!(
            error,
            format!("error: {word}; {lines} rows are in the report")
        );
        assert!(
            finished.stderr.contains(
                "\nhint: to continue, run `hubspot-associate import pairs.csv --base-url "
            )
        );
        assert_eq!(
            rehearsal.seen().requests,
            lines as u64,
            "every reply is in the report"
        );
        assert!((40..5000).contains(&lines));
    }
}

#[test]
fn a_second_signal_stops_without_waiting_for_replies() {
    let rehearsal = Rehearsal::new().rows(
        good_rows(10)
            .chain((1..10).map(|serial| format!("contacts,9980200000000{serial:02},companies,1"))),
    );
    let (mut child, finish) = rehearsal.start(10, &[]);
    insist(&mut child);
    let finished = finish(child);
    assert_eq!((finished.code, rehearsal.report().len()), (130, 10));
}

#[test]
fn a_signal_ends_a_run_whose_output_is_not_read() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    let (_reader, mut stdout) = std::io::pipe().unwrap();
    // The capacity of a pipe.
    std::io::Write::write_all(&mut stdout, &vec![b'.'; 64 * 1024]).unwrap();
    let mut child = rehearsal
        .import_command(&[])
        .stdout(stdout)
        .spawn()
        .unwrap();
    // A request that the sandbox has seen may still wait for its reply, which a second signal does not await.
    wait_until("each row is in the report", || {
        let report = std::fs::read_to_string(rehearsal.path("pairs.report.csv"));
        report.is_ok_and(|report| report.lines().count() == 4)
    });
    insist(&mut child);
    assert_eq!(child.ended().code(), Some(130));
    assert_eq!(rehearsal.report().len(), 3);
}

#[test]
fn a_second_run_on_the_same_report_ends_immediately_and_changes_nothing() {
    let rehearsal = Rehearsal::against(slow()).rows(good_rows(50_000));
    let (child, finish) = rehearsal.start(10, &[]);
    let holder = if cfg!(target_os = "linux") {
        format!(": process {}, since ", child.id())
    } else {
        String::new()
    };
    for flags in [&[][..], &["--overwrite"], &["--resume"]] {
        let second = rehearsal.import(flags);
        assert_eq!(second.code, 5);
        let start = format!("error: another run holds the report `pairs.report.csv`{holder}");
        assert!(second.stderr.starts_with(&start), "{}", second.stderr);
    }
    signal(&child, "INT");
    assert_eq!(finish(child).code, 130);
    assert_eq!(rehearsal.report().len() as u64, rehearsal.seen().requests);
}

#[test]
fn a_run_on_the_wrong_column_stops_after_a_hundred_rows_and_names_the_common_cause() {
    let rows = (1..=5000).map(|serial| format!("contacts,9970000{serial:08},companies,1"));
    let rehearsal = Rehearsal::new().rows(rows);
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 4, "{}", finished.stderr);
    let start = "error: stopped: 100 of the last 100 rows were not associated (`--max-failed-percent 50`); ";
    assert!(finished.stderr.starts_with(start), "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .contains("\n  caused by: 100 of these rows have the same cause: rejected, VALIDATION_ERROR; the first is row "),
        "{}",
        finished.stderr
    );
    let requests = rehearsal.seen().requests;
    assert!((100..=116).contains(&requests), "{requests}");
    assert_eq!(rehearsal.report().len() as u64, requests);
    assert_eq!(
        rehearsal.import(&["--resume", "--max-failed", "10"]).code,
        4
    );
    assert!(rehearsal.seen().requests <= requests + 26);
    let regardless = rehearsal.import(&["--resume", "--max-failed-percent", "100"]);
    assert_eq!((regardless.code, rehearsal.report().len()), (1, 5000));
}

#[test]
fn an_api_that_fails_every_row_stops_the_run_and_resume_sends_the_rows_again() {
    let rows = (1..=200).map(|serial| {
        let id = fault_id("status:500", 1, serial).unwrap();
        format!("contacts,{id},companies,1")
    });
    let rehearsal = Rehearsal::new().rows(rows);
    let ended = rehearsal.import(&["--max-attempts", "1"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    let hint = "\nhint: wait until the network and HubSpot work again (https://status.hubspot.com); then run `hubspot-associate import pairs.csv ";
    assert!(ended.stderr.contains(hint), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains(" of these rows have the same cause: failed, HTTP_500; the first is row "),
        "{}",
        ended.stderr
    );
    let failed = rehearsal.report().len();
    assert!((100..=116).contains(&failed), "{failed}");
    let again = rehearsal.import(&["--resume"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(rehearsal.report().len(), 200);
}

#[test]
fn a_run_stops_at_its_time_limit_and_is_resumed_later() {
    let rehearsal = Rehearsal::against(slow()).rows(good_rows(300));
    let stopped = rehearsal.import(&["--max-duration", "500ms"]);
    assert_eq!(stopped.code, 4);
    assert!(
        stopped
            .stderr
            .starts_with("error: stopped: the time limit was reached (`--max-duration`, 0.5s); "),
        "{}",
        stopped.stderr
    );
    let lines = rehearsal.report().len() as u64;
    assert_eq!(rehearsal.seen().requests, lines, "every reply has its line");
    assert_eq!(rehearsal.import(&["--resume"]).code, 0);
    assert_eq!(
        (rehearsal.report().len(), rehearsal.seen().requests),
        (300, 300)
    );
}

#[test]
fn a_signal_is_handled_while_the_run_waits_for_a_permit() {
    let rehearsal = Rehearsal::new().rows(good_rows(30));
    let (child, finish) = rehearsal.start(1, &["--rate", "1/60s"]);
    signal(&child, "INT");
    let finished = finish(child);
    assert_eq!((finished.code, rehearsal.report().len()), (130, 1));
}
