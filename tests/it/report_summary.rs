//! The summary of a report that is read back.

use crate::support::{Finished, Rehearsal, finish, good_rows, instant};

use hubspot_associate::sandbox::settings::SandboxSettings;

fn report(rehearsal: &Rehearsal, flags: &[&str]) -> Finished {
    let mut arguments = vec!["report", "pairs.report.csv"];
    arguments.extend(flags);
    finish(rehearsal.command(&arguments).output().unwrap())
}

fn requests(rehearsal: &Rehearsal) -> serde_json::Value {
    let json = report(rehearsal, &["--json"]).stdout;
    serde_json::from_str::<serde_json::Value>(&json).unwrap()["requests"].clone()
}

#[test]
fn rows_that_share_a_call_are_not_counted_as_separate_requests() {
    let rehearsal = Rehearsal::new().rows(good_rows(250));
    let finished = rehearsal.import(&["--mode", "batch", "--batch-size", "100"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().requests, 3);
    let summary = report(&rehearsal, &[]);
    assert!(
        summary.stdout.contains("\nrequests: 3\n"),
        "{}",
        summary.stdout
    );
    assert_eq!(requests(&rehearsal)["sent"], 3);
}

#[test]
fn the_number_of_requests_is_within_the_bounds_if_the_report_does_not_show_it() {
    // One call is repeated, and one is bisected for two bad rows.
    let bad = ["995020200000017", "997000000000001", "997000000000002"];
    let bad = bad.map(|id| format!("contacts,{id},companies,1"));
    for mode in ["batch", "single"] {
        let rehearsal = Rehearsal::new().rows(good_rows(150).chain(bad.clone()));
        let finished = rehearsal.import(&["--mode", mode, "--batch-size", "60"]);
        assert_eq!(finished.code, 1, "{}", finished.stderr);
        let sent = rehearsal.seen().requests;
        let json = requests(&rehearsal);
        let [min, max] = ["at_least", "at_most"].map(|name| json[name].as_u64().unwrap());
        assert!((min..=max).contains(&sent), "{mode}: {sent}, {json}");
        assert!(
            min < max,
            "the column of attempts shows that rows were sent again"
        );
        assert!(json["sent"].is_null(), "{json}");
        let shown = format!(
            "\nrequests: {min} to {max}, because rows that were sent in one batch share its requests\n"
        );
        let summary = report(&rehearsal, &[]).stdout;
        assert!(summary.contains(&shown), "{summary}");
    }
}

#[test]
fn the_hint_for_a_missing_report_does_not_suggest_creating_one() {
    let finished = report(&Rehearsal::new(), &[]);
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (
            2,
            "error: there is no report `pairs.report.csv`\nhint: an import writes its report beside the input, as \
             `<input>.report.csv`, or where `--report` says\n"
        )
    );
}

#[test]
fn the_message_of_the_daily_limit_shows_the_time_of_the_reset() {
    let day_of_five = |account_access| {
        let settings = SandboxSettings {
            daily_limit: Some(5),
            account_access,
            ..instant()
        };
        Rehearsal::against(settings).rows(good_rows(20))
    };
    let rehearsal = day_of_five(false);
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 4, "{}", finished.stderr);
    let unknown = "hint: wait until the limit resets, at midnight in the account's time zone, at the latest at 20";
    assert!(finished.stderr.contains(unknown), "{}", finished.stderr);
    assert!(finished.stderr.contains(" UTC"), "{}", finished.stderr);

    let rehearsal = day_of_five(true);
    let finished = rehearsal.import(&[]);
    assert_eq!(finished.code, 4, "{}", finished.stderr);
    let zone = " 00:00 in the account's time zone (America/Bogota), which is 20";
    assert!(finished.stderr.contains(zone), "{}", finished.stderr);
    // The account was read once, at the start.
    assert_eq!(rehearsal.seen().calls("account"), 1);
}

/// The values of `end_of_run`.
fn ends(rehearsal: &Rehearsal) -> Vec<String> {
    let lines = rehearsal.report();
    lines
        .iter()
        .map(|line| line["end_of_run"].clone())
        .collect()
}

const NOT_FINISHED: &str = "\nrun: not finished: it was stopped, or it is still running\n";

#[test]
fn the_last_line_shows_whether_the_run_has_finished() {
    let rehearsal = Rehearsal::new().rows(good_rows(30));
    // A pilot ends as if the input were over.
    assert_eq!(rehearsal.import(&["--first", "5"]).code, 0);
    assert_eq!(ends(&rehearsal), ["0", "0", "0", "0", "1"]);
    assert!(!report(&rehearsal, &[]).stdout.contains("\nrun:"));
    // Every row that is left is rejected.
    let bad = (1..31).map(|n| format!("contacts,9970000000000{n:02},companies,1"));
    let rehearsal = Rehearsal::new().rows(good_rows(5).chain(bad));
    let stopped = rehearsal.import(&["--first", "5"]);
    assert_eq!(stopped.code, 0, "{}", stopped.stderr);
    let stopped = rehearsal.import(&["--resume", "--max-failed", "3", "--concurrency", "1"]);
    assert_eq!(stopped.code, 4, "{}", stopped.stderr);
    assert!(ends(&rehearsal).iter().all(|end| end == "0"));
    let summary = report(&rehearsal, &[]).stdout;
    assert!(summary.contains(NOT_FINISHED), "{summary}");
    let json = report(&rehearsal, &["--json"]).stdout;
    assert!(json.contains("\"finished\": false"), "{json}");
    let finished = rehearsal.import(&["--resume", "--max-failed-percent", "100"]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let ends = ends(&rehearsal);
    assert_eq!(ends.iter().filter(|end| *end == "1").count(), 1);
    assert_eq!(ends.last().unwrap(), "1");
    assert!(!report(&rehearsal, &[]).stdout.contains("\nrun:"));
}
