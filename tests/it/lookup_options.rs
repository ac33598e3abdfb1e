//! Lookups together with the other options: lists of keys, duplicates, known pairs, rejects, batches, `check`.

use std::collections::BTreeSet;
use std::fs;

use crate::support::keys::{FROM_EMAIL, by_email, emails};
use crate::support::{HEADER, Line, Rehearsal, finish};

/// `row from_key from_match from_object_id outcome category` of each line, in order.
fn described(rehearsal: &Rehearsal) -> BTreeSet<String> {
    let columns = [
        "row",
        "from_key",
        "from_match",
        "from_object_id",
        "outcome",
        "error_categories",
    ];
    let lines = rehearsal.report();
    let of_line = |line: &Line| columns.map(|name| &*line[name]).join(" ").trim().to_owned();
    lines.iter().map(of_line).collect()
}

fn texts<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.map(str::to_owned).into()
}

#[test]
fn each_key_of_a_list_becomes_a_pair_of_its_own() {
    let rehearsal = Rehearsal::new().file(emails([
        "user1@example.com;Alias2@example.com; missing3@example.com ;,52001",
        " ; ,52002",
        "USER4@example.com,52003",
        "#N/A;user5@example.com,52004",
    ]));
    let finished = rehearsal.import(&by_email(&["--split", ";"]));
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let given = described(&rehearsal);
    for line in [
        "1 user1@example.com exact 1 associated",
        "1 Alias2@example.com secondary 2 associated",
        "1 missing3@example.com   rejected CLIENT_KEY_NOT_FOUND",
        "3 USER4@example.com folded 4 associated",
        "4 user5@example.com exact 5 associated",
    ] {
        assert!(given.contains(line), "{line}: {given:?}");
    }
    let ends = |start: &str, end: &str| {
        let is_such = |line: &&String| line.starts_with(start) && line.ends_with(end);
        given.iter().filter(is_such).count()
    };
    assert_eq!(ends("2 ", " invalid CLIENT_INVALID_ROW"), 1, "{given:?}");
    assert_eq!(ends("4 ", " invalid CLIENT_INVALID_ROW"), 1, "{given:?}");
    assert_eq!(given.len(), 7, "{given:?}");
    assert_eq!(rehearsal.seen().pairs_associated, 4);
}

#[test]
fn a_list_of_keys_is_resumed_key_by_key() {
    let list = |n: u32| {
        let keys = (1..=3).map(|key| format!("user{n}{key}@example.com"));
        format!("{},{}", keys.collect::<Vec<_>>().join(";"), 52_000 + n)
    };
    let rehearsal = Rehearsal::new().file(emails((1..=9).map(list)));
    let flags = by_email(&["--split", ";"]);
    assert_eq!(rehearsal.import(&flags).code, 0);
    let path = rehearsal.path("pairs.report.csv");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let complete = described(&rehearsal);
    for kept in [2, 3, 5, 6, 20] {
        fs::write(&path, lines[..kept].join("\n") + "\n").unwrap();
        let before = rehearsal.seen().records_asked;
        let resumed = rehearsal.import(&[&*flags, &["--resume"]].concat());
        assert_eq!(resumed.code, 0, "{kept}: {}", resumed.stderr);
        assert_eq!(described(&rehearsal), complete, "{kept}");
        let asked = rehearsal.seen().records_asked - before;
        assert_eq!(asked, (lines.len() - kept) as u64, "{kept}");
    }
    assert_eq!(rehearsal.seen().pairs_associated, 27);
}

#[test]
fn keys_of_one_record_are_duplicates() {
    let rehearsal = Rehearsal::new().file(emails([
        "user1@example.com,52001",
        "USER1@Example.com,52001",
        "alias1@example.com,52001",
        "alias1@example.com,52002",
        "missing1@example.com,52001",
        "missing1@example.com,52001",
    ]));
    let finished = rehearsal.import(&by_email(&["--skip-duplicates"]));
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let expected = [
        "1 user1@example.com exact 1 associated",
        "2 USER1@Example.com folded 1 skipped CLIENT_DUPLICATE",
        "3 alias1@example.com secondary 1 skipped CLIENT_DUPLICATE",
        "4 alias1@example.com secondary 1 associated",
        // There is no pair that could be one.
        "5 missing1@example.com   rejected CLIENT_KEY_NOT_FOUND",
        "6 missing1@example.com   rejected CLIENT_KEY_NOT_FOUND",
    ];
    assert_eq!(described(&rehearsal), texts(expected));
    assert_eq!(rehearsal.seen().pairs_put, 2);
}

