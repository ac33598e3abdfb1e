//! Checks that must hold after each run, and at the end.

use std::collections::{BTreeMap, BTreeSet};

use super::input::{Expected, TYPES};
use super::plan::{Interruption, Run};
use super::runner::{SECRETS, Stage, printed};
use crate::support::{Finished, Line, Rehearsal};

use hubspot_associate::sandbox::state::seen::Seen;

const OUTCOMES: [&str; 5] = ["associated", "rejected", "failed", "invalid", "skipped"];

/// A run, and the server's state before and after it.
pub(super) struct Ended {
    pub(super) finished: Finished,
    /// How it was interrupted, and how many requests it had sent by then.
    pub(super) interrupted: Option<(Interruption, u64)>,
    pub(super) before: Seen,
    pub(super) after: Seen,
}

/// How many lines of a report have each outcome.
pub(super) fn outcomes(rehearsal: &Rehearsal, report: &str) -> [usize; 5] {
    let lines = rehearsal.report_named(report);
    OUTCOMES.map(|outcome| {
        lines
            .iter()
            .filter(|line| line["outcome"] == outcome)
            .count()
    })
}

pub(super) fn says_no_secret(finished: &Finished) {
    let text = printed(finished);
    assert!(!text.contains("panicked"), "{text}");
    for secret in SECRETS {
        assert!(!text.contains(secret), "a secret is printed: {text}");
    }
}

/// Checks what must hold after any run, however it ended.
pub(super) fn ended(stage: &Stage, run: &Run, ended: &Ended) {
    let code = ended.finished.code;
    let is_torn = ended
        .interrupted
        .is_some_and(|(how, _)| how == Interruption::Kill)
        || code == 6
        // It leaves the report of the run before as it is.
        || ended.finished.stderr.contains("before the first row was sent");
    assert!(statuses(stage, run, ended).contains(&code), "status {code}");
    let lines = whole_lines(&stage.rehearsal, is_torn);
    each_line_belongs_to_the_input(stage, &lines);
    associated_lines_are_true(&lines, &ended.after);
    only_requested_pairs_are_linked(stage, &ended.after);
    requests_are_bounded(stage, ended);
    if code < 2 {
        is_finished(stage, run, code, &lines);
    }
    let says_all = !is_torn
        && run.file_blocks.is_none()
        && ended
            .interrupted
            .is_none_or(|(how, _)| how != Interruption::Twice);
    let is_late = ended.interrupted.is_none_or(|(_, requests)| requests > 0);
    if says_all && is_late {
        summary_agrees(stage, code, &lines);
    }
}

/// The possible exit statuses of a run.
fn statuses(stage: &Stage, run: &Run, ended: &Ended) -> BTreeSet<i32> {
    let mut allowed = BTreeSet::from([0, 1]);
    let phases = [
        Some(&run.phase),
        run.next_phase.as_ref().map(|(_, phase)| phase),
    ];
    let any =
        |is: fn(&super::plan::FaultPhase) -> bool| phases.iter().flatten().any(|phase| is(phase));
    let has_flag = |name: &str| run.flags.iter().any(|flag| flag == name);
    if any(|phase| phase.is_daily_limit)
        || stage.story.server.daily_limit.is_some()
        || stage.story.rows.stops
        || has_flag("--max-failed")
        || has_flag("--max-duration")
        || stage.story.rows.expected.len() >= 100
    {
        allowed.insert(4);
    }
    if stage.story.rows.stops {
        allowed.insert(3);
    }
    if run.file_blocks.is_some() {
        allowed.insert(6);
    }
    if let Some((how, requests)) = ended.interrupted {
        match how {
            Interruption::Interrupt | Interruption::Twice => allowed.insert(130),
            Interruption::Terminate => allowed.insert(143),
            Interruption::Kill => allowed.insert(1009),
            Interruption::Stop(_) => false,
        };
        // A signal before the program has installed its handlers has its default effect.
        if requests == 0 {
            allowed.extend([1002, 1015]);
        }
    }
    allowed
}

/// The lines of the report; after a kill or on a full disk the last one may be incomplete.
fn whole_lines(rehearsal: &Rehearsal, is_torn: bool) -> Vec<Line> {
    let Ok(mut bytes) = std::fs::read(rehearsal.path("pairs.report.csv")) else {
        return Vec::new();
    };
    let whole = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |end| end + 1);
    assert!(
        is_torn || whole == bytes.len(),
        "the last line is incomplete"
    );
    bytes.truncate(whole);
    let mut reader = csv::Reader::from_reader(&*bytes);
    reader.deserialize().map(Result::unwrap).collect()
}

