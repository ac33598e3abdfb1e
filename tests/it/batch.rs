//! Batch mode: several pairs per call, and still one verdict per row.

use std::time::Duration;

use crate::support::{Rehearsal, finish, good_rows, instant};

use hubspot_associate::sandbox::faults::table::fault_id;
use hubspot_associate::sandbox::settings::{BatchErrors, BodyForm, Latency, SandboxSettings};

/// Enough rows to fill several calls.
const ROWS: u64 = 8000;

/// The bound allows for calls sent before they are full, on a machine too busy to fill them in time.
const EARLY: u64 = 4;

/// Contacts and companies, of which every hundredth pair has a record that does not exist.
fn rows() -> impl Iterator<Item = String> {
    good_rows(ROWS).zip(1..).map(
        |(good, row)| {
            if row % 100 == 37 { bad_row(row) } else { good }
        },
    )
}

fn bad_row(row: u32) -> String {
    let id = fault_id("missing", 0, row).unwrap();
    if row.is_multiple_of(200) {
        format!("contacts,{id},companies,7")
    } else {
        format!("contacts,7,companies,{id}")
    }
}

fn answering(batch_errors: BatchErrors) -> Rehearsal {
    Rehearsal::against(SandboxSettings {
        batch_errors,
        ..instant()
    })
}

/// Rows that are never sent end before those that wait for their call to be full.
#[test]
fn invalid_rows_do_not_reach_the_failure_limit_before_the_rows_of_their_call_count() {
    let rows = |bad: u64| {
        good_rows(2000).zip(1..).map(move |(good, row)| {
            if row % 10 < bad {
                "contacts,x,companies,7".to_owned()
            } else {
                good
            }
        })
    };
    for (bad, code, associated) in [(1, 1, 1800), (6, 4, 0)] {
        let rehearsal = Rehearsal::new().rows(rows(bad));
        let ended = rehearsal.import(&["--mode", "batch"]);
        assert_eq!(ended.code, code, "{bad}: {}", ended.stderr);
        let linked = rehearsal.seen().pairs_associated;
        assert!(linked >= associated, "{bad}: {linked}");
    }
}

#[test]
fn every_row_ends_as_in_single_mode_however_bad_pairs_are_answered() {
    let single = Rehearsal::new().rows(rows());
    assert_eq!(single.import(&[]).code, 1);
    let expected = single.outcomes();
    let bad = ROWS / 100;
    assert_eq!(
        expected
            .iter()
            .filter(|line| line.ends_with(" rejected"))
            .count() as u64,
        bad
    );
    let calls = ROWS / 2000;
    for (way, max) in [
        (BatchErrors::Listed, calls),
        (BatchErrors::ListedWithOk, calls),
        (BatchErrors::ListedUnnamed, 3 * calls + 2 * bad),
        (BatchErrors::Named, 2 * calls),
        (BatchErrors::NamedFirst, calls + bad),
        // Rows left out of a reply are sent again by halves, then singly and twice.
        (BatchErrors::LeftOut, 3 * calls + 2 * bad),
        (BatchErrors::Unnamed, 50 + 12 * bad),
    ] {
        let rehearsal = answering(way).rows(rows());
        let ended = rehearsal.import(&["--mode", "batch"]);
        assert_eq!(ended.code, 1, "{way:?}: {}", ended.stderr);
        assert_eq!(rehearsal.outcomes(), expected, "{way:?}");
        let seen = rehearsal.seen();
        let max = max + EARLY;
        assert!(seen.requests <= max, "{way:?}: {} requests", seen.requests);
        assert_eq!(seen.pairs_associated as u64, ROWS - bad, "{way:?}");
        for line in rehearsal.report() {
            assert_ne!(line["correlation_id"], "", "{line:?}");
            assert_ne!(line["attempts"], "0", "{line:?}");
            let named = line["outcome"] == "associated" || !line["error_categories"].is_empty();
            assert!(named, "{line:?}");
        }
    }
}

