//! What an undo plans, and when it refuses to remove anything. Nothing is sent in any of these cases.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support::{Finished, Rehearsal, finish, good_rows};

/// The columns of a report of this version.
const COLUMNS: &str = "row,line,from_object_type,from_object_id,to_object_type,to_object_id,outcome,http_status,batch_status,\
num_errors,error_categories,error_subcategories,error_message,association_type_ids,correlation_id,attempts,duration_ms,finished_at,\
from_key,from_match,to_key,to_match,existed_before,labels,labels_added,portal_id,end_of_run\n";

/// The columns of versions that did not note the account.
const WITHOUT_PORTAL: usize = 25;

/// The columns of versions that did not look up keys.
const WITHOUT_KEYS: usize = 18;

/// A line of a report.
#[derive(Clone, Copy)]
struct Row {
    number: u64,
    outcome: &'static str,
    existed_before: &'static str,
    portal: &'static str,
}

/// A row whose link the import made in portal 111.
fn made(row: u64) -> Row {
    Row {
        number: row,
        outcome: "associated",
        existed_before: "no",
        portal: "111",
    }
}

/// A report of these rows; `is_finished` says whether its last line has the mark.
fn report_of(rows: &[Row], is_finished: bool) -> String {
    let mut text = COLUMNS.to_owned();
    for (place, row) in rows.iter().enumerate() {
        let Row {
            number,
            outcome,
            existed_before,
            portal,
        } = row;
        let is_end = u8::from(is_finished && place + 1 == rows.len());
        let (line, contact, company) = (number + 1, 41_000 + number, 52_000 + number);
        writeln!(
            text,
            "{number},{line},contacts,{contact},companies,{company},{outcome},200,COMPLETE,0,,,,,8f6e,1,1,\
             2026-05-04T09:15:22.118Z,,,,,{existed_before},,,{portal},{is_end}"
        )
        .unwrap();
    }
    text
}

/// The first columns of each line.
fn with_columns(text: &str, columns: usize) -> String {
    let cut = |line: &str| {
        let fields: Vec<_> = line.split(',').take(columns).collect();
        fields.join(",") + "\n"
    };
    text.lines().map(cut).collect()
}

struct Undo {
    rehearsal: Rehearsal,
}

impl Undo {
    fn of(report: &str) -> Self {
        let rehearsal = Rehearsal::new();
        fs::write(rehearsal.path("pairs.report.csv"), report).unwrap();
        Self { rehearsal }
    }

    /// Runs `undo pairs.report.csv` against the sandbox with these flags.
    fn run(&self, flags: &str) -> Finished {
        let url = self.rehearsal.url();
        let mut arguments = vec!["undo", "pairs.report.csv", "--base-url", &url];
        arguments.extend(flags.split_whitespace());
        finish(self.rehearsal.command(&arguments).output().unwrap())
    }

    fn requests(&self) -> u64 {
        self.rehearsal.seen().requests
    }

    fn undo_report(&self) -> std::path::PathBuf {
        self.rehearsal.path("pairs.report.undo.csv")
    }
}

#[test]
fn without_a_confirmation_the_plan_is_shown_and_neither_a_token_nor_a_request_is_needed() {
    let existed = Row {
        existed_before: "yes",
        ..made(2)
    };
    let unknown = Row {
        existed_before: "unknown",
        ..made(3)
    };
    let rejected = Row {
        outcome: "rejected",
        existed_before: "no",
        ..made(4)
    };
    let undo = Undo::of(&report_of(
        &[made(1), existed, unknown, rejected, made(5)],
        true,
    ));
    let mut command = undo.rehearsal.command(&["undo", "pairs.report.csv"]);
    let shown = finish(command.env_remove("HUBSPOT_ACCESS_TOKEN").output().unwrap());
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    assert_eq!(
        shown.stdout,
        "\
report: pairs.report.csv, 4 associated rows
portal: 111
to remove: 2 links
             2  contacts -> companies
to keep: 2 rows
             1  the link existed before the import
             1  its links could not be read before the import: the link may have existed before
not associated: 1 row
nothing was sent; each link is read again before it is removed, and kept if it has a label of others by then
next: remove these links: hubspot-associate undo pairs.report.csv --expect-portal 111 --confirm 2
"
    );
    let json = undo.run("--json");
    let plan: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        (&plan["portal"], &plan["plan"]["remove"]),
        (&111.into(), &2.into())
    );
    assert_eq!(undo.requests(), 0);
    assert!(!undo.undo_report().exists());
}

