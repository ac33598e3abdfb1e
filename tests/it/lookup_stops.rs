//! Lookups that find nothing or too much, are refused or throttled, or do not arrive: outcome, exit status and message.

use std::time::Duration;

use hubspot_associate::sandbox::faults::table::read_fault_id;
use hubspot_associate::sandbox::rate_setting::RateLimit;
use hubspot_associate::sandbox::read_settings::{MissingKeys, ReadSettings};
use hubspot_associate::sandbox::server::Sandbox;
use hubspot_associate::sandbox::settings::SandboxSettings;

use crate::outage::unused_address;
use crate::support::keys::{TO_DOMAIN, by_email, emails};
use crate::support::{Finished, Line, Rehearsal, instant, signal};

/// An account that replies at once, and reads records by these settings.
fn reading(reads: ReadSettings) -> SandboxSettings {
    SandboxSettings { reads, ..instant() }
}

/// Rows with emails that are found, and with companies.
fn good_rows(rows: std::ops::RangeInclusive<u32>) -> impl Iterator<Item = String> {
    rows.map(|n| format!("user{n}@example.com,{}", 52_000 + n))
}

/// Rows with emails that no contact has.
fn missing_rows(count: u32) -> impl Iterator<Item = String> {
    (1..=count).map(|n| format!("missing{n}@example.com,{}", 52_000 + n))
}

/// The line of a row.
fn line_of(rehearsal: &Rehearsal, row: usize) -> Line {
    let mut lines = rehearsal.report().into_iter();
    lines.find(|line| line["row"] == row.to_string()).unwrap()
}

/// The number of lines with this outcome.
fn count(rehearsal: &Rehearsal, outcome: &str) -> usize {
    let lines = rehearsal.report();
    lines
        .iter()
        .filter(|line| line["outcome"] == outcome)
        .count()
}

fn nothing_is_written(rehearsal: &Rehearsal) {
    let seen = rehearsal.seen();
    assert_eq!((seen.pairs_put, seen.pairs_associated), (0, 0));
}

#[test]
fn keys_without_a_record_or_with_several_are_rejected_with_the_reason() {
    let rows = [
        "user1@example.com,52001",
        "missing2@example.com,52002",
        "shared3@example.com,52003",
    ];
    let rehearsal = Rehearsal::new().file(emails(rows));
    let ids = ["3", "100003"];
    (rehearsal.sandbox)
        .assign_key("contacts", "email", "shared3@example.com", &ids)
        .unwrap();
    let finished = rehearsal.import(&by_email(&[]));
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(
        rehearsal.outcomes(),
        ["1 associated", "2 rejected", "3 rejected"]
    );
    for (row, category, parts) in [
        (
            2,
            "CLIENT_KEY_NOT_FOUND",
            &["email", "missing2@example.com"][..],
        ),
        (
            3,
            "CLIENT_KEY_AMBIGUOUS",
            &["email", "shared3@example.com", "3", "100003"],
        ),
    ] {
        let line = line_of(&rehearsal, row);
        assert_eq!(line["error_categories"], category);
        assert_eq!(line["from_object_id"], "", "{line:?}");
        assert_eq!(line["to_object_id"], (52_000 + row).to_string());
        assert_eq!(line["num_errors"], "1", "{line:?}");
        for part in parts {
            assert!(line["error_message"].contains(part), "{part}: {line:?}");
        }
        assert!(finished.stdout.contains(category), "{}", finished.stdout);
    }
    assert_eq!(rehearsal.seen().pairs_put, 1);
}

/// The command in backticks, or on a line of its own, that an error ends with.
fn command_in(stderr: &str) -> &str {
    let start = stderr.rfind("hubspot-associate import").expect(stderr);
    stderr[start..].split(['\n', '`']).next().unwrap()
}

