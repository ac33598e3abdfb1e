//! Files that name records by email or domain: what `check` shows, and the command that reads them.

use crate::support::{Finished, Rehearsal, finish};

const BY_KEYS: [&str; 9] = [
    "--from-type",
    "contacts",
    "--from-id-property",
    "email",
    "--to-type",
    "companies",
    "--to-id-property",
    "domain",
    "--allow-search",
];

fn run(rehearsal: &Rehearsal, arguments: &[&str]) -> Finished {
    finish(rehearsal.command(arguments).output().unwrap())
}

/// 250 rows by email and domain: 200 contacts, 125 companies; then a bad one.
fn crm() -> Rehearsal {
    let rows: Vec<String> = (0..250)
        .map(|row| format!("Ann,C{}@B.c,https://www.d{}.com/x", row % 200, row % 125))
        .collect();
    Rehearsal::new().file(format!(
        "Name,E-mail,Website\n{}\nBob,#N/A,-\n",
        rows.join("\n")
    ))
}

#[test]
fn check_counts_the_keys_and_the_calls_that_look_them_up() {
    let rehearsal = crm();
    let arguments = [&["check", "pairs.csv"], &BY_KEYS[..]].concat();
    let finished = run(&rehearsal, &arguments);
    assert_eq!((finished.code, finished.stderr.as_str()), (1, ""));
    for part in [
        "  to send                      250\n",
        "pairs.csv:252:2: `E-mail` (column 2): `#N/A` is an error of a spreadsheet formula: fix the formula, or leave the cell \
         out\n",
        "           1  spreadsheet error\n",
        "         250  contacts -> companies\n",
        "duplicates: none\n",
        "lookups: 250 pairs have keys in place of ids\n  200 distinct contacts by email: 2 calls\n  125 distinct companies by \
         domain: 2 searches\n  search: 1s at 5 calls per second",
        "  Professional, Enterprise: 190, 500,000",
        "import the valid ones: hubspot-associate import pairs.csv --from-type contacts --from-id-property email",
    ] {
        assert!(
            finished.stdout.contains(part),
            "{part}\n{}",
            finished.stdout
        );
    }
    let dry = run(
        &rehearsal,
        &[&["import", "pairs.csv", "--dry-run"], &BY_KEYS[..]].concat(),
    );
    assert_eq!(dry.stdout, finished.stdout);
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn the_json_of_keys_has_all_documented_fields() {
    let finished = run(
        &crm(),
        &[&["check", "pairs.csv", "--json"], &BY_KEYS[..]].concat(),
    );
    let json: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
    let lookups = &json["lookups"];
    assert_eq!(
        lookups["properties"][1],
        serde_json::json!({
            "object_type": "companies", "property": "domain", "uses": 250, "distinct": 125, "exact": true,
            "call": "search", "calls": 2,
        })
    );
    assert_eq!(
        lookups["quotas"][3],
        serde_json::json!({
            "name": "with API limit increase", "per_10_seconds": 250, "per_day": 1_000_000, "seconds": 1, "days": 1,
        })
    );
    assert_eq!(lookups["search_seconds"], 1);
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.md");
    let page = std::fs::read_to_string(page).unwrap();
    let properties = lookups["properties"][0].as_object().unwrap().keys();
    for name in lookups.as_object().unwrap().keys().chain(properties) {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_command_in_the_hint_reads_a_file_with_keys() {
    for (file, flags) in [
        ("Name,E-mail,Company Website\nAnn,a@b.c,acme.com\n", &[][..]),
        (
            "from_id,to_id\na@b.c,acme.com\n",
            &["--from-type", "contacts", "--to-type", "companies"],
        ),
        (
            "from_type,from_id,to_type,to_id\ncontacts,a@b.c,deals,1\ncontacts,d@e.f,deals,2\n",
            &[],
        ),
        (
            "a@b.c,7\n",
            &[
                "--no-header",
                "--from-type=contacts",
                "--to-type=deals",
                "--from-id-column=#1",
                "--to-id-column=#2",
            ],
        ),
        (
            "Email,Domain\na@b.c,acme.com\n",
            &[
                "--from-type=contacts",
                "--to-type=companies",
                "--from-id-property=email",
                "--to-id-property=domain",
            ],
        ),
    ] {
        let rehearsal = Rehearsal::new().file(file);
        let refused = run(&rehearsal, &[&["check", "pairs.csv"], flags].concat());
        assert_eq!(refused.code, 2, "{file}: {}", refused.stderr);
        let (_, hint) = refused.stderr.split_once("hint: ").unwrap();
        let (_, command) = hint.split_once("run `").unwrap();
        let (command, _) = command.split_once('`').unwrap();
        let finished = rehearsal.shell(command);
        assert_eq!(finished.code, 0, "{command}: {}", finished.stderr);
        let expected = "contacts by email: 1 call\n";
        assert!(finished.stdout.contains(expected), "{}", finished.stdout);
    }
}

#[test]
fn a_file_with_keys_is_refused_before_a_token_or_a_report() {
    let rehearsal = Rehearsal::new().file("from_id,to_id\na@b.c,7\n");
    let arguments = [
        "import",
        "pairs.csv",
        "--from-type",
        "contacts",
        "--to-type",
        "deals",
    ];
    let mut command = rehearsal.command(&arguments);
    let finished = finish(command.output().unwrap());
    assert_eq!(finished.code, 2);
    assert_eq!(
        finished.stderr,
        "error: `pairs.csv` line 2: `from_id` (column 1) has email addresses, such as `a@b.c`, where record ids are expected\n\
         hint: to look the records up, run `hubspot-associate import pairs.csv --from-type contacts --to-type deals \
         --from-id-property email`\n"
    );
    assert!(!rehearsal.path("pairs.report.csv").exists());
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn invalid_rows_keep_their_keys_in_the_report_and_are_recognised_when_the_run_is_resumed() {
    let rehearsal = Rehearsal::new().file("E-mail,to_id\n#N/A,7\n-,7\n ,7\nann,x\n");
    let flags = [
        "--from-type",
        "contacts",
        "--from-id-property",
        "email",
        "--to-type",
        "companies",
        "--rejects",
        "rejects.csv",
    ];
    let first = rehearsal.import(&flags);
    assert_eq!(first.code, 1, "{}", first.stderr);
    let report = std::fs::read_to_string(rehearsal.path("pairs.report.csv")).unwrap();
    for start in [
        "1,2,contacts,,companies,7,invalid,",
        "4,5,contacts,,companies,x,invalid,",
    ] {
        assert!(report.contains(&format!("\n{start}")), "{report}");
    }
    for key in [",#N/A,,,,,,,", ",'-,,,,,,,", ",ann,,,,,,,"] {
        assert!(report.contains(key), "{key}: {report}");
    }
    let rejects = std::fs::read_to_string(rehearsal.path("rejects.csv")).unwrap();
    for start in ["#N/A,7,CLIENT_INVALID_ROW,", "-,7,", " ,7,", "ann,x,"] {
        assert!(rejects.contains(&format!("\n{start}")), "{rejects}");
    }
    let resumed = rehearsal.import(&[&flags[..], &["--resume"]].concat());
    assert_eq!(resumed.code, 1, "{}", resumed.stderr);
    let after = std::fs::read_to_string(rehearsal.path("pairs.report.csv")).unwrap();
    assert_eq!(after, report);
}