#[test]
fn an_undo_that_does_not_fit_its_report_is_refused() {
    let finished = report_of(&[made(1), made(2)], true);
    let unfinished = report_of(&[made(1), made(2)], false);
    let two_portals = report_of(
        &[
            made(1),
            Row {
                portal: "222",
                ..made(2)
            },
        ],
        true,
    );
    let damaged =
        finished.replace("2,3,contacts", "2,contacts") + finished.lines().nth(1).unwrap() + "\n";
    let without_ids = finished.replace("companies,52001", "companies,x");
    let confirmed = "--expect-portal 111 --confirm 2";
    for (report, flags, what, hint) in [
        (
            &finished,
            "--confirm 2",
            "error: `--confirm` needs `--expect-portal`",
            "--expect-portal 111 --confirm 2`",
        ),
        (
            &finished,
            "--expect-portal 111 --confirm 3",
            "error: the plan removes 2 links, but `--confirm` names 3",
            "look at the plan with `hubspot-associate undo pairs.report.csv",
        ),
        (
            &finished,
            "--expect-portal 222 --confirm 2",
            "error: the report `pairs.report.csv` was made in portal 111, not in portal 222",
            "nothing was sent",
        ),
        (
            &finished,
            "--expect-portal 222",
            "error: the report `pairs.report.csv` was made in portal 111, not in portal 222",
            "nothing was sent",
        ),
        (
            &unfinished,
            confirmed,
            "error: the import that writes the report `pairs.report.csv` has not finished",
            "`--partial`",
        ),
        (&unfinished, "", "has not finished", "`--resume`"),
        (
            &two_portals,
            "",
            "error: the report `pairs.report.csv` was made in the portals 111, 222",
            "`--expect-portal`",
        ),
        (
            &damaged,
            confirmed,
            "error: cannot read the report",
            "line 3",
        ),
        (
            &without_ids,
            confirmed,
            "error: `pairs.report.csv` line 2: the row is associated, but its line does not name a pair",
            "unchanged copy",
        ),
        (
            &"name,email\na,b\n".to_owned(),
            confirmed,
            "error: cannot read the report",
            "not a report of this program",
        ),
    ] {
        let undo = Undo::of(report);
        let refused = undo.run(flags);
        assert_eq!(refused.code, 2, "{flags}: {}", refused.stderr);
        for part in [what, hint] {
            assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
        }
        assert_eq!(undo.requests(), 0, "{flags}");
        assert!(!undo.undo_report().exists(), "{flags}");
    }
}

#[test]
fn the_report_of_a_rehearsal_is_refused() {
    let undo = Undo {
        rehearsal: Rehearsal::new().rows(good_rows(3)),
    };
    let import = [
        "import",
        "pairs.csv",
        "--sandbox",
        "--report",
        "pairs.report.csv",
    ];
    let rehearsed = finish(undo.rehearsal.command(&import).output().unwrap());
    assert_eq!(rehearsed.code, 0, "{}", rehearsed.stderr);
    let refused = undo.run("--expect-portal 111 --confirm 3");
    assert_eq!(refused.code, 2);
    let what = "error: `pairs.report.csv` is the report of a rehearsal (line 2)";
    assert!(refused.stderr.contains(what), "{}", refused.stderr);
    assert_eq!(undo.requests(), 0);
}

#[test]
fn a_token_of_another_account_removes_nothing() {
    let undo = Undo::of(&report_of(&[made(1)], true));
    let refused = undo.run("--expect-portal 111 --confirm 1");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("111"), "{}", refused.stderr);
    let seen = undo.rehearsal.seen();
    assert_eq!((seen.requests, seen.calls("account")), (0, 1));
    assert!(!undo.undo_report().exists());
}