#[test]
fn a_property_that_is_not_unique_ends_the_run_before_anything_is_written() {
    for status in [400, 404] {
        let settings = reading(ReadSettings {
            not_unique_status: status,
            ..ReadSettings::unlimited()
        });
        let text = "Code,Company\nkey41,52001\nkey42,52002\n";
        let rehearsal = Rehearsal::against(settings).file(text);
        let flags = [
            "--from-type",
            "contacts",
            "--from-id-property",
            "plain_code",
            "--from-id-column",
            "Code",
            "--to-type",
            "companies",
            "--to-id-column",
            "Company",
        ];
        let refused = rehearsal.import(&flags);
        assert_eq!(refused.code, 2, "{status}: {}", refused.stderr);
        for part in ["error: ", "plain_code", "--allow-search", "hint: "] {
            assert!(refused.stderr.contains(part), "{}", refused.stderr);
        }
        nothing_is_written(&rehearsal);
        assert!(rehearsal.report().is_empty());
        // The command in the hint does what the refused one could not.
        let second = rehearsal.shell(command_in(&refused.stderr));
        assert_eq!(second.code, 0, "{}", second.stderr);
        let lines = rehearsal.report();
        assert!(
            lines.iter().all(|line| line["from_match"] == "search"),
            "{lines:?}"
        );
        let seen = rehearsal.seen();
        for (from, to) in [("41", "52001"), ("42", "52002")] {
            assert!(seen.pair("contacts", from, "companies", to).associated);
        }
    }
}

#[test]
fn domains_of_companies_are_refused_without_the_search_before_any_request() {
    let rehearsal = Rehearsal::new().file("Person,Website\n41001,company7.example\n");
    let to_domain = &TO_DOMAIN[..TO_DOMAIN.len() - 1];
    let flags = [
        &["--from-type", "contacts", "--from-id-column", "Person"],
        to_domain,
    ]
    .concat();
    let refused = rehearsal.import(&flags);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert_eq!(rehearsal.seen().requests, 0);
    let second = rehearsal.shell(command_in(&refused.stderr));
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert!(
        rehearsal
            .seen()
            .pair("contacts", "41001", "companies", "7")
            .associated
    );
}

#[test]
fn a_property_that_does_not_exist_ends_the_run_before_anything_is_written() {
    for more in [&[][..], &["--allow-search"]] {
        let rehearsal = Rehearsal::new().file("Code,Company\nkey41,52001\n");
        let flags = [
            "--from-type=contacts",
            "--from-id-property=unknown_code",
            "--from-id-column=Code",
            "--to-type=companies",
            "--to-id-column=Company",
        ];
        let refused = rehearsal.import(&[&flags, more].concat());
        assert_eq!(refused.code, 2, "{more:?}: {}", refused.stderr);
        assert!(
            refused.stderr.contains("unknown_code"),
            "{}",
            refused.stderr
        );
        nothing_is_written(&rehearsal);
        assert!(rehearsal.report().is_empty());
    }
}

#[test]
fn a_missing_scope_ends_the_run_and_is_named() {
    let settings = reading(ReadSettings {
        missing_scopes: true,
        ..ReadSettings::unlimited()
    });
    let rehearsal = Rehearsal::against(settings).file(emails(good_rows(1..=250)));
    let stopped = rehearsal.import(&by_email(&[]));
    assert_eq!(stopped.code, 3, "{}", stopped.stderr);
    let scope = "crm.objects.contacts.read";
    assert!(stopped.stderr.contains(scope), "{}", stopped.stderr);
    nothing_is_written(&rehearsal);
    assert!(rehearsal.report().is_empty());
}

