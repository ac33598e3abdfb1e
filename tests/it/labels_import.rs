//! Imports with labels: the state of the server before and after, in both modes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::json;

use crate::support::{Finished, Line, Rehearsal, instant, post};

/// The types of links, as `CATEGORY:ID` from the contact, by contact, type of the other record and its id.
type Links = BTreeMap<(u64, &'static str, u64), BTreeSet<String>>;

/// The names of the labels with their ids from contacts to the other types.
const LABELS: [(&str, &str); 3] = [
    ("Decision maker", "USER_DEFINED:1"),
    ("Billing contact", "USER_DEFINED:3"),
    ("Partner", "USER_DEFINED:7"),
];

/// The types that contacts are linked to.
const OTHERS: [&str; 2] = ["companies", "deals"];

/// A row: contact, type of the other record, its id, and the number of its label.
type Row = (u64, &'static str, u64, usize);

/// 4,000 links with a label each, then 1,000 rows with another label of the first ones.
fn labelled_rows() -> Vec<Row> {
    let row = |number: u64, shift: u64| {
        let label = usize::try_from((number + shift) % 3).unwrap();
        let other = OTHERS[usize::try_from(number % 2).unwrap()];
        (41_000 + number, other, 52_000 + number, label)
    };
    let first = (0..4_000).map(|number| row(number, 0));
    first
        .chain((0..1_000).map(|number| row(number, 1)))
        .collect()
}

fn csv(rows: &[Row]) -> String {
    let mut text = "from_object_type,from_object_id,to_object_type,to_object_id,Role\n".to_owned();
    for (contact, other, id, label) in rows {
        writeln!(text, "contacts,{contact},{other},{id},{}", LABELS[*label].0).unwrap();
    }
    text
}

/// The labels that 500 links have before: `Reseller` and one that a row asks for.
fn label_before(rehearsal: &Rehearsal, rows: &[Row]) -> Links {
    let mut links = Links::new();
    for other in OTHERS {
        let rows: Vec<&Row> = rows[..4_000]
            .iter()
            .filter(|row| row.1 == other)
            .step_by(8)
            .collect();
        let mut inputs = Vec::new();
        for (place, (contact, other, id, label)) in rows.into_iter().enumerate() {
            let mut ids = vec![("USER_DEFINED", 9)];
            if place % 2 == 0 {
                ids.push(("USER_DEFINED", [1, 3, 7][*label]));
            }
            let types: Vec<_> = ids
                .iter()
                .map(|(category, id)| json!({"associationCategory": category, "associationTypeId": id}))
                .collect();
            let (from, to) = (contact.to_string(), id.to_string());
            inputs.push(json!({"from": {"id": from}, "to": {"id": to}, "types": types}));
            let names = ids.iter().map(|(category, id)| format!("{category}:{id}"));
            links.insert((*contact, *other, *id), names.collect());
        }
        let path = format!("/crm/v4/associations/contacts/{other}/batch/create");
        let (status, said) = post(&rehearsal.url(), &path, &json!({ "inputs": inputs }));
        assert_eq!(status, 201, "{said}");
    }
    assert_eq!(links.len(), 500);
    links
}

/// The labels of all links, without the unlabelled and the primary type.
fn labels_of(rehearsal: &Rehearsal) -> Links {
    let seen = rehearsal.seen();
    let mut links = Links::new();
    for other in OTHERS {
        for (from, to, types) in seen.links("contacts", other) {
            let labels = types
                .into_iter()
                .filter(|kind| !kind.starts_with("HUBSPOT"));
            let key = (from.parse().unwrap(), other, to.parse().unwrap());
            links.insert(key, labels.collect());
        }
    }
    links
}

fn import(rehearsal: &Rehearsal, flags: &str) -> Finished {
    let mut all = vec!["--label-column", "Role"];
    all.extend(flags.split_whitespace());
    rehearsal.import(&all)
}

/// What the report says about each row, in row order; not how it was sent.
fn lines(rehearsal: &Rehearsal) -> Vec<Line> {
    let mut lines = rehearsal.report();
    lines.sort_by_key(|line| line["row"].parse::<u64>().unwrap());
    for line in &mut lines {
        let sent = [
            "http_status",
            "batch_status",
            "correlation_id",
            "attempts",
            "duration_ms",
        ];
        for column in sent.iter().chain(&["finished_at", "end_of_run"]) {
            line.remove(*column);
        }
    }
    lines
}

#[test]
fn an_import_adds_labels_and_keeps_those_that_were_there_in_both_modes() {
    let rows = labelled_rows();
    let mut reports = Vec::new();
    for mode in ["single", "batch"] {
        let rehearsal = Rehearsal::new().file(csv(&rows));
        let before = label_before(&rehearsal, &rows);
        let run = import(&rehearsal, &format!("--mode {mode}"));
        assert_eq!(run.code, 0, "{mode}: {}{}", run.stdout, run.stderr);
        let mut expected = before.clone();
        for (contact, other, id, label) in &rows {
            let labels = expected.entry((*contact, *other, *id)).or_default();
            labels.insert(LABELS[*label].1.to_owned());
        }
        assert_eq!(labels_of(&rehearsal), expected, "{mode}");
        let lines = lines(&rehearsal);
        let mut known = before;
        for (line, (contact, other, id, label)) in lines.iter().zip(&rows) {
            let (name, type_id) = LABELS[*label];
            assert_eq!(line["outcome"], "associated", "{line:?}");
            assert_eq!(line["labels"], format!("{type_id}:{name}"), "{line:?}");
            let labels = known.entry((*contact, *other, *id)).or_default();
            let added = if labels.insert(type_id.to_owned()) {
                line["labels"].as_str()
            } else {
                ""
            };
            assert_eq!(line["labels_added"], added, "{line:?}");
        }
        reports.push(lines);
    }
    for (single, batch) in reports[0].iter().zip(&reports[1]) {
        assert_eq!(single, batch);
    }
}

#[test]
fn replaced_labels_are_those_of_the_file_in_both_modes() {
    let mut rows = labelled_rows();
    rows.truncate(4_000);
    let mut reports = Vec::new();
    for mode in ["single", "batch"] {
        let rehearsal = Rehearsal::new().file(csv(&rows));
        let before = label_before(&rehearsal, &rows);
        let run = import(&rehearsal, &format!("--replace-labels --mode {mode}"));
        assert_eq!(run.code, 0, "{mode}: {}{}", run.stdout, run.stderr);
        assert_ne!(labels_of(&rehearsal), before);
        let expected: Links = rows
            .iter()
            .map(|(contact, other, id, label)| {
                let labels = BTreeSet::from([LABELS[*label].1.to_owned()]);
                ((*contact, *other, *id), labels)
            })
            .collect();
        assert_eq!(labels_of(&rehearsal), expected, "{mode}");
        assert_eq!(rehearsal.seen().calls("links"), 0);
        reports.push(lines(&rehearsal));
    }
    assert!(reports[0] == reports[1], "the modes differ");
}

#[test]
fn a_replacing_import_refuses_other_labels_for_a_link_that_it_has_written() {
    let rows = [
        (1, "companies", 7, 0),
        (1, "companies", 7, 0),
        (1, "companies", 7, 1),
        (2, "companies", 7, 1),
    ];
    for mode in ["single", "batch"] {
        let rehearsal = Rehearsal::new().file(csv(&rows));
        let run = import(&rehearsal, &format!("--replace-labels --mode {mode}"));
        assert_eq!(run.code, 1, "{}", run.stderr);
        let outcomes = ["1 associated", "2 associated", "3 invalid", "4 associated"];
        assert_eq!(rehearsal.outcomes(), outcomes);
        let lines = lines(&rehearsal);
        let message = &lines[2]["error_message"];
        assert!(message.contains("row 1"), "{message}");
        assert!(message.contains("--split"), "{message}");
    }
}

#[test]
fn many_rows_of_one_link_and_both_directions_end_with_all_labels() {
    // One row per label, as databases export them, and some from the other side.
    let mut text = "from_object_type,from_object_id,to_object_type,to_object_id,Role\n".to_owned();
    for _ in 0..60 {
        for (name, _) in LABELS {
            writeln!(text, "contacts,41001,companies,52001,{name}").unwrap();
        }
        writeln!(text, "0-2,052001,contact,41001,Reseller x").unwrap();
        writeln!(text, "companies,52001,contacts,41001,Employee").unwrap();
    }
    for mode in ["single", "batch"] {
        let rehearsal = Rehearsal::new().file(&text);
        let run = import(
            &rehearsal,
            &format!("--mode {mode} --max-failed-percent 100"),
        );
        assert_eq!(run.code, 1, "{}", run.stderr);
        let links = rehearsal.seen().links("contacts", "companies");
        let [(_, _, types)] = &links[..] else {
            panic!("{links:?}");
        };
        let labels: BTreeSet<&str> = types.iter().map(String::as_str).collect();
        for label in [
            "USER_DEFINED:1",
            "USER_DEFINED:3",
            "USER_DEFINED:5",
            "USER_DEFINED:7",
        ] {
            assert!(labels.contains(label), "{mode}: {labels:?}");
        }
        let report = rehearsal.report();
        let of = |outcome: &str| {
            report
                .iter()
                .filter(|line| line["outcome"] == outcome)
                .count()
        };
        assert_eq!(
            (of("associated"), of("invalid"), report.len()),
            (240, 60, 300),
            "{mode}"
        );
    }
}

#[test]
fn a_cell_with_several_labels_is_one_row_with_all_of_them() {
    for mode in ["single", "batch"] {
        let rehearsal = Rehearsal::new().file(
            "contact,company,Roles\n41001,52001,Decision maker; billing contact\n41002,52002|52003,Partner\n",
        );
        let run = rehearsal.import(&[
            "--from-type",
            "contacts",
            "--from-id-column",
            "contact",
            "--to-type",
            "companies",
            "--to-id-column",
            "company",
            "--split",
            ";",
            "--label-column",
            "Roles",
            "--label-id",
            "user_defined:11",
            "--mode",
            mode,
        ]);
        assert_eq!(run.code, 1, "{}", run.stderr);
        let lines = lines(&rehearsal);
        assert_eq!(
            lines[0]["labels"],
            r"USER_DEFINED:1:Decision maker;USER_DEFINED:3:Billing contact;USER_DEFINED:11:Sales\; EMEA"
        );
        assert_eq!(lines[1]["outcome"], "invalid");
    }
}

#[test]
fn a_label_that_the_reply_does_not_confirm_is_asked_twice_and_rejected() {
    for mode in ["single", "batch"] {
        let rehearsal = Rehearsal::against(instant())
            .file(csv(&[(1, "companies", 7, 0), (2, "companies", 8, 0)]));
        let run = rehearsal.import(&[
            "--label",
            "Unconfirmed",
            "--label",
            "Partner",
            "--mode",
            mode,
        ]);
        assert_eq!(run.code, 1, "{}", run.stderr);
        for line in lines(&rehearsal) {
            assert_eq!(line["outcome"], "rejected", "{line:?}");
            assert_eq!(
                line["error_categories"], "CLIENT_LABEL_NOT_CONFIRMED",
                "{line:?}"
            );
            assert!(line["error_message"].contains("Unconfirmed"), "{line:?}");
            assert!(!line["error_message"].contains("Partner"), "{line:?}");
        }
    }
}

#[test]
fn a_row_whose_labels_cannot_be_read_fails_and_is_not_sent() {
    for mode in ["single", "batch"] {
        // A contact whose links cannot be read, although it can be associated.
        let rehearsal = Rehearsal::new().file(csv(&[(985_000_000_000_001, "companies", 7, 0)]));
        let flags = [
            "--max-attempts",
            "2",
            "--mode",
            mode,
            "--label-column",
            "Role",
        ];
        let run = rehearsal.import(&flags);
        assert_ne!(run.code, 0, "{}", run.stderr);
        let seen = rehearsal.seen();
        assert_eq!(seen.pairs_associated, 0);
        for line in lines(&rehearsal) {
            assert_eq!(line["outcome"], "failed", "{line:?}");
        }
    }
}
