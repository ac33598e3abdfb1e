//! How the cells of a row and the names of columns are interpreted.

use crate::support::{EXPORT, HEADER, Rehearsal, finish};

fn outcomes(rehearsal: &Rehearsal) -> Vec<String> {
    let mut lines: Vec<_> = rehearsal
        .report()
        .iter()
        .map(|line| {
            let [row, to, outcome] = ["row", "to_object_id", "outcome"].map(|name| &line[name]);
            format!("{row} {to} {outcome}")
        })
        .collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_missing_own_id_is_invalid_and_an_empty_list_is_not() {
    let rehearsal = Rehearsal::new().file(
        "Record ID,Name,Associated Company IDs\n101,A,201;202\n,B,203;204\n  ,C,205\n103,D,\n",
    );
    let flags = [&EXPORT[..], &["--split", ";", "--rejects", "x.csv"]].concat();
    let finished = rehearsal.import(&flags);
    assert_eq!((finished.code, finished.stderr.as_str()), (1, ""));
    assert_eq!(
        outcomes(&rehearsal),
        [
            "1 201 associated",
            "1 202 associated",
            "2 203;204 invalid",
            "3 205 invalid",
            "4  skipped"
        ]
    );
    let rejects = std::fs::read_to_string(rehearsal.path("x.csv")).unwrap();
    assert!(rejects.contains("\n,B,203;204,"), "{rejects}");
}

#[test]
fn a_run_without_a_row_to_send_reports_that_and_ends_with_1() {
    for (body, code) in [("1,\n2,\n", 1), ("", 0), ("1,\n2,41\n", 0)] {
        let rehearsal = Rehearsal::new().file(format!("Record ID,Associated Company IDs\n{body}"));
        let flags = [&EXPORT[..], &["--split", ";"]].concat();
        let check = [&["check", "pairs.csv"], &flags[..]].concat();
        let check = finish(rehearsal.command(&check).output().unwrap());
        let import = rehearsal.import(&flags);
        let report = rehearsal.command(&["report", "pairs.report.csv"]);
        let report = finish({ report }.output().unwrap());
        for finished in [check, import, report] {
            assert_eq!(
                (finished.code, finished.stderr.as_str()),
                (code, ""),
                "{body}"
            );
            let reports_it = finished.stdout.contains("nothing was sent: ");
            assert_eq!(reports_it, code == 1, "{}", finished.stdout);
        }
    }
}

#[test]
fn one_number_with_thousands_separators_is_never_several_ids() {
    let rehearsal = Rehearsal::new()
        .file("from_id,to_id\n501,\"9,876,543,210\"\n502,\"1,002,003\"\n503,\"41001,41002\"\n");
    let types = ["--from-type", "contacts", "--to-type", "companies"];
    let finished = rehearsal.import(&[&types[..], &["--split", ","]].concat());
    assert_eq!(finished.code, 1);
    assert_eq!(
        outcomes(&rehearsal),
        [
            "1 9,876,543,210 invalid",
            "2 1,002,003 invalid",
            "3 41001 associated",
            "3 41002 associated"
        ]
    );
    let report = rehearsal.report();
    let invalid = report.iter().find(|line| line["row"] == "1").unwrap();
    assert!(
        invalid["error_message"].contains("thousands separators"),
        "{invalid:?}"
    );
}

#[test]
fn the_spellings_of_a_type_are_equal_for_duplicates_and_known_pairs_and_are_sent_unchanged() {
    let rows = [
        "Contact,7,companies,8",
        "contacts,7,0-2,8",
        "0-1,7,COMPANY,08",
    ];
    let rehearsal = Rehearsal::new().rows(rows);
    let check = finish(rehearsal.command(&["check", "pairs.csv"]).output().unwrap());
    assert!(check.stdout.contains("duplicates: 2"), "{}", check.stdout);
    assert_eq!(rehearsal.import(&["--skip-duplicates"]).code, 0);
    assert_eq!(
        rehearsal.outcomes(),
        ["1 associated", "2 skipped", "3 skipped"]
    );
    let report = rehearsal.report();
    let sent = report.iter().find(|line| line["row"] == "1").unwrap();
    assert_eq!(sent["from_object_type"], "Contact");
    assert_eq!(rehearsal.seen().requests, 1);
    std::fs::rename(
        rehearsal.path("pairs.report.csv"),
        rehearsal.path("memory.csv"),
    )
    .unwrap();
    let rehearsal = rehearsal.rows(&rows[1..3]);
    assert_eq!(
        rehearsal
            .import(&["--skip-associated-in", "memory.csv"])
            .code,
        0
    );
    assert_eq!(rehearsal.outcomes(), ["1 skipped", "2 skipped"]);
    assert_eq!(rehearsal.seen().requests, 1);
    let rehearsal = rehearsal.rows(["contacts,7,0-1,07", "deal,7,0-1,7"]);
    let check = finish(rehearsal.command(&["check", "pairs.csv"]).output().unwrap());
    assert!(
        check.stdout.contains("self-links: 1, the first on line 2"),
        "{}",
        check.stdout
    );
}

#[test]
fn column_names_are_compared_by_their_visible_characters() {
    let rehearsal = Rehearsal::new().file(
        "Socie\u{301}te\u{301},\u{200b}Record\u{a0}ID\u{feff}\n=\"41001\",\"=\"\"52001\"\"\"\n",
    );
    let finished = rehearsal.import(&[
        "--from-type",
        "companies",
        "--from-id-column",
        "SOCI\u{c9}T\u{c9}",
        "--to-type",
        "contacts",
        "--to-id-column",
        "\u{feff}Record ID",
    ]);
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
    assert_eq!(outcomes(&rehearsal), ["1 52001 associated"]);
}

#[test]
fn problems_of_the_header_are_reported_before_a_missing_token() {
    for (header, error) in [
        (
            "from_id,to_id",
            "error: `pairs.csv` line 1: no column for the from type",
        ),
        (HEADER, "error: no access token"),
    ] {
        let rehearsal = Rehearsal::new().file(format!("{header}\n1,2\n"));
        let mut command = rehearsal.import_command(&[]);
        let finished = finish(command.env_remove("HUBSPOT_ACCESS_TOKEN").output().unwrap());
        assert_eq!(finished.code, 2);
        assert!(finished.stderr.starts_with(error), "{}", finished.stderr);
    }
}
