//! What `doctor` says about properties to look records up by.

use crate::doctor::{KEY, TYPES, doctor};
use crate::support::{Rehearsal, instant};

#[test]
fn doctor_says_whether_records_can_be_looked_up_by_a_property_and_which_are_unique() {
    let rehearsal = Rehearsal::new();
    let keys = |flags: &[&str]| {
        let finished = doctor(&rehearsal, &[&TYPES[..], flags, &["--json"]].concat(), &KEY);
        let json: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
        let remarks = json["remarks"].as_array().unwrap();
        let keys = remarks.iter().filter(|remark| remark["about"] == "keys");
        let keys: Vec<String> = keys
            .map(|remark| format!("{} {}", remark["level"], remark["says"]).replace('"', ""))
            .collect();
        (finished.code, keys)
    };
    let email = ["--from-id-property", "email"];
    let both = [&email[..], &["--to-id-property", "domain"]].concat();
    assert_eq!(keys(&[]), (0, vec![]));
    let (code, said) = keys(&both);
    assert_eq!(code, 1);
    assert_eq!(
        said,
        [
            "ok `email` of contacts can be looked up; unique properties: `email`, `external_key`",
            "problem `domain` of companies is not unique: only the search can look it up"
        ]
    );
    let (code, said) = keys(&[&both[..], &["--allow-search"]].concat());
    assert_eq!((code, said.len()), (0, 2));
    let (code, said) = keys(&["--from-id-property", "unknown_number"]);
    assert_eq!(code, 1);
    assert!(
        said[0].starts_with("problem `unknown_number` of contacts: "),
        "{said:?}"
    );
    let finished = doctor(&rehearsal, &["--from-id-property", "email"], &KEY);
    assert_eq!(finished.code, 2);
    assert!(
        finished.stderr.contains("--from-type <TYPE>"),
        "{}",
        finished.stderr
    );
    assert_eq!(rehearsal.seen().pairs_put, 0);
}

#[test]
fn a_missing_scope_to_read_records_is_named() {
    let mut settings = instant();
    settings.reads.missing_scopes = true;
    let rehearsal = Rehearsal::against(settings);
    let flags = [&TYPES[..], &["--from-id-property", "email"]].concat();
    let finished = doctor(&rehearsal, &flags, &KEY);
    assert_eq!(finished.code, 3, "{}", finished.stdout);
    assert!(
        finished
            .stdout
            .contains("add one of these scopes: crm.objects.contacts.read"),
        "{}",
        finished.stdout
    );
}
