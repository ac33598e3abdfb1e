//! Resuming after kills, cuts, stops and failures: each row has exactly one line in the end.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use crate::support::{Rehearsal, finish, good_rows, instant};

use hubspot_associate::sandbox::faults::table::fault_id;
use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};

/// A row that gets `fault` for its first `times` attempts; 0 means always.
fn row_with(fault: &str, times: u32, serial: u32) -> String {
    let id = fault_id(fault, times, serial).unwrap();
    format!("contacts,{id},companies,{}", 52_000 + serial)
}

/// The rows that have a line, each once.
fn rows_with_a_line(rehearsal: &Rehearsal) -> Vec<u64> {
    let lines = rehearsal.report();
    let mut rows: Vec<u64> = lines
        .iter()
        .map(|line| line["row"].parse().unwrap())
        .collect();
    rows.sort_unstable();
    rows
}

/// Checks that every line matches what the server saw of its pair.
fn the_report_says_what_the_server_saw(rehearsal: &Rehearsal) {
    let seen = rehearsal.seen();
    for line in rehearsal.report() {
        let pair = seen.pair(
            &line["from_object_type"],
            &line["from_object_id"],
            &line["to_object_type"],
            &line["to_object_id"],
        );
        let associated = line["outcome"] == "associated";
        assert_eq!(pair.associated, associated, "{line:?}");
    }
}

#[test]
fn a_run_that_is_killed_repeatedly_leaves_one_line_per_row() {
    const ROWS: u32 = 6000;
    const KILLS: usize = 12;
    let latency = Duration::from_millis(2);
    let settings = SandboxSettings {
        latency: Latency {
            min: latency,
            max: latency * 4,
        },
        ..instant()
    };
    let mut good = good_rows(u64::from(ROWS));
    let rows = (1..=ROWS).map(|row| match row % 40 {
        7 => row_with("status:404", 0, row),
        17 => row_with("status:502", 1, row),
        27 => row_with("missing", 0, row),
        _ => good.next().unwrap(),
    });
    let rehearsal = Rehearsal::against(settings).rows(rows);
    let mut chance = fastrand::Rng::with_seed(4);
    for _ in 0..KILLS {
        let rows = chance.usize(1..400);
        let (mut child, finish) = rehearsal.start(rows, &["--resume"]);
        child.kill();
        assert_eq!(finish(child).code, 1009, "killed");
    }
    let last = rehearsal.import(&["--resume"]);
    assert_eq!(last.code, 1, "{}", last.stderr);
    assert_eq!(
        rows_with_a_line(&rehearsal),
        (1..=u64::from(ROWS)).collect::<Vec<_>>()
    );
    the_report_says_what_the_server_saw(&rehearsal);
    // Each row once, those with a transient 502 twice; and for each kill the requests in flight (16), the rows that
    // waited for their next attempt, and the two chunks of 32 KiB (250 lines) that were on their way to the file.
    let waiting = u64::from(ROWS) / 40;
    let needed = u64::from(ROWS) + waiting;
    let max = needed + KILLS as u64 * (16 + waiting + 2 * 250);
    let requests = rehearsal.seen().requests;
    assert!((needed..=max).contains(&requests), "{requests}");
}

#[test]
fn a_report_cut_anywhere_is_resumed_to_the_same_result() {
    let rows: Vec<_> = good_rows(30)
        .chain([row_with("missing", 0, 1), "contacts,x,companies,2".into()])
        .collect();
    let rehearsal = Rehearsal::new().rows(rows);
    assert_eq!(rehearsal.import(&[]).code, 1);
    let path = rehearsal.path("pairs.report.csv");
    let whole = fs::read(&path).unwrap();
    let outcomes = rehearsal.outcomes();
    for part in 0..30 {
        let length = whole.len() * part / 29;
        fs::write(&path, &whole[..length]).unwrap();
        let before = rehearsal.seen().requests;
        let resumed = rehearsal.import(&["--resume"]);
        assert_eq!(resumed.code, 1, "{length}: {}", resumed.stderr);
        assert_eq!(rehearsal.outcomes(), outcomes, "cut to {length} bytes");
        let sent = rehearsal.seen().requests - before;
        let kept = String::from_utf8_lossy(&whole[..length])
            .matches('\n')
            .count();
        let kept = kept.saturating_sub(1) as u64;
        // One of the lines may be that of the row that is never sent.
        assert!(sent + kept <= 32, "{sent} sent, {kept} lines kept");
    }
}

