//! Measures how much of the quota a run uses, in real time, over real sockets, against a strict rolling
//! window.
//!
//! `cargo bench --bench pace` runs the cases in parallel for about three minutes and prints a table.
//! `benches/README.md` explains the columns and shows the table of one such run.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and fails by panicking"
)]

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::thread;

use jiff::{SignedDuration, Timestamp};

use hubspot_associate::sandbox::server::Sandbox;
use hubspot_associate::sandbox::settings::{Others, SandboxSettings};
use hubspot_associate::sandbox::state::seen::Seen;

struct Case {
    name: &'static str,
    rows: u32,
    limit: u32,
    announced: Option<u32>,
    headers: bool,
    others: Option<&'static str>,
    /// Utilization is measured from this second on.
    after: f64,
    target: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        name: "100 per 10 s",
        rows: 1000,
        limit: 100,
        announced: None,
        headers: true,
        others: None,
        after: 0.0,
        target: "use >= 98 %, no 429, peak <= 100",
    },
    Case {
        name: "190 announced, 150 enforced",
        rows: 2250,
        limit: 150,
        announced: Some(190),
        headers: true,
        others: None,
        after: 20.0,
        target: "use >= 97 %, at most 3 429s",
    },
    Case {
        name: "others take half from second 30",
        rows: 1000,
        limit: 100,
        announced: None,
        headers: true,
        others: Some("50@30s"),
        after: 30.0,
        target: "use >= 90 %, 429s < 2 %",
    },
    Case {
        name: "no headers, 60 per 10 s",
        rows: 600,
        limit: 60,
        announced: None,
        headers: false,
        others: None,
        after: 0.0,
        target: "429s < 6 %, time <= 1.5 of ideal",
    },
];

fn main() {
    println!(
        "{:<32} {:>6} {:>8} {:>7} {:>6} {:>7} {:>8}  target",
        "case", "rows", "seconds", "use", "429s", "share", "peak"
    );
    let cases = CASES.map(|case| thread::spawn(move || measure(&case)));
    for case in cases {
        println!("{}", case.join().unwrap());
    }
}

fn measure(case: &Case) -> String {
    let others: Option<Others> = case.others.map(|others| others.parse().unwrap());
    let sandbox = Sandbox::start(SandboxSettings {
        limit: Some(case.limit),
        announced_limit: case.announced,
        limit_headers: case.headers,
        others,
        inbound: "0-40ms".parse().unwrap(),
        latency: "40-160ms".parse().unwrap(),
        ..SandboxSettings::default()
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let rows = (1..=case.rows).map(|row| format!("contacts,{row},companies,{row}\n"));
    let header = "from_type,from_id,to_type,to_id\n".to_owned();
    let input = folder.path().join("pairs.csv");
    std::fs::write(
        &input,
        std::iter::once(header).chain(rows).collect::<String>(),
    )
    .unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_hubspot-associate"))
        .args(["import", "pairs.csv", "-q", "--base-url", &sandbox.url()])
        .env("HUBSPOT_ACCESS_TOKEN", "bench")
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{}: {status}", case.name);
    let mut lines = csv::Reader::from_path(folder.path().join("pairs.report.csv")).unwrap();
    let ended: Vec<(Timestamp, SignedDuration)> = lines
        .deserialize::<BTreeMap<String, String>>()
        .map(|line| {
            let line = line.unwrap();
            let took = SignedDuration::from_millis(line["duration_ms"].parse().unwrap());
            (line["finished_at"].parse().unwrap(), took)
        })
        .collect();
    row(case, others, &ended, &sandbox.seen())
}

fn row(
    case: &Case,
    others: Option<Others>,
    ended: &[(Timestamp, SignedDuration)],
    seen: &Seen,
) -> String {
    let first_sent = ended.iter().map(|&(at, took)| at - took).min().unwrap();
    let second = |at: Timestamp| at.duration_since(first_sent).as_secs_f64();
    let seconds = ended.iter().map(|&(at, _)| second(at)).fold(0.0, f64::max);
    let counted = ended
        .iter()
        .filter(|&&(at, _)| second(at) >= case.after)
        .count() as f64;
    let taken = others.map_or(0.0, |others| {
        let from = others.after.as_secs_f64().max(case.after);
        (seconds - from).max(0.0) * f64::from(others.requests) / 10.0
    });
    let left = (seconds - case.after) * f64::from(case.limit) / 10.0 - taken;
    let throttled = seen.throttled();
    format!(
        "{:<32} {:>6} {:>8.1} {:>6.1}% {:>6} {:>6.2}% {:>8}  {}",
        case.name,
        ended.len(),
        seconds,
        100.0 * counted / left,
        throttled,
        100.0 * throttled as f64 / seen.requests as f64,
        seen.peak_in_window,
        case.target
    )
}
