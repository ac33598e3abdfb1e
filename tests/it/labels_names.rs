//! Names and ids of labels in flags and cells: what they mean, and what happens where one means no label.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use crate::labels_lists::{ROWS, calls, labels};
use crate::support::{Finished, HEADER, Rehearsal, finish};

fn with_roles(roles: &[&str]) -> Rehearsal {
    let mut text = format!("{HEADER},Role\n");
    for (place, role) in roles.iter().enumerate() {
        let (contact, company) = (41_001 + place, 52_001 + place);
        writeln!(text, "contacts,{contact},companies,{company},{role}").unwrap();
    }
    Rehearsal::new().file(text)
}

#[test]
fn a_name_or_id_in_a_flag_that_means_no_label_ends_the_run_before_anything_is_sent() {
    for (flags, error, hint) in [
        (
            &["--label", "Decison maker"][..],
            "\"Decison maker\" is no label from contacts to companies: did you mean \"Decision maker\"?",
            "lists the labels; create a missing one in HubSpot first",
        ),
        (
            &["--label", "Reseller"],
            "\"Reseller\" is the name of several labels from contacts to companies: USER_DEFINED:9, INTEGRATOR_DEFINED:9",
            "name one of them by its id, such as `--label-id USER_DEFINED:9`",
        ),
        (
            &["--label", "Partner", "--label", "Employee"],
            "\"Employee\" is a label from companies to contacts, and not from contacts to companies: the labels are",
            "choose a label of this direction",
        ),
        (
            &["--label-id", "USER_DEFINED:99"],
            "\"USER_DEFINED:99\" is no label from contacts to companies: the labels are",
            "lists the labels",
        ),
        (
            &["--label-id", "USER_DEFINED:6"],
            "\"USER_DEFINED:6\" is a label from companies to contacts",
            "choose a label of this direction",
        ),
        (
            &["--label-id", "HUBSPOT_DEFINED:279"],
            "\"HUBSPOT_DEFINED:279\" is the unlabelled type",
            "leave the flag out",
        ),
    ] {
        for mode in ["single", "batch"] {
            let rehearsal = Rehearsal::new().rows(ROWS);
            let run = rehearsal.import(&[flags, &["--mode", mode]].concat());
            assert_eq!(run.code, 2, "{flags:?}: {}", run.stderr);
            let [first, second] = [0, 1].map(|line| run.stderr.lines().nth(line).unwrap());
            assert!(
                first.starts_with(&format!("error: {error}")),
                "{}",
                run.stderr
            );
            assert!(second.contains(hint), "{}", run.stderr);
            assert_eq!(calls(&rehearsal)[1], 0);
            assert!(!rehearsal.path("pairs.report.csv").exists(), "{flags:?}");
        }
    }
}

#[test]
fn the_command_in_a_hint_lists_the_labels_of_the_same_account() {
    let rehearsal = Rehearsal::new().rows(ROWS);
    let run = rehearsal.import(&["--label", "Boss", "--mode", "batch"]);
    let (_, command) = run.stderr.split_once("hint: `").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    let listed = rehearsal.shell(command);
    assert_eq!(listed.code, 0, "{command}: {}", listed.stderr);
    assert!(
        listed.stdout.contains("Decision maker"),
        "{}",
        listed.stdout
    );
}

#[test]
fn a_blank_name_and_a_malformed_id_are_no_flags() {
    let rehearsal = Rehearsal::new().rows(ROWS);
    for flags in [
        ["--label", " "],
        ["--label-id", "37"],
        ["--label-id", "USER_DEFINED:x"],
    ] {
        let run = rehearsal.import(&flags);
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert_eq!(calls(&rehearsal), [0, 0], "{flags:?}");
    }
    let run = rehearsal.import(&["--replace-labels"]);
    assert_eq!((run.code, calls(&rehearsal)), (2, [0, 0]), "{}", run.stderr);
}