fn key(line: &Line) -> (u64, String, String) {
    let row = line["row"].parse().unwrap();
    (
        row,
        line["from_object_id"].clone(),
        line["to_object_id"].clone(),
    )
}

/// An apostrophe may precede a value that is not a valid id.
fn plain((row, from, to): (u64, String, String)) -> (u64, String, String) {
    let plain = |text: String| text.strip_prefix('\'').unwrap_or(&text).to_owned();
    (row, plain(from), plain(to))
}

fn expected(stage: &Stage) -> BTreeMap<(u64, String, String), &Expected> {
    let expected = stage.story.rows.expected.iter();
    expected
        .map(|expected| (expected.key(), expected))
        .collect()
}

fn each_line_belongs_to_the_input(stage: &Stage, lines: &[Line]) {
    let expected = expected(stage);
    let mut seen = BTreeSet::new();
    for line in lines {
        let key = plain(key(line));
        let wanted = expected
            .get(&key)
            .unwrap_or_else(|| panic!("no input row for {line:?}"));
        assert!(seen.insert(key), "a second line for {line:?}");
        let input_line = wanted.row + 1;
        assert_eq!(line["line"], input_line.to_string(), "{line:?}");
        let outcome = line["outcome"].as_str();
        let is_known = stage.story.memory.is_some() && outcome == "skipped";
        assert!(
            outcome == "failed" || is_known || wanted.end.allows(outcome, stage.story.may_reject),
            "{line:?} is not {wanted:?}"
        );
    }
}

fn associated_lines_are_true(lines: &[Line], seen: &Seen) {
    for line in lines.iter().filter(|line| line["outcome"] == "associated") {
        let pair = seen.pair(
            &line["from_object_type"],
            &line["from_object_id"],
            &line["to_object_type"],
            &line["to_object_id"],
        );
        assert!(pair.associated, "the server has not linked {line:?}");
    }
}

fn only_requested_pairs_are_linked(stage: &Stage, seen: &Seen) {
    let pairs: BTreeSet<_> = (stage.story.rows.expected.iter())
        .map(|expected| (&expected.from, &expected.to))
        .collect();
    let linked = pairs.iter().filter(|(from, to)| is_linked(seen, from, to));
    assert_eq!(
        linked.count(),
        seen.pairs_associated,
        "a pair that was not requested is linked"
    );
}

fn is_linked(seen: &Seen, from: &str, to: &str) -> bool {
    seen.pair(TYPES[0], from, TYPES[1], to).associated
}

/// No row is sent more often than its attempts allow; in batch calls, also together with other rows.
fn requests_are_bounded(stage: &Stage, ended: &Ended) {
    let sent = ended.after.requests - ended.before.requests;
    let throttled = ended.after.throttled() - ended.before.throttled();
    let refused: u64 = [401, 403]
        .iter()
        .map(|status| ended.after.replies.get(status).unwrap_or(&0))
        .sum();
    // Three attempts at most, each possibly in ever smaller calls.
    let attempts = stage.story.rows.expected.len() as u64 * 3 * 3;
    // Requests about the account, and probes of an unreachable API.
    let others = 60;
    assert!(
        sent - throttled <= attempts + refused + others,
        "{sent} requests"
    );
}

/// After exit status 0 or 1 every row has a line, and 0 means that all rows succeeded.
fn is_finished(stage: &Stage, run: &Run, code: i32, lines: &[Line]) {
    let first: u64 = match run.flags.as_slice() {
        [flag, number] if flag == "--first" => number.parse().unwrap(),
        _ => u64::MAX,
    };
    let rows = |row: &u64| *row <= first;
    let wanted = stage
        .story
        .rows
        .expected
        .iter()
        .map(|expected| expected.row);
    let found = lines.iter().map(|line| key(line).0);
    assert_eq!(
        found.filter(rows).count(),
        wanted.filter(rows).count(),
        "rows without a line, and status {code}"
    );
    let is_bad = |line: &Line| !["associated", "skipped"].contains(&line["outcome"].as_str());
    // Where every list of ids is empty there was nothing to send, which is not a success.
    let is_empty = |line: &Line| line["error_categories"] == "CLIENT_NOTHING_TO_LINK";
    let is_good = !lines.iter().any(is_bad) && (lines.is_empty() || !lines.iter().all(is_empty));
    assert_eq!(is_good, code == 0, "status {code}");
}