#[test]
fn a_pair_is_known_from_an_earlier_report_by_ids_or_by_keys() {
    let by_id = ["contacts,1,companies,52001", "contacts,2,companies,52002"];
    let rehearsal = Rehearsal::new().rows(by_id);
    assert_eq!(rehearsal.import(&["--report", "by-id.csv"]).code, 0);
    let rows = ["Alias1@example.com,52001", "user3@example.com,52003"];
    let rehearsal = rehearsal.file(emails(rows));
    let flags = by_email(&["--skip-associated-in", "by-id.csv"]);
    let finished = rehearsal.import(&flags);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let expected = [
        "1 Alias1@example.com secondary 1 skipped CLIENT_ALREADY_ASSOCIATED",
        "2 user3@example.com exact 3 associated",
    ];
    assert_eq!(described(&rehearsal), texts(expected));
    assert_eq!(rehearsal.seen().pairs_put, 3);
    // The report by keys is the memory of a run by ids.
    let text = format!(
        "{HEADER}\n{}\ncontacts,3,companies,52003\ncontacts,4,companies,52004\n",
        by_id[0]
    );
    fs::write(rehearsal.path("ids.csv"), text).unwrap();
    let url = rehearsal.url();
    let import = [
        "import",
        "ids.csv",
        "--base-url",
        &url,
        "--rate",
        "unlimited",
    ];
    let memory = ["--skip-associated-in", "pairs.report.csv"];
    let finished = finish(
        rehearsal
            .command(&[&import[..], &memory].concat())
            .output()
            .unwrap(),
    );
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().pairs_put, 4);
}