#[test]
fn missing_keys_are_not_found_however_they_are_answered() {
    const ROWS: u32 = 300;
    for way in [
        MissingKeys::Listed,
        MissingKeys::Fewer,
        MissingKeys::NotFound,
        MissingKeys::Unnamed,
    ] {
        for good in [0, ROWS] {
            let settings = reading(ReadSettings {
                missing_keys: way,
                ..ReadSettings::unlimited()
            });
            // Of three calls, each has keys of both kinds, or none has a record.
            let mut rows: Vec<_> = missing_rows(ROWS).chain(good_rows(1..=good)).collect();
            fastrand::Rng::with_seed(7).shuffle(&mut rows);
            let rehearsal = Rehearsal::against(settings).file(emails(&rows));
            // Rows whose keys are not found do not stop a run of less than a thousand keys.
            let flags = by_email(&["--max-failed", "1", "--mode", "batch"]);
            let finished = rehearsal.import(&flags);
            let said = &finished.stderr;
            assert_eq!(finished.code, 1, "{way:?} {good}: {said}");
            for line in rehearsal.report() {
                let expected = if line["from_key"].starts_with("missing") {
                    ["rejected", "CLIENT_KEY_NOT_FOUND"]
                } else {
                    ["associated", ""]
                };
                let given = [&*line["outcome"], &*line["error_categories"]];
                assert_eq!(given, expected, "{way:?} {line:?}");
            }
            assert_eq!(rehearsal.report().len(), rows.len());
            assert_eq!(rehearsal.seen().pairs_associated, good as usize);
        }
    }
}

#[test]
fn a_thousand_keys_without_a_record_end_the_run() {
    let rehearsal = Rehearsal::new().file(emails(missing_rows(1500)));
    let stopped = rehearsal.import(&by_email(&[]));
    assert_eq!(stopped.code, 4, "{}", stopped.stderr);
    let question = "wrong portal or property?";
    assert!(stopped.stderr.contains(question), "{}", stopped.stderr);
    nothing_is_written(&rehearsal);
}

#[test]
fn keys_that_are_not_found_count_towards_the_failure_limit_after_a_thousand() {
    let rows = good_rows(1..=1).chain(missing_rows(4000));
    let rehearsal = Rehearsal::new().file(emails(rows));
    let stopped = rehearsal.import(&by_email(&[]));
    assert_eq!(stopped.code, 4, "{}", stopped.stderr);
    assert!(
        !stopped.stderr.contains("wrong portal"),
        "{}",
        stopped.stderr
    );
    assert!(
        stopped.stderr.contains("--max-failed"),
        "{}",
        stopped.stderr
    );
    assert!(
        rehearsal
            .seen()
            .pair("contacts", "1", "companies", "52001")
            .associated
    );
}

#[test]
fn throttled_lookups_are_repeated_until_they_are_answered() {
    let every_second = |requests| RateLimit::per(requests, Duration::from_secs(1));
    // The program sends up to five searches a second, and reads as fast as it can.
    let searches = ReadSettings {
        search_limit: every_second(2),
        ..ReadSettings::unlimited()
    };
    let domains = (1..=500).map(|n| format!("{},company{n}.example\n", 41_000 + n));
    let domains = std::iter::once("Person,Website\n".to_owned()).chain(domains);
    let rehearsal = Rehearsal::against(reading(searches)).file(domains.collect::<String>());
    let by_id = ["--from-type", "contacts", "--from-id-column", "Person"];
    let finished = rehearsal.import(&[&by_id, &TO_DOMAIN[..]].concat());
    all_are_associated(&rehearsal, &finished, 500);
    assert!(rehearsal.seen().search.refused > 0);

    let reads = ReadSettings {
        general_limit: every_second(3),
        ..ReadSettings::unlimited()
    };
    let rehearsal = Rehearsal::against(reading(reads)).file(emails(good_rows(1..=800)));
    let finished = rehearsal.import(&by_email(&[]));
    all_are_associated(&rehearsal, &finished, 800);
    assert!(rehearsal.seen().general.refused > 0);
}

fn all_are_associated(rehearsal: &Rehearsal, finished: &Finished, rows: usize) {
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(count(rehearsal, "associated"), rows);
    assert_eq!(rehearsal.seen().pairs_associated, rows);
}

