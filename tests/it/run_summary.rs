//! The outputs for scripts and monitoring when a run ends, for every kind of end.

use std::path::Path;

use jsonschema::Validator;
use prometheus_parse::{Scrape, Value as MetricValue};
use serde_json::Value;

use crate::support::{HEADER, Rehearsal, finish, good_rows, instant, signal};

use hubspot_associate::sandbox::faults::table::fault_id;
use hubspot_associate::sandbox::settings::SandboxSettings;

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The JSON, which must match its schema.
fn valid(text: &str, schema_name: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    let validator: Validator = jsonschema::validator_for(&schema(schema_name)).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&value)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
    value
}

fn summary(rehearsal: &Rehearsal) -> Value {
    let text = std::fs::read_to_string(rehearsal.path("s.json")).unwrap();
    valid(&text, "summary.schema.json")
}

/// The value of a metric, by its name without the prefix and its labels without `import`.
fn metric(rehearsal: &Rehearsal, name: &str, labels: &[(&str, &str)]) -> Option<i64> {
    let text = std::fs::read_to_string(rehearsal.path("links.prom")).unwrap();
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let name = format!("hubspot_associate_{name}");
    let sample = scrape.samples.iter().find(|sample| {
        assert_eq!(sample.labels.get("import"), Some("links"));
        sample.metric == name
            && labels
                .iter()
                .all(|(name, value)| sample.labels.get(name) == Some(value))
    })?;
    let MetricValue::Gauge(value) = sample.value else {
        unreachable!("{sample:?}")
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only whole numbers are queried"
    )]
    Some(value as i64)
}

const FILES: [&str; 6] = [
    "--summary",
    "s.json",
    "--metrics",
    "links.prom",
    "--html",
    "page.html",
];

fn flags<'f>(more: &[&'f str]) -> Vec<&'f str> {
    FILES.iter().chain(more).copied().collect()
}

fn bad_row() -> String {
    "contacts,994040000000001,companies,1".to_owned()
}

/// Runs an import, and checks that summary, metrics and error match its status and reason.
#[track_caller]
fn ends(rehearsal: &Rehearsal, code: i32, more: &[&str], reason: &str) -> Value {
    let finished = rehearsal.import(&flags(more));
    assert_eq!(finished.code, code, "{}", finished.stderr);
    let summary = summary(rehearsal);
    assert_eq!(summary["exit"]["status"], code);
    assert_eq!(summary["exit"]["reason"], reason);
    assert_eq!(metric(rehearsal, "exit_status", &[]), Some(i64::from(code)));
    assert_eq!(
        metric(rehearsal, "exit_reason", &[("reason", reason)]),
        Some(1)
    );
    assert_eq!(metric(rehearsal, "running", &[]), Some(0));
    let message = summary["exit"]["message"].as_str().unwrap_or_default();
    assert!(finished.stderr.contains(message), "{message}");
    summary
}

#[test]
fn a_finished_run_prints_its_rows_and_the_next_steps() {
    let rehearsal = Rehearsal::new().rows(good_rows(5));
    let json = ends(&rehearsal, 0, &[], "finished");
    assert_eq!(
        (&json["rows"]["associated"], &json["next"]),
        (&5.into(), &Value::Null)
    );
    assert_eq!(json["exit"]["message"], Value::Null);
    assert_eq!(json["files"]["html"], "page.html");

    let rehearsal = rehearsal.rows(good_rows(5).chain([bad_row()]));
    let json = ends(
        &rehearsal,
        1,
        &["--overwrite", "--rejects", "bad.csv"],
        "finished",
    );
    assert_eq!(
        (&json["rows"]["settled"], &json["rows"]["rejected"]),
        (&6.into(), &1.into())
    );
    assert_eq!(
        (&json["requests"]["sent"], &json["files"]["rejects"]["rows"]),
        (&6.into(), &1.into())
    );
    let category = &json["categories"][0];
    assert_eq!(
        (&category["category"], &category["rows"]),
        (&"HTTP_404".into(), &1.into())
    );
    let example = &category["examples"][0];
    assert_eq!((&example["row"], &example["line"]), (&6.into(), &7.into()));
    assert!(example["correlation_id"].as_str().unwrap().len() > 10);
    let next = json["next"]["command"].as_str().unwrap();
    assert!(
        next.ends_with("--rejects bad.csv --resume --retry-rejected"),
        "{next}"
    );
    assert_eq!(
        metric(&rehearsal, "rows", &[("outcome", "rejected")]),
        Some(1)
    );
    let labels = [("outcome", "rejected"), ("category", "HTTP_404")];
    assert_eq!(metric(&rehearsal, "rows_with_category", &labels), Some(1));
}

