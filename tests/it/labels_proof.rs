//! Verifying and undoing imports with labels whose names have separators, with the commands that the program prints.

use serde_json::{Value, json};

use crate::support::{Finished, Rehearsal, finish, request};

/// The sandbox's account.
const PORTAL: &str = "1234567";

const FILE: &str = "from_object_type,from_object_id,to_object_type,to_object_id\n\
                    contacts,41001,companies,52001\ncontacts,41002,companies,52002\n";

fn run(rehearsal: &Rehearsal, words: &[&str]) -> Finished {
    let url = rehearsal.url();
    let mut arguments = words.to_vec();
    arguments.extend(["--base-url", &url, "--rate", "unlimited"]);
    finish(rehearsal.command(&arguments).output().unwrap())
}

/// Another program replaces the labels of the first link by `Partner`.
fn replace_labels(rehearsal: &Rehearsal) {
    let path = "/crm/v4/objects/contacts/41001/associations/companies/52001";
    let types = json!([{"associationCategory": "USER_DEFINED", "associationTypeId": 7}]);
    let (status, _) = request(&rehearsal.url(), "PUT", path, &types.to_string());
    assert!((200..300).contains(&status), "{status}");
}

fn links(rehearsal: &Rehearsal) -> Vec<Vec<String>> {
    let mut links = rehearsal.seen().links("contacts", "companies");
    links.sort();
    links.into_iter().map(|(_, _, types)| types).collect()
}

#[test]
fn missing_labels_with_separators_are_imported_by_the_command_that_verify_prints() {
    let rehearsal = Rehearsal::new().file(FILE);
    let flags = ["--label", "Sales; EMEA", "--label", "Decision maker"];
    assert_eq!(rehearsal.import(&flags).code, 0);
    replace_labels(&rehearsal);
    let words = ["verify", "pairs.report.csv", "--missing", "missing.csv"];
    let bad = run(&rehearsal, &words);
    assert_eq!(bad.code, 1, "{}{}", bad.stdout, bad.stderr);
    let reason = "1  they are linked without all labels of their rows";
    assert!(bad.stdout.contains(reason), "{}", bad.stdout);
    let printed = "import missing.csv";
    assert!(bad.stdout.contains(printed), "{}", bad.stdout);
    assert!(
        bad.stdout.contains("--label-column label"),
        "{}",
        bad.stdout
    );
    let words = ["import", "missing.csv", "--label-column", "label"];
    let again = run(&rehearsal, &words);
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    let good = run(&rehearsal, &["verify", "pairs.report.csv", "--overwrite"]);
    assert_eq!(good.code, 0, "{}{}", good.stdout, good.stderr);
    // The label of the other program is kept.
    assert!(
        links(&rehearsal)[0]
            .iter()
            .any(|kind| kind == "USER_DEFINED:7")
    );
}

#[test]
fn the_plan_of_an_undo_counts_links_that_stay_and_names_their_labels() {
    let rehearsal = Rehearsal::new().file(FILE);
    replace_labels(&rehearsal);
    let before = links(&rehearsal);
    assert_eq!(rehearsal.import(&["--label", "Sales; EMEA"]).code, 0);
    let words = ["undo", "pairs.report.csv", "--expect-portal", PORTAL];
    let plan = run(&rehearsal, &[&words[..], &["--json"]].concat());
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let plan = &plan["plan"];
    assert_eq!(
        (&plan["remove"], &plan["labels_only"]),
        (&json!(2), &json!(1))
    );
    let labels = json!([{"label": "USER_DEFINED:11:Sales\\; EMEA", "links": 1}]);
    assert_eq!(plan["labels"], labels);
    let done = run(&rehearsal, &[&words[..], &["--confirm", "2"]].concat());
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let stay = "of the removed, only labels: 1 link that stays";
    assert!(done.stdout.contains(stay), "{}", done.stdout);
    assert_eq!(links(&rehearsal), before);
    let lines = rehearsal.report_named("pairs.report.undo.csv");
    let reasons: Vec<&str> = lines.iter().map(|line| &*line["reason"]).collect();
    let expected = "removed the label \"Sales; EMEA\"; the link was there before the import";
    assert!(
        reasons.contains(&expected) && reasons.contains(&""),
        "{reasons:?}"
    );
}