#[test]
fn rejected_keys_are_fed_back_as_they_stood() {
    let rows = [
        "=\"Late1@example.com\",\"52,001\",note",
        "user2@example.com,52002,\"a, b\"",
        "\" late3@example.com \",52003,",
        "#N/A,52004,",
    ];
    let rehearsal = Rehearsal::new().file(format!("E-mail,Company,Note\n{}\n", rows.join("\n")));
    // A number with a separator is invalid, so the first row is as well.
    let text = fs::read_to_string(rehearsal.path("pairs.csv")).unwrap();
    let rehearsal = rehearsal.file(text.replace("\"52,001\"", "52001"));
    let assign = |email: &str, ids: &[&str]| {
        (rehearsal.sandbox)
            .assign_key("contacts", "email", email, ids)
            .unwrap();
    };
    assign("late1@example.com", &[]);
    assign("late3@example.com", &["703", "704"]);
    let first = rehearsal.import(&by_email(&["--rejects", "rejects.csv"]));
    assert_eq!(first.code, 1, "{}", first.stderr);
    let rejects = fs::read_to_string(rehearsal.path("rejects.csv")).unwrap();
    let mut lines = rejects.lines();
    assert_eq!(
        lines.next(),
        Some("E-mail,Company,Note,error_category,error_message")
    );
    let mut reader = csv::Reader::from_reader(rejects.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cells: Vec<[&str; 4]> = records
        .iter()
        .map(|record| [0, 1, 2, 3].map(|place| &record[place]))
        .collect();
    let expected = [
        [
            "=\"Late1@example.com\"",
            "52001",
            "note",
            "CLIENT_KEY_NOT_FOUND",
        ],
        [" late3@example.com ", "52003", "", "CLIENT_KEY_AMBIGUOUS"],
        ["#N/A", "52004", "", "CLIENT_INVALID_ROW"],
    ];
    assert_eq!(cells, expected);
    // Now the contacts are there.
    assign("late1@example.com", &["701"]);
    assign("late3@example.com", &["703"]);
    let url = rehearsal.url();
    let import = [
        "import",
        "rejects.csv",
        "--base-url",
        &url,
        "--rate",
        "unlimited",
    ];
    let second = [&import, &*by_email(&[])].concat();
    let second = finish(rehearsal.command(&second).output().unwrap());
    assert_eq!(second.code, 1, "{}", second.stderr);
    let lines = rehearsal.report_named("rejects.report.csv");
    let ends: BTreeSet<[&str; 3]> = lines
        .iter()
        .map(|line| ["row", "from_object_id", "outcome"].map(|name| &*line[name]))
        .collect();
    let linked: Vec<_> = ends.iter().filter(|line| line[2] == "associated").collect();
    assert_eq!(
        linked,
        [&["1", "701", "associated"], &["2", "703", "associated"]]
    );
    assert_eq!(rehearsal.seen().pairs_associated, 3);
}

#[test]
fn both_sides_may_be_keys_of_any_property_and_several_rows_share_a_call() {
    const ROWS: u32 = 3000;
    let cell = |n: u32| match n % 100 {
        99 => format!("missing{n}"),
        _ => format!("key{n}"),
    };
    let rows = (1..=ROWS).map(|n| format!("{},{}\n", cell(n % 700 + 1), cell(900_000 + n)));
    let text: String = std::iter::once("Order,Invoice\n".to_owned())
        .chain(rows)
        .collect();
    let rehearsal = Rehearsal::new().file(text);
    let finished = rehearsal.import(&[
        "--from-type",
        "deals",
        "--from-id-property",
        "order_no",
        "--from-id-column",
        "Order",
        "--to-type",
        "p_invoice",
        "--to-id-property",
        "invoice_no",
        "--to-id-column",
        "Invoice",
        "--mode",
        "batch",
    ]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let seen = rehearsal.seen();
    // 700 orders and 3000 invoices, each once; two kinds of calls of a hundred keys. Busy machines may send some early.
    assert_eq!(seen.records_asked, u64::from(700 + ROWS));
    assert!((37..=41).contains(&seen.calls("records")), "{seen:?}");
    assert!((2..=5).contains(&seen.calls("batch")), "{seen:?}");
    let mut linked = 0;
    for line in rehearsal.report() {
        let row: u32 = line["row"].parse().unwrap();
        let (from, to) = (row % 700 + 1, 900_000 + row);
        let keys = [cell(from), cell(to)];
        assert_eq!([&line["from_key"], &line["to_key"]], [&keys[0], &keys[1]]);
        if keys.iter().any(|key| key.starts_with("missing")) {
            assert_eq!(line["error_categories"], "CLIENT_KEY_NOT_FOUND", "{line:?}");
            continue;
        }
        assert_eq!(line["outcome"], "associated", "{line:?}");
        let ids = [from, to].map(|id| id.to_string());
        assert_eq!(
            [&line["from_object_id"], &line["to_object_id"]],
            [&ids[0], &ids[1]]
        );
        assert_eq!([&*line["from_match"], &*line["to_match"]], ["exact"; 2]);
        assert!(seen.pair("deals", &ids[0], "p_invoice", &ids[1]).associated);
        linked += 1;
    }
    assert_eq!(seen.pairs_associated, linked);
}

#[test]
fn a_rehearsal_looks_keys_up_in_the_sandbox_of_the_program() {
    let rehearsal = Rehearsal::new().file(emails(["Alias7@example.com,52001"]));
    let import = ["import", "pairs.csv", "--sandbox", "--rate", "unlimited"];
    let rehearsed = [&import, &*by_email(&[])].concat();
    let finished = finish(rehearsal.command(&rehearsed).output().unwrap());
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let line = rehearsal.report_named("pairs.sandbox.report.csv").remove(0);
    assert_eq!(
        (&*line["from_object_id"], &*line["from_match"]),
        ("7", "secondary")
    );
    assert_eq!(rehearsal.seen().requests, 0);
}

#[test]
fn check_counts_keys_and_calls_without_token_and_network() {
    // 450 keys in 900 rows: the same ones in another case.
    let rows = (1..=900).map(|n| {
        let name = if n > 450 { "USER" } else { "user" };
        format!("{name}{}@example.com,{}", (n - 1) % 450 + 1, 52_000 + n)
    });
    let text = emails(rows.chain(["#N/A,52001".to_owned()]));
    let rehearsal = Rehearsal::new().file(text);
    let check = [
        &[
            "check",
            "pairs.csv",
            "--to-type",
            "companies",
            "--to-id-column",
            "Company",
        ],
        &FROM_EMAIL[..],
    ]
    .concat();
    let mut command = rehearsal.command(&check);
    command.env_remove("HUBSPOT_ACCESS_TOKEN");
    let checked = finish(command.output().unwrap());
    assert_eq!(checked.code, 1, "{}", checked.stderr);
    for part in ["450", "5 calls", "spreadsheet error"] {
        assert!(checked.stdout.contains(part), "{part}: {}", checked.stdout);
    }
}