#[test]
fn rows_of_one_category_with_different_causes_are_listed_apart() {
    let fault = |name: &str, serial: u32| {
        let id = fault_id(name, 0, serial).unwrap();
        format!("contacts,{id},companies,1")
    };
    let rows = good_rows(20).chain([
        fault("association-limit", 1),
        fault("missing", 2),
        fault("missing", 3),
    ]);
    let rehearsal = Rehearsal::new().rows(rows);
    let json = ends(&rehearsal, 1, &[], "finished");
    let mut report = rehearsal.command(&["report", "pairs.report.csv", "--json"]);
    let report = finish(report.output().unwrap());
    let report = valid(&report.stdout, "report.schema.json");
    for json in [&json, &report] {
        let categories = json["categories"].as_array().unwrap();
        assert!(
            categories
                .iter()
                .all(|json| json["category"] == "VALIDATION_ERROR")
        );
        let causes: Vec<_> = categories
            .iter()
            .map(|json| (&json["cause"], &json["rows"]))
            .collect();
        assert_eq!(
            causes,
            [(&Value::Null, &2.into()), (&"limit".into(), &1.into())]
        );
        assert_ne!(categories[0]["advice"], categories[1]["advice"]);
    }
    let labels = [("outcome", "rejected"), ("category", "VALIDATION_ERROR")];
    assert_eq!(metric(&rehearsal, "rows_with_category", &labels), Some(3));
}

#[test]
fn a_run_that_stops_early_prints_the_reason_and_the_command_to_resume() {
    for (bad, more, code, reason) in [
        (
            "contacts,994010000000001,companies,1",
            &[][..],
            3,
            "unauthorized",
        ),
        (
            "contacts,994030000000001,companies,1",
            &[],
            3,
            "missing-scopes",
        ),
        (
            "contacts,997200000000001,companies,1",
            &[],
            4,
            "daily-limit",
        ),
        (
            "contacts,994040000000001,companies,1",
            &["--max-failed", "1"],
            4,
            "error-budget",
        ),
        (
            "contacts,995030000000001,companies,1",
            &["--max-failed", "1", "--max-attempts", "1"],
            4,
            "api-failing",
        ),
    ] {
        // More rows than may be refused individually.
        let bad = (1..20).map(|to| format!("{bad}{to}"));
        let rows = good_rows(3).chain(bad).chain(good_rows(900));
        let rehearsal = Rehearsal::new().rows(rows);
        let json = ends(&rehearsal, code, more, reason);
        assert_eq!(json["exit"]["resumable"], true);
        let next = json["next"]["command"].as_str().unwrap();
        assert!(next.ends_with("--resume"), "{next}");
        let page = std::fs::read_to_string(rehearsal.path("page.html")).unwrap();
        assert!(page.contains(&format!("{code} ({reason})")), "{reason}");
    }
}

#[test]
fn an_interrupted_run_is_reported_as_interrupted() {
    for (name, code, reason) in [("INT", 130, "interrupted"), ("TERM", 143, "terminated")] {
        let slow = SandboxSettings {
            latency: "20ms".parse().unwrap(),
            ..instant()
        };
        let rehearsal = Rehearsal::against(slow).rows(good_rows(5000));
        let flags = flags(&["--concurrency", "1"]);
        let (child, wait) = rehearsal.start(20, &flags);
        assert_eq!(
            metric(&rehearsal, "running", &[]),
            Some(1),
            "written at the start"
        );
        assert_eq!(metric(&rehearsal, "exit_status", &[]), None);
        signal(&child, name);
        let finished = wait(child);
        assert_eq!(finished.code, code, "{}", finished.stderr);
        let json = summary(&rehearsal);
        assert_eq!(
            (&json["exit"]["status"], &json["exit"]["reason"]),
            (&code.into(), &reason.into())
        );
        let lines = rehearsal.report().len();
        assert_eq!(json["rows"]["settled"], lines);
        assert!((20..5000).contains(&lines));
        assert!(
            std::fs::read_to_string(rehearsal.path("page.html"))
                .unwrap()
                .contains(reason)
        );
    }
}