#[test]
fn a_cell_that_means_no_label_makes_its_row_invalid_and_the_others_are_sent() {
    let rehearsal = with_roles(&[
        "Decision maker",
        "decision  MAKER",
        "Decison maker",
        "Reseller",
        "Employee",
        "Decision maker;Manager",
        "Sales; EMEA",
        "INTEGRATOR_DEFINED:9",
        "HUBSPOT_DEFINED:279",
        "",
    ]);
    let run = rehearsal.import(&["--label-column", "Role"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let mut lines = rehearsal.report();
    lines.sort_by_key(|line| line["row"].parse::<u64>().unwrap());
    for (line, (outcome, text)) in lines.iter().zip([
        ("associated", "USER_DEFINED:1:Decision maker"),
        ("associated", "USER_DEFINED:1:Decision maker"),
        (
            "invalid",
            "`Role` (column 5): `Decison maker` is no label from contacts to companies: did you mean \"Decision maker\"?",
        ),
        (
            "invalid",
            "`Role` (column 5): `Reseller` is the name of several labels from contacts to companies: USER_DEFINED:9, \
             INTEGRATOR_DEFINED:9",
        ),
        (
            "invalid",
            "`Role` (column 5): `Employee` is a label from companies to contacts, and not from contacts to companies",
        ),
        (
            "invalid",
            "`Role` (column 5): `Decision maker;Manager` is a list where one label was expected, see `--split`",
        ),
        ("associated", r"USER_DEFINED:11:Sales\; EMEA"),
        ("associated", "INTEGRATOR_DEFINED:9:Reseller"),
        (
            "invalid",
            "`Role` (column 5): `HUBSPOT_DEFINED:279` is the unlabelled type",
        ),
        ("invalid", "`Role` (column 5) is blank"),
    ]) {
        assert_eq!(line["outcome"], outcome, "{line:?}");
        if outcome == "invalid" {
            assert!(line["error_message"].starts_with(text), "{line:?}");
            assert_eq!((&*line["labels"], &*line["labels_added"]), ("", ""));
        } else {
            assert_eq!(line["labels"], text, "{line:?}");
        }
    }
    assert_eq!(lines.len(), 10);
    assert_eq!(rehearsal.seen().pairs_associated, 4);
}

#[test]
fn types_that_hubspot_does_not_know_make_rows_of_a_column_invalid_and_end_a_run_with_flags() {
    let rows = ["contacts,41001,companies,52001", "contacts,41002,wombats,7"];
    let rehearsal = Rehearsal::new().rows(rows);
    let run = rehearsal.import(&["--label", "Manager"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let error = "error: HubSpot does not list the labels from contacts to wombats: Unable to infer object type";
    assert!(run.stderr.starts_with(error), "{}", run.stderr);
    assert_eq!(calls(&rehearsal)[1], 0);
    let text = format!("{HEADER},Role\n{},Manager\n{},Manager\n", rows[0], rows[1]);
    let rehearsal = Rehearsal::new().file(text);
    let run = rehearsal.import(&["--label-column", "Role"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(rehearsal.outcomes(), ["1 associated", "2 invalid"]);
    let invalid = rehearsal
        .report()
        .into_iter()
        .find(|line| line["row"] == "2");
    let message = &invalid.unwrap()["error_message"];
    assert!(
        message.contains("Unable to infer object type from: wombats"),
        "{message}"
    );
}

#[test]
fn labels_of_records_of_one_type_have_both_names_in_one_list() {
    for label in ["Manager", "Employee"] {
        let rehearsal = Rehearsal::new().rows(["contacts,41001,contacts,41002"]);
        let run = rehearsal.import(&["--label", label]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        // One list for the two directions.
        assert_eq!(calls(&rehearsal)[0], 1);
    }
    let rehearsal = Rehearsal::new();
    let listed = labels(&rehearsal.url(), &["contacts", "0-1"]);
    assert_eq!(
        listed.stdout.matches("Manager").count(),
        1,
        "{}",
        listed.stdout
    );
}

#[test]
fn a_verification_of_a_file_resolves_the_same_names() {
    let rehearsal = Rehearsal::new().rows(ROWS);
    let url = rehearsal.url();
    let words = ["verify", "pairs.csv", "--base-url", &url, "--label", "Boss"];
    let run = finish(rehearsal.command(&words).output().unwrap());
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr.starts_with("error: \"Boss\" is no label from"),
        "{}",
        run.stderr
    );
    assert!(!rehearsal.path("pairs.verify.csv").exists());
}

/// Runs `import -`, and writes these parts to its standard input, each after the outcomes of the one before.
fn piped(rehearsal: &Rehearsal, flags: &[&str], parts: [&str; 2]) -> Finished {
    let url = rehearsal.url();
    let words = [
        "import",
        "-",
        "--report",
        "r.csv",
        "-vvv",
        "--rate",
        "unlimited",
    ];
    let words = [&words[..], &["--base-url", &url], flags].concat();
    let mut child = rehearsal
        .command(&words)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin();
    let mut stderr = child.stderr();
    pipe.write_all(parts[0].as_bytes()).unwrap();
    pipe.flush().unwrap();
    stderr.until("outcome=");
    pipe.write_all(parts[1].as_bytes()).unwrap();
    drop(pipe);
    let rest = std::thread::spawn(move || stderr.all());
    let mut finished = finish(child.output());
    finished.stderr = crate::support::join(rest);
    finished
}

#[test]
fn types_of_standard_input_are_listed_when_the_first_row_has_them() {
    let rehearsal = Rehearsal::new();
    let first = format!("{HEADER}\n{}\n", ROWS[0]);
    let later = format!("{}\n{}\n", ROWS[1], ROWS[2]);
    let run = piped(&rehearsal, &["--label", "Decision maker"], [&first, &later]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(calls(&rehearsal)[0], 4);
    assert_eq!(rehearsal.report_named("r.csv").len(), 3);
}

#[test]
fn a_flag_that_means_no_label_of_later_rows_of_standard_input_ends_the_run_after_those_before() {
    let rehearsal = Rehearsal::new();
    let first = format!("{HEADER}\n{}\n", ROWS[0]);
    let later = "companies,52002,contacts,41002\n";
    let run = piped(&rehearsal, &["--label", "Manager"], [&first, later]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let message = "line 3: \"Manager\" is a label from contacts to companies, and not from companies to contacts";
    assert!(run.stderr.contains(message), "{}", run.stderr);
    let report = rehearsal.report_named("r.csv");
    assert_eq!(report.len(), 1);
    assert_eq!(report[0]["outcome"], "associated");
    assert_eq!(rehearsal.seen().pairs_put, 1);
}