fn summary_agrees(stage: &Stage, code: i32, lines: &[Line]) {
    let text = std::fs::read_to_string(stage.rehearsal.path("summary.json"));
    let text = text.unwrap_or_else(|error| panic!("no summary, status {code}: {error}"));
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(summary["exit"]["status"], code);
    let rows = &summary["rows"];
    for outcome in OUTCOMES {
        let number = lines
            .iter()
            .filter(|line| line["outcome"] == outcome)
            .count();
        assert_eq!(rows[outcome], number, "{outcome} in {text}");
    }
    assert_eq!(rows["settled"], lines.len(), "{text}");
    for secret in SECRETS {
        assert!(!text.contains(secret), "a secret is in the summary");
    }
}

/// Pairs whose rows are settled, and how often each was sent by itself. A pair that also occurs in another row may be
/// sent for that row.
pub(super) fn settled_pairs(stage: &Stage, run: &Run) -> Vec<((String, String), u16)> {
    let lines = whole_lines(&stage.rehearsal, true);
    let seen = stage.rehearsal.seen();
    let retries_rejected = run.flags.iter().any(|flag| flag == "--retry-rejected");
    let is_settled = |line: &Line| match line["outcome"].as_str() {
        "failed" => false,
        "rejected" => !retries_rejected,
        _ => true,
    };
    let settled: BTreeSet<_> = lines
        .iter()
        .filter(|line| is_settled(line))
        .map(key)
        .collect();
    let mut pairs = BTreeMap::new();
    for expected in &stage.story.rows.expected {
        let pair = (expected.from.clone(), expected.to.clone());
        *pairs.entry(pair).or_insert(true) &= settled.contains(&expected.key());
    }
    let settled = pairs
        .into_iter()
        .filter(|(_, all)| *all)
        .map(|(pair, _)| pair);
    let puts = |(from, to): &(String, String)| seen.pair(TYPES[0], from, TYPES[1], to).puts;
    settled.map(|pair| (pair.clone(), puts(&pair))).collect()
}

pub(super) fn not_sent_again(stage: &Stage, settled: &[((String, String), u16)]) {
    let seen = stage.rehearsal.seen();
    for ((from, to), puts) in settled {
        let now = seen.pair(TYPES[0], from, TYPES[1], to).puts;
        assert_eq!(now, *puts, "{from} -> {to} is settled and was sent again");
    }
}

/// Checks what must hold once the input is finished.
pub(super) fn finished(stage: &Stage) {
    let lines = whole_lines(&stage.rehearsal, false);
    assert_eq!(
        lines.len(),
        stage.story.rows.expected.len(),
        "a row has no line"
    );
    let failed = lines.iter().filter(|line| line["outcome"] == "failed");
    assert_eq!(failed.count(), 0);
    the_folder_is_clean(stage);
    if stage.story.flags.iter().any(|flag| flag == "--rejects") {
        let bad = lines
            .iter()
            .filter(|line| !line["error_categories"].is_empty());
        let bad = bad.filter(|line| line["outcome"] != "skipped").count();
        let rejects = csv::Reader::from_path(stage.rehearsal.path("rejects.csv"));
        assert_eq!(rejects.unwrap().into_records().count(), bad, "rejects");
    }
}

/// Files with secrets, and the files that a run reads or writes.
const FILES: [(&str, bool); 10] = [
    ("token.txt", true),
    ("app.json", true),
    ("pairs.csv", false),
    ("earlier.csv", false),
    ("memory.csv", false),
    ("pairs.report.csv", false),
    ("summary.json", false),
    ("rejects.csv", false),
    ("page.html", false),
    ("import.prom", false),
];

/// Only the outputs remain, unless a run was killed, and none of them contains a secret.
fn the_folder_is_clean(stage: &Stage) {
    let was_killed = stage.ends.iter().any(|code| *code >= 1000);
    for entry in std::fs::read_dir(stage.rehearsal.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = FILES.iter().find(|(known, _)| *known == name);
        assert!(known.is_some() || was_killed, "`{name}` is left");
        if known.is_some_and(|(_, is_secret)| *is_secret) {
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
        for secret in SECRETS {
            assert!(!text.contains(secret), "a secret is in `{name}`");
        }
    }
}

/// The rejected rows that were imported again have one line each, in a separate report.
pub(super) fn fed_back(stage: &Stage) {
    let rejects = csv::Reader::from_path(stage.rehearsal.path("again.csv"));
    let rejects = rejects.unwrap().into_records().count() as u64;
    let lines = stage.rehearsal.report_named("again.report.csv");
    let mut rows: Vec<u64> = lines.iter().map(|line| key(line).0).collect();
    rows.sort_unstable();
    assert_eq!(
        rows,
        (1..=rejects).collect::<Vec<_>>(),
        "rows imported again"
    );
    let seen = stage.rehearsal.seen();
    associated_lines_are_true(&lines, &seen);
    only_requested_pairs_are_linked(stage, &seen);
}