#[test]
fn a_run_that_cannot_start_is_reported_too() {
    let rehearsal = Rehearsal::new();
    ends(&rehearsal, 2, &[], "input");
    let rehearsal = rehearsal.file("a,b\n1,2\n");
    ends(&rehearsal, 2, &[], "input");
    let rehearsal = rehearsal.rows(good_rows(1));
    let command = rehearsal.import_command(&FILES);
    let mut command = command;
    let finished = finish(command.env("HUBSPOT_ACCESS_TOKEN", "").output().unwrap());
    assert_eq!(finished.code, 2);
    assert_eq!(summary(&rehearsal)["exit"]["reason"], "settings");
    std::fs::write(rehearsal.path("pairs.report.csv"), "").unwrap();
    let json = ends(&rehearsal, 2, &["--expect-portal", "77"], "portal");
    assert_eq!(
        (&json["report"], &json["rows"]["settled"]),
        (&"pairs.report.csv".into(), &0.into())
    );
    assert_eq!(
        rehearsal.seen().calls("account"),
        1,
        "the request for the account of the token"
    );
}

#[test]
fn a_full_disk_is_reported_wherever_possible() {
    let rehearsal = Rehearsal::new().rows(good_rows(50));
    let json = ends(&rehearsal, 6, &["--report", "/dev/full"], "report");
    assert_eq!(json["rows"]["settled"], 0);
    // Only the page cannot be written; the run itself succeeds.
    let full = [
        "--html",
        "/dev/full",
        "--summary",
        "s.json",
        "--metrics",
        "links.prom",
    ];
    let finished = rehearsal.import(&full);
    assert_eq!(finished.code, 6, "{}", finished.stderr);
    assert!(finished.stdout.starts_with("finished: 50 rows"));
    assert!(
        finished
            .stderr
            .contains("error: cannot write `--html /dev/full`"),
        "{}",
        finished.stderr
    );
    let json = summary(&rehearsal);
    assert_eq!(
        (&json["exit"]["reason"], &json["rows"]["associated"]),
        (&"output".into(), &50.into())
    );
    assert_eq!(metric(&rehearsal, "exit_status", &[]), Some(6));
    assert_eq!(
        metric(&rehearsal, "exit_reason", &[("reason", "output")]),
        Some(1)
    );
    // The lines of this report cannot be read back, and the run does not wait for them.
    let finished = rehearsal.import(&["--report", "/dev/stderr", "--html", "page.html"]);
    assert_eq!(finished.code, 6);
    assert!(
        finished
            .stderr
            .contains("caused by: the report cannot be read back")
    );
    for flag in ["--summary", "--metrics"] {
        let finished = rehearsal.import(&["--overwrite", flag, "/dev/full"]);
        assert_eq!(finished.code, 6, "{flag}");
        assert!(finished.stdout.starts_with("finished: 50 rows"), "{flag}");
    }
}

#[test]
fn a_run_that_finds_the_report_locked_leaves_the_metrics_of_the_lock_owner() {
    let slow = SandboxSettings {
        latency: "20ms".parse().unwrap(),
        ..instant()
    };
    let rehearsal = Rehearsal::against(slow).rows(good_rows(5000));
    let (child, wait) = rehearsal.start(1, &["--concurrency", "1", "--metrics", "links.prom"]);
    let finished = rehearsal.import(&FILES);
    assert_eq!(finished.code, 5, "{}", finished.stderr);
    assert_eq!(summary(&rehearsal)["exit"]["reason"], "report-busy");
    assert_eq!(metric(&rehearsal, "running", &[]), Some(1));
    signal(&child, "INT");
    assert_eq!(wait(child).code, 130);
}

#[test]
fn the_last_success_is_kept_from_run_to_run() {
    let rehearsal = Rehearsal::new().rows(good_rows(2));
    let times = |rehearsal: &Rehearsal| {
        ["finish", "success"]
            .map(|end| metric(rehearsal, &format!("last_{end}_timestamp_seconds"), &[]).unwrap())
    };
    ends(
        &rehearsal,
        4,
        &["--max-duration", "1ms", "--rate", "1/10s"],
        "max-duration",
    );
    assert_eq!(times(&rehearsal), [0, 0]);
    ends(&rehearsal, 0, &["--resume"], "finished");
    let [finish, success] = times(&rehearsal);
    assert!(finish > 1_700_000_000 && success == finish);
    let rehearsal = rehearsal.rows([bad_row()]);
    ends(&rehearsal, 1, &["--overwrite"], "finished");
    let [later, kept] = times(&rehearsal);
    assert!(later >= finish && kept == success);
    // A rehearsal associates nothing.
    let finished = finish_of(
        &rehearsal,
        &["import", "pairs.csv", "--sandbox", "--metrics", "r.prom"],
    );
    assert_eq!(finished, 1);
    let text = std::fs::read_to_string(rehearsal.path("r.prom")).unwrap();
    assert!(text.contains("hubspot_associate_last_finish_timestamp_seconds{import=\"r\"} 0\n"));
}

