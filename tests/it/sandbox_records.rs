//! Records in the sandbox: the flags of its command, and the sample data against the keys it documents.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::support::records::{by_email, with_domain};
use crate::support::{Rehearsal, signal};

#[test]
fn the_flags_choose_how_missing_records_are_answered_and_which_scopes_and_limits_apply() {
    let missing = ["missing1@acme.test".to_owned(), "a@acme.test".to_owned()];
    for (flags, statuses) in [
        (&[][..], [207, 207]),
        (&["--missing-keys", "fewer"], [200, 200]),
        (&["--missing-keys", "not-found"], [207, 207]),
        (&["--missing-read-scopes"], [403, 403]),
        (&["--general-limit", "1/10m"], [207, 429]),
        (&["--read-faults", "status:500=100%"], [500, 500]),
    ] {
        let rehearsal = Rehearsal::new();
        let serve = ["sandbox", "--listen", "127.0.0.1:0", "--latency", "0"];
        let arguments = [&serve, flags].concat();
        let mut server = rehearsal.command(&arguments).spawn().unwrap();
        let mut stdout = server.stdout();
        let greeting = stdout.line().unwrap();
        let url = greeting.trim().strip_prefix("listening on ").unwrap();
        for status in statuses {
            assert_eq!(by_email(url, &missing).0, status, "{flags:?}");
        }
        signal(&server, "INT");
        assert_eq!(server.ended().code(), Some(0));
    }
}

/// What the sandbox has for a cell of the sample data.
fn email_is(url: &str, cell: &str) -> &'static str {
    let email = cell.trim().to_ascii_lowercase();
    if !email.contains('@') {
        return "none";
    }
    let (status, body) = by_email(url, std::slice::from_ref(&email));
    let record = &body["results"][0]["properties"];
    match (status, record["email"] == email.as_str()) {
        (207, _) => "without a contact",
        (_, true) => "found",
        (_, false) => {
            let additional = record["hs_additional_emails"].as_str().unwrap();
            assert!(additional.split(';').any(|other| other == email));
            "secondary, found"
        }
    }
}

fn website_is(url: &str, cell: &str) -> &'static str {
    let website = cell.trim().to_ascii_lowercase();
    let (_, host) = website.split_once("://").unwrap_or(("", &website));
    let host = host.split('/').next().unwrap();
    let domain = host.strip_prefix("www.").unwrap_or(host);
    if !domain.contains('.') {
        return "none";
    }
    match with_domain(url, domain).1 {
        0 => "without a company",
        1 => "found",
        _ => "of several companies",
    }
}

#[test]
fn the_export_of_another_crm_finds_what_its_readme_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let rehearsal = Rehearsal::new();
    let url = rehearsal.url();
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    let mut reader = csv::Reader::from_path(folder.join("crm-export.csv")).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        let kind = format!(
            "{} | {}",
            email_is(&url, &record[2]),
            website_is(&url, &record[5])
        );
        *rows.entry(kind).or_default() += 1;
    }
    let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for (kind, count) in &rows {
        let line = format!("\n| {count} | {kind} |\n");
        assert!(page.contains(&line), "sample-data/README.md lacks {line}");
    }
    let total: usize = rows.values().sum();
    assert!(page.contains(&format!("{total} rows")), "{total}");
}