#[test]
fn rows_whose_lookup_fails_are_sent_by_a_resumed_run() {
    let id = read_fault_id("status:500", 2, 1).unwrap();
    let rows = good_rows(1..=3).chain([format!("user{id}@example.com,52004")]);
    let rehearsal = Rehearsal::new().file(emails(rows));
    let first = rehearsal.import(&by_email(&["--max-attempts", "2"]));
    assert_eq!(first.code, 1, "{}", first.stderr);
    let line = line_of(&rehearsal, 4);
    assert_eq!(line["outcome"], "failed");
    assert_eq!(
        (&*line["error_categories"], &*line["http_status"]),
        ("HTTP_500", "500")
    );
    assert_eq!(line["from_key"], format!("user{id}@example.com"));
    assert_eq!(line["from_object_id"], "");
    let second = rehearsal.import(&by_email(&["--resume"]));
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert_eq!(rehearsal.seen().pairs_associated, 4);
    assert!(
        rehearsal
            .seen()
            .pair("contacts", &id, "companies", "52004")
            .associated
    );
}

#[test]
fn the_daily_limit_ends_the_run_without_a_line_for_rows_that_wait_for_their_keys() {
    let settings = SandboxSettings {
        daily_limit: Some(4),
        ..instant()
    };
    let rehearsal = Rehearsal::against(settings).file(emails(good_rows(1..=700)));
    let stopped = rehearsal.import(&by_email(&[]));
    assert_eq!(stopped.code, 4, "{}", stopped.stderr);
    assert!(stopped.stderr.contains("daily"), "{}", stopped.stderr);
    assert_eq!(rehearsal.report().len(), count(&rehearsal, "associated"));
    assert!(rehearsal.report().len() <= 4);
}

/// A file whose calls get no reply at first, except the one for the first hundred keys.
fn rows_that_stall(rows: u32) -> String {
    let row = |n: u32| {
        // One key of each later call.
        let id = match n {
            150 | 250 => read_fault_id("stall", 1, n).unwrap(),
            _ => n.to_string(),
        };
        format!("user{id}@example.com,{}", 52_000 + n)
    };
    emails((1..=rows).map(row))
}

#[test]
fn an_interrupted_run_leaves_no_line_for_rows_that_wait_for_their_keys() {
    let rehearsal = Rehearsal::new().file(rows_that_stall(150));
    let flags = by_email(&["--timeout", "2s"]);
    let (child, finish) = rehearsal.start(100, &flags);
    signal(&child, "INT");
    let stopped = finish(child);
    assert_eq!(stopped.code, 130, "{}", stopped.stderr);
    assert_eq!(count(&rehearsal, "associated"), 100);
    assert_eq!(rehearsal.report().len(), 100);
    assert_eq!(rehearsal.seen().records_asked, 150);
    let resumed = rehearsal.import(&by_email(&["--resume"]));
    all_are_associated(&rehearsal, &resumed, 150);
    assert_eq!(rehearsal.seen().records_asked, 200);
}

#[test]
fn lookups_wait_for_an_unreachable_api_and_no_row_is_lost() {
    let place = unused_address();
    let api = || {
        let settings = SandboxSettings {
            listen: place,
            ..instant()
        };
        Sandbox::start(settings).unwrap()
    };
    let first = api();
    let rehearsal = Rehearsal::new().file(rows_that_stall(300));
    let url = format!("http://{place}");
    let import = [
        "import",
        "pairs.csv",
        "--base-url",
        &url,
        "--rate",
        "unlimited",
        "-vvv",
    ];
    let mut child = rehearsal
        .command(&[&import, &*by_email(&[])].concat())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr();
    for _ in 0..100 {
        stderr.until("outcome=");
    }
    drop(first);
    stderr.until("HubSpot is unreachable");
    let settings = SandboxSettings {
        listen: place,
        stall: Duration::from_millis(10),
        ..instant()
    };
    let second = Sandbox::start(settings).unwrap();
    let said = stderr.all();
    assert_eq!(child.ended().code(), Some(0), "{said}");
    assert!(said.contains("HubSpot is reachable again after "), "{said}");
    assert_eq!(count(&rehearsal, "associated"), 300);
    let seen = second.seen();
    assert_eq!(seen.pairs_associated, 200, "the others were linked before");
    // The keys that had no reply, twice as the first attempt breaks again.
    assert!(seen.records_asked <= 3 * 200, "{}", seen.records_asked);
}