fn finish_of(rehearsal: &Rehearsal, arguments: &[&str]) -> i32 {
    finish(rehearsal.command(arguments).output().unwrap()).code
}

#[test]
fn the_summary_is_the_only_standard_output_if_requested() {
    let rehearsal = Rehearsal::new().rows(good_rows(2));
    let finished = rehearsal.import(&["--summary", "-"]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    let json = valid(&finished.stdout, "summary.schema.json");
    assert_eq!(json["rows"]["associated"], 2);
    let finished = rehearsal.import(&["--summary", "-"]);
    assert_eq!(finished.code, 2, "the report exists");
    assert_eq!(
        valid(&finished.stdout, "summary.schema.json")["exit"]["reason"],
        "report"
    );
}

#[test]
fn no_output_of_a_run_replaces_another_file_of_the_run() {
    let rehearsal = Rehearsal::new().rows(good_rows(2));
    for (more, what) in [
        (&["--html", "pairs.csv"][..], "input"),
        (&["--summary", "./pairs.csv"], "input"),
        (&["--metrics", "pairs.report.csv"], "report"),
        (&["--html", "x", "--summary", "x"], "page"),
        (&["--rejects", "x", "--html", "x"], "rejects file"),
    ] {
        let finished = rehearsal.import(more);
        assert_eq!(finished.code, 2, "{more:?}");
        let expected = format!("is the {what} itself\nhint: name another file with `--");
        assert!(finished.stderr.contains(&expected), "{}", finished.stderr);
    }
    assert!(!rehearsal.path("x").exists());
    let finished = rehearsal.import(&["--html", "nowhere/page.html", "--summary", "s.json"]);
    assert_eq!(finished.code, 6, "{}", finished.stderr);
    assert_eq!(summary(&rehearsal)["exit"]["reason"], "output");
    assert_eq!(
        rehearsal.seen().requests,
        0,
        "the error is detected before anything is sent"
    );
    let text = std::fs::read_to_string(rehearsal.path("pairs.csv")).unwrap();
    assert!(text.starts_with(HEADER));
}

#[test]
fn a_report_yields_json_and_a_page_at_any_time() {
    let rehearsal =
        Rehearsal::new().rows(good_rows(5).chain([bad_row(), "contacts,x,companies,1".into()]));
    assert_eq!(rehearsal.import(&[]).code, 1);
    let arguments = [
        "report",
        "pairs.report.csv",
        "--json",
        "--html",
        "page.html",
    ];
    let finished = finish(rehearsal.command(&arguments).output().unwrap());
    assert_eq!((finished.code, finished.stderr.as_str()), (1, ""));
    let json = valid(&finished.stdout, "report.schema.json");
    assert_eq!(
        (&json["rows"]["settled"], &json["requests"]["sent"]),
        (&7.into(), &6.into())
    );
    assert_eq!(json["attempts"][0]["rows"], 6);
    assert_eq!(json["duration_ms"]["rows"], 6);
    assert_eq!(json["files"]["html"], "page.html");
    assert_eq!(
        json["next"]["command"],
        "hubspot-associate report pairs.report.csv --rejects rejects.csv"
    );
    let page = std::fs::read_to_string(rehearsal.path("page.html")).unwrap();
    assert!(page.contains("7 rows in the report; 2 of them are not associated."));
    for (other, what) in [("pairs.report.csv", "report"), ("pairs.csv", "input")] {
        let arguments = ["report", "pairs.report.csv", "--html", other];
        let finished = finish(rehearsal.command(&arguments).output().unwrap());
        assert_eq!(finished.code, 2);
        let expected = format!("is the {what} itself");
        assert!(finished.stderr.contains(&expected), "{}", finished.stderr);
    }
    assert_eq!(rehearsal.report().len(), 7, "the report is not replaced");
    let input = std::fs::read_to_string(rehearsal.path("pairs.csv")).unwrap();
    assert!(input.starts_with(HEADER), "the input is not replaced");
}