#[test]
fn a_changed_input_is_refused_and_the_report_left_alone() {
    let rehearsal = Rehearsal::new().rows(good_rows(5).chain([row_with("status:503", 0, 1)]));
    assert_eq!(rehearsal.import(&["--max-attempts", "1"]).code, 1);
    let report = fs::read(rehearsal.path("pairs.report.csv")).unwrap();
    let original = fs::read_to_string(rehearsal.path("pairs.csv")).unwrap();
    let shorter: Vec<&str> = original.lines().take(4).collect();
    let before = rehearsal.seen().requests;
    for (input, flags, how) in [
        (
            original.replace("41003", "41999"),
            &[][..],
            "row 3 (line 4): the input has contacts 41999 -> companies 52003, the report has contacts 41003 -> \
             companies 52003 (line ",
        ),
        (
            original.replace("41003", "oops"),
            &[],
            "row 3 (line 4): the input has contacts oops -> companies 52003, the report has contacts 41003",
        ),
        (
            shorter.join("\n"),
            &[],
            "row 4: the input ends before it, the report has contacts 41004 -> companies 52004 (line ",
        ),
        // The row that failed and is to be sent again.
        (
            original.replace("995030000000001", "7"),
            &[],
            "row 6 (line 7): the input has contacts 7 -> ",
        ),
        // The same rows with other types.
        (
            original.clone(),
            &["--to-type", "deals"],
            "row 1 (line 2): the input has contacts 41001 -> deals 52001",
        ),
    ] {
        fs::write(rehearsal.path("pairs.csv"), &input).unwrap();
        let flags: Vec<_> = ["--resume"].iter().chain(flags).copied().collect();
        let refused = rehearsal.import(&flags);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        let start = "error: `pairs.csv` is not the input that the report was made from: ";
        assert!(
            refused.stderr.contains(&format!("{start}{how}")),
            "{}",
            refused.stderr
        );
        assert_eq!(
            fs::read(rehearsal.path("pairs.report.csv")).unwrap(),
            report
        );
    }
    assert_eq!(rehearsal.seen().requests, before);
}

#[test]
fn an_input_that_grew_at_its_end_is_continued() {
    let rehearsal = Rehearsal::new().rows(good_rows(5));
    assert_eq!(
        rehearsal.import(&["--resume"]).code,
        0,
        "no report yet: it starts"
    );
    let rehearsal = rehearsal.rows(good_rows(9));
    let grown = rehearsal.import(&["--resume"]);
    assert_eq!(grown.code, 0);
    assert!(
        grown
            .stdout
            .starts_with("finished: 9 rows, 5 of them in earlier runs; this run: 4 rows in "),
        "{}",
        grown.stdout
    );
    assert_eq!(rows_with_a_line(&rehearsal), (1..=9).collect::<Vec<_>>());
    assert_eq!(rehearsal.seen().requests, 9);
    let nothing = rehearsal.import(&["--resume"]);
    assert_eq!((nothing.code, rehearsal.seen().requests), (0, 9));
}

#[test]
fn failed_rows_are_sent_again_and_rejected_ones_if_asked_to() {
    let rows = [
        row_with("status:503", 1, 1),
        row_with("status:404", 1, 2),
        "contacts,x,companies,2".to_owned(),
    ];
    let rehearsal = Rehearsal::new().rows(rows);
    let first = rehearsal.import(&["--max-attempts", "1"]);
    assert_eq!(
        rehearsal.outcomes(),
        ["1 failed", "2 rejected", "3 invalid"]
    );
    assert!(
        first
            .stdout
            .contains(" --max-attempts 1 --resume --retry-rejected\n"),
        "{}",
        first.stdout
    );
    assert_eq!(rehearsal.import(&["--resume"]).code, 1);
    assert_eq!(
        rehearsal.outcomes(),
        ["1 associated", "2 rejected", "3 invalid"]
    );
    assert_eq!(rehearsal.import(&["--resume", "--retry-rejected"]).code, 1);
    assert_eq!(
        rehearsal.outcomes(),
        ["1 associated", "2 associated", "3 invalid"]
    );
    assert_eq!(rehearsal.seen().requests, 4);
}

#[test]
fn a_run_that_the_daily_limit_stopped_is_resumed_where_it_stopped() {
    let settings = SandboxSettings {
        // One is for the account.
        daily_limit: Some(301),
        ..instant()
    };
    let today = Rehearsal::against(settings).rows(good_rows(1000));
    assert_eq!(today.import(&[]).code, 4);
    assert_eq!(today.report().len(), 300);
    let tomorrow = Rehearsal::new().rows(good_rows(1000));
    fs::copy(
        today.path("pairs.report.csv"),
        tomorrow.path("pairs.report.csv"),
    )
    .unwrap();
    assert_eq!(tomorrow.import(&["--resume"]).code, 0);
    assert_eq!(tomorrow.seen().requests, 700);
    assert_eq!(rows_with_a_line(&tomorrow), (1..=1000).collect::<Vec<_>>());
}

#[test]
fn a_run_after_a_pilot_continues_after_its_rows() {
    let rehearsal = Rehearsal::new().rows(good_rows(50));
    assert_eq!(rehearsal.import(&["--first", "10"]).code, 0);
    assert_eq!(rehearsal.import(&["--first", "10", "--resume"]).code, 0);
    assert_eq!(rehearsal.seen().requests, 10);
    assert_eq!(rehearsal.import(&["--resume"]).code, 0);
    assert_eq!(rehearsal.seen().requests, 50);
    assert_eq!(rows_with_a_line(&rehearsal), (1..=50).collect::<Vec<_>>());
}