#[test]
fn the_input_limit_of_a_server_is_learned_from_one_refusal_for_each_pair_of_types() {
    let rehearsal = Rehearsal::against(SandboxSettings {
        batch_limit: 100,
        ..instant()
    });
    let rows = good_rows(6000).zip(0..).map(|(row, number)| {
        let to = ["companies", "deals", "0-5"][number % 3];
        row.replace("companies", to)
    });
    let rehearsal = rehearsal.rows(rows);
    let ended = rehearsal.import(&["--mode", "batch"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let seen = rehearsal.seen();
    assert_eq!(seen.replies[&400], 3);
    assert!((60..=60 + EARLY).contains(&seen.replies[&200]), "{seen:?}");
    assert_eq!((seen.pairs_associated, seen.pairs_put), (6000, 0));
}

#[test]
fn a_run_killed_during_its_batches_is_resumed_to_one_line_per_row() {
    const KILLS: usize = 6;
    let latency = Duration::from_millis(10);
    let rehearsal = Rehearsal::against(SandboxSettings {
        batch_errors: BatchErrors::Unnamed,
        latency: Latency {
            min: latency,
            max: latency * 3,
        },
        ..instant()
    })
    .rows(rows());
    let flags = ["--mode", "batch", "--batch-size", "500", "--resume"];
    let mut killed = 0;
    for _ in 0..KILLS {
        let (mut child, finish) = rehearsal.start(900, &flags);
        child.kill();
        killed += usize::from(finish(child).code == 1009);
    }
    assert!(killed >= KILLS / 2, "killed {killed} times");
    let ended = finish(rehearsal.import_command(&flags).output().unwrap());
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let expected: Vec<String> = (1..=ROWS)
        .map(|row| {
            let outcome = if row % 100 == 37 {
                "rejected"
            } else {
                "associated"
            };
            format!("{row} {outcome}")
        })
        .collect();
    assert_eq!(rehearsal.outcomes(), expected);
}

#[test]
fn a_record_named_only_in_a_nested_error_is_reported_without_another_call() {
    let missing = fault_id("missing", 0, 7).unwrap();
    for bodies in [BodyForm::Schema, BodyForm::Captured] {
        let settings = SandboxSettings {
            bodies,
            ..instant()
        };
        let rows = good_rows(50).chain([format!("contacts,{missing},companies,1")]);
        let rehearsal = Rehearsal::against(settings).rows(rows);
        let ended = rehearsal.import(&["--mode", "batch"]);
        assert_eq!(ended.code, 1, "{}", ended.stderr);
        let lines = rehearsal.report();
        let line = lines.iter().find(|line| line["row"] == "51").unwrap();
        assert_eq!(
            line["attempts"], "1",
            "no request for the pair alone: {line:?}"
        );
        assert_eq!(line["error_categories"], "OBJECT_NOT_FOUND");
        let sub = "crm.associations.FROM_OBJECT_NOT_FOUND";
        assert!(line["error_subcategories"].contains(sub), "{line:?}");
        let message = format!("No contact with ID {missing} exists");
        assert!(line["error_message"].contains(&message), "{line:?}");
        if bodies == BodyForm::Schema {
            assert!(line["error_subcategories"].ends_with(";OBJECT_NOT_FOUND"));
            assert!(line["error_message"].contains("in: fromObjectId"));
        }
    }
}

#[test]
fn batch_mode_uses_the_dated_path_and_stops_for_the_same_causes_as_single_mode() {
    let rehearsal = Rehearsal::new().rows(good_rows(50));
    let flags = ["--mode", "batch", "--api-version", "2026-09"];
    assert_eq!(rehearsal.import(&flags).code, 0);
    assert_eq!(rehearsal.seen().requests, 1);
    let wrong_type = Rehearsal::new().rows((1..=3000).map(|id| format!("widgets,{id},deals,{id}")));
    let ended = wrong_type.import(&["--mode", "batch"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("Unable to infer object type from"),
        "{}",
        ended.stderr
    );
    assert!(wrong_type.seen().requests < 40);
    // Where no request was accepted yet, a refused token ends the run. A 403 applies to one row of a call only.
    for (fault, code, lines) in [("status:401", 3, 0), ("status:403", 1, 101)] {
        let id = fault_id(fault, 0, 1).unwrap();
        let rows = good_rows(100).chain([format!("contacts,{id},companies,1")]);
        let rehearsal = Rehearsal::new().rows(rows);
        let ended = rehearsal.import(&["--mode", "batch"]);
        assert_eq!(ended.code, code, "{fault}: {}", ended.stderr);
        assert_eq!(rehearsal.report().len(), lines, "{fault}");
    }
    let daily = Rehearsal::against(SandboxSettings {
        // One for the account, and three calls.
        daily_limit: Some(4),
        ..instant()
    })
    .rows(good_rows(1000));
    let ended = daily.import(&["--mode", "batch", "--batch-size", "100"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert_eq!(daily.report().len(), 300);
}

#[test]
fn temporary_and_permanent_faults_do_not_fail_other_rows_of_the_call() {
    let fault = |name: &str, times: u32, serial: u32| {
        let id = fault_id(name, times, serial).unwrap();
        format!("contacts,{id},companies,8")
    };
    let rows = good_rows(1000).chain([
        fault("status:423", 1, 1),
        fault("cut", 1, 2),
        fault("status:500", 0, 3),
        fault("status:404", 0, 4),
        fault("association-limit", 0, 5),
    ]);
    let rehearsal = Rehearsal::new().rows(rows);
    let ended = rehearsal.import(&["--mode", "batch", "--batch-size", "250"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let outcomes = rehearsal.outcomes();
    assert_eq!(
        outcomes[1000..],
        [
            "1001 associated",
            "1002 associated",
            "1003 failed",
            "1004 rejected",
            "1005 rejected"
        ]
    );
    assert!(
        outcomes[..1000]
            .iter()
            .all(|line| line.ends_with(" associated"))
    );
}

#[test]
fn rejects_first_and_the_plan_support_batch_mode() {
    let rehearsal = Rehearsal::new().rows(rows());
    let flags = [
        "--mode",
        "batch",
        "--first",
        "150",
        "--rejects",
        "rejects.csv",
    ];
    assert_eq!(rehearsal.import(&flags).code, 1);
    assert_eq!(rehearsal.report().len(), 150);
    let rejects = std::fs::read_to_string(rehearsal.path("rejects.csv")).unwrap();
    assert_eq!(rejects.lines().count(), 3);
    let plan = rehearsal.import(&["--mode", "batch", "--batch-size", "500", "--dry-run"]);
    let expected = "calls: 8,000, or 16 with `--mode batch` (up to 500 pairs per call)";
    assert!(plan.stdout.contains(expected), "{}", plan.stdout);
    for size in ["0", "2001", "many"] {
        let refused = rehearsal.import(&["--mode", "batch", "--batch-size", size]);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
    }
}