#[test]
fn a_report_without_a_proof_removes_nothing_and_says_how_to_make_one_that_proves() {
    let unchecked = report_of(
        &[Row {
            existed_before: "",
            ..made(1)
        }],
        true,
    );
    let checked = report_of(&[made(1)], true);
    for (report, reason) in [
        (unchecked, "imported without `--check-existing`"),
        (
            with_columns(&checked, WITHOUT_PORTAL),
            "the report does not name the portal of the row",
        ),
        (
            with_columns(&checked, WITHOUT_KEYS),
            "imported without `--check-existing`",
        ),
    ] {
        let undo = Undo::of(&report);
        for flags in ["", "--expect-portal 111 --confirm 0"] {
            let shown = undo.run(flags);
            assert_eq!(shown.code, 0, "{}", shown.stderr);
            for part in [
                "to remove: 0 links",
                "nothing to do",
                "--check-existing",
                reason,
            ] {
                assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
            }
        }
        let refused = undo.run("--expect-portal 111 --confirm 1");
        assert_eq!(refused.code, 2, "{}", refused.stdout);
        assert_eq!(undo.requests(), 0);
        assert!(!undo.undo_report().exists());
    }
}

#[test]
fn a_report_that_an_import_writes_to_is_busy() {
    let undo = Undo::of(&report_of(&[made(1)], true));
    let report = fs::File::open(undo.rehearsal.path("pairs.report.csv")).unwrap();
    report.lock().unwrap();
    let busy = undo.run("--partial");
    assert_eq!(busy.code, 5, "{}", busy.stderr);
    drop(report);
    assert_eq!(undo.run("--partial").code, 0);
}

#[test]
fn a_report_that_is_not_a_regular_file_is_refused() {
    let undo = Undo::of("");
    for path in ["/dev/null", "."] {
        let refused = finish(undo.rehearsal.command(&["undo", path]).output().unwrap());
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        let what = format!("error: `{path}` is not a regular file");
        assert!(refused.stderr.contains(&what), "{}", refused.stderr);
    }
    for path in ["no.csv", "-"] {
        let missing = finish(undo.rehearsal.command(&["undo", path]).output().unwrap());
        assert_eq!(missing.code, 2);
        let what = format!("there is no report `{path}`");
        assert!(missing.stderr.contains(&what), "{}", missing.stderr);
    }
}

/// The lines of the undo report of rows 1 to `rows`.
fn undo_lines(rows: u64, outcome: &str) -> String {
    let mut text = "row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,reason,finished_at\n".to_owned();
    for row in 1..=rows {
        let (contact, company) = (41_000 + row, 52_000 + row);
        writeln!(
            text,
            "{row},contacts,{contact},companies,{company},{outcome},,2026-05-04T10:15:22.118Z"
        )
        .unwrap();
    }
    text
}

#[test]
fn a_second_undo_has_nothing_to_do_and_an_interrupted_one_is_only_continued_on_request() {
    let undo = Undo::of(&report_of(&[made(1), made(2)], true));
    let confirmed = "--expect-portal 111 --confirm 2";
    fs::write(undo.undo_report(), undo_lines(2, "removed")).unwrap();
    for flags in [confirmed, "", "--expect-portal 111 --confirm 2 --resume"] {
        let done = undo.run(flags);
        assert_eq!(done.code, 0, "{}", done.stderr);
        let last = "nothing to do: pairs.report.undo.csv has a line for each associated row\n";
        assert!(done.stdout.ends_with(last), "{}", done.stdout);
    }
    for lines in [undo_lines(1, "removed"), undo_lines(2, "failed")] {
        fs::write(undo.undo_report(), &lines).unwrap();
        let refused = undo.run(confirmed);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        for part in [
            "an earlier undo of this report is not complete",
            "`--resume`",
        ] {
            assert!(refused.stderr.contains(part), "{}", refused.stderr);
        }
        assert_eq!(fs::read_to_string(undo.undo_report()).unwrap(), lines);
        let plan = undo.run("");
        assert_eq!(plan.code, 0, "{}", plan.stderr);
        assert!(plan.stdout.ends_with("--resume\n"), "{}", plan.stdout);
    }
    // Of another report.
    fs::write(undo.undo_report(), undo_lines(3, "removed")).unwrap();
    let refused = undo.run(confirmed);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("a line for row 3 that"),
        "{}",
        refused.stderr
    );
    // Another kind of file.
    fs::write(undo.undo_report(), "name,email\na,b\n").unwrap();
    let refused = undo.run("--expect-portal 111 --confirm 2 --overwrite");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(Path::new(&undo.undo_report()).exists());
    assert_eq!(
        fs::read_to_string(undo.undo_report()).unwrap(),
        "name,email\na,b\n"
    );
}