#[test]
fn standard_input_is_compared_while_it_is_read() {
    let rehearsal = Rehearsal::new().rows(good_rows(20));
    assert_eq!(rehearsal.import(&["--first", "10"]).code, 0);
    let url = rehearsal.url();
    let from_stdin = |file: &str| {
        let arguments = [
            "import",
            "-",
            "--report",
            "pairs.report.csv",
            "--resume",
            "--base-url",
            &url,
        ];
        let mut command = rehearsal.command(&arguments);
        command.args(["--rate", "unlimited"]);
        finish(
            command
                .stdin(fs::File::open(rehearsal.path(file)).unwrap())
                .output()
                .unwrap(),
        )
    };
    let text = fs::read_to_string(rehearsal.path("pairs.csv")).unwrap();
    fs::write(rehearsal.path("other.csv"), text.replace("41003", "7")).unwrap();
    let refused = from_stdin("other.csv");
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .contains("row 3 (line 4): the input has contacts 7 -> companies 52003"),
        "{}",
        refused.stderr
    );
    assert_eq!(rehearsal.seen().requests, 10);
    assert_eq!(from_stdin("pairs.csv").code, 0);
    assert_eq!(rehearsal.seen().requests, 20);
    assert_eq!(rows_with_a_line(&rehearsal), (1..=20).collect::<Vec<_>>());
}

#[test]
fn a_file_that_is_not_a_whole_report_is_an_error_and_left_unchanged() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    rehearsal.import(&[]);
    let report = fs::read_to_string(rehearsal.path("pairs.report.csv")).unwrap();
    let lines: Vec<&str> = report.lines().collect();
    for (content, cause) in [
        ("precious".to_owned(), "it is not a report of this program"),
        (
            "a,b\n1,2\n".to_owned(),
            "it is not a report of this program",
        ),
        (
            format!("{}\n{}\n{}\n", lines[0], "\0\0", lines[1]),
            "line 2: has 1 fields, expected 27: ",
        ),
        (
            format!("{}\n{}\n{}\n", lines[0], lines[1], lines[1]),
            "has two lines for the same pair",
        ),
    ] {
        fs::write(rehearsal.path("pairs.report.csv"), &content).unwrap();
        let refused = rehearsal.import(&["--resume"]);
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains(cause), "{}", refused.stderr);
        assert!(refused.stderr.contains("\nhint: "), "{}", refused.stderr);
        let now = fs::read_to_string(rehearsal.path("pairs.report.csv")).unwrap();
        assert_eq!(now, content);
    }
    assert_eq!(rehearsal.seen().requests, 3);
}

#[test]
fn a_rehearsal_can_be_resumed_too() {
    let rehearsal = Rehearsal::new().rows(good_rows(12));
    let first = ["import", "pairs.csv", "--sandbox", "--first", "3"];
    assert_eq!(finish(rehearsal.command(&first).output().unwrap()).code, 0);
    let rest = ["import", "pairs.csv", "--sandbox", "--resume"];
    let rest = finish(rehearsal.command(&rest).output().unwrap());
    assert_eq!(rest.code, 0);
    assert!(
        rest.stdout
            .contains("12 rows, 3 of them in earlier runs; this run: 9 rows in ")
    );
    let lines = rehearsal.report_named("pairs.sandbox.report.csv");
    let rows: BTreeSet<_> = lines.iter().map(|line| line["row"].clone()).collect();
    assert_eq!((lines.len(), rows.len()), (12, 12));
}

#[test]
fn a_row_that_the_input_cannot_have_is_refused_with_its_line_however_far_it_is() {
    let rehearsal = Rehearsal::new().rows(good_rows(20));
    assert_eq!(rehearsal.import(&[]).code, 0);
    let requests = rehearsal.seen().requests;
    let report = fs::read_to_string(rehearsal.path("pairs.report.csv")).unwrap();
    let (start, last) = report.trim_end().rsplit_once('\n').unwrap();
    let (_, rest) = last.split_once(',').unwrap();
    for row in [21, 1_000_000_000_000, u64::MAX] {
        let damaged = format!("{start}\n{row},{rest}\n");
        fs::write(rehearsal.path("pairs.report.csv"), &damaged).unwrap();
        let finished = rehearsal.import(&["--resume"]);
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        for part in [
            format!("the input that the report was made from: row {row}: "),
            "the input ends before it, the report has contacts ".to_owned(),
            "(line 21 of the report)".to_owned(),
        ] {
            assert!(finished.stderr.contains(&part), "{}", finished.stderr);
        }
        let after = fs::read_to_string(rehearsal.path("pairs.report.csv")).unwrap();
        assert_eq!(after, damaged);
    }
    assert_eq!(rehearsal.seen().requests, requests);
}
