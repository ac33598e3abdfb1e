//! Rows that name records by keys: every row ends as its keys say, compared with the records of the server.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::support::keys::{Ends, KeyCell, by_both, domain, email};
use crate::support::records;
use crate::support::{Finished, Line, Rehearsal, Running, finish};

const EMAILS: u32 = 2000;
const DOMAINS: u32 = 500;
/// Rows at the end whose keys stand in earlier rows.
const REPEATED: u32 = 150;

/// A row of the file, and what its keys must end with.
struct KeyedRow {
    from: KeyCell,
    to: KeyCell,
}

/// A sandbox, a file of emails and domains for it, and what each row must end with.
fn keyed_file() -> (Rehearsal, Vec<KeyedRow>) {
    let rehearsal = Rehearsal::new();
    let row = |n: u32| KeyedRow {
        from: email(&rehearsal.sandbox, n),
        // Every domain stands beside four emails.
        to: domain(&rehearsal.sandbox, n * 7 % DOMAINS + 1),
    };
    let rows: Vec<KeyedRow> = (1..=EMAILS).chain(1..=REPEATED).map(row).collect();
    let lines = rows.iter().enumerate().map(|(n, row)| {
        let (email, website) = (row.from.quoted(), row.to.quoted());
        format!("L-{n},{email},\"Name, {n}\",{website}\r\n")
    });
    let text: String = std::iter::once("Lead,E-mail,Full Name,Website\r\n".to_owned())
        .chain(lines)
        .collect();
    (rehearsal.file(text), rows)
}

/// The ids that the server has for a key that is found.
fn id_at_server(url: &str, cell: &str) -> String {
    if cell.contains('@') {
        let (status, body) = records::by_email(url, &[cell.to_owned()]);
        assert_eq!(status, 200, "{body}");
        return body["results"][0]["id"].as_str().unwrap().to_owned();
    }
    let (ids, count) = records::with_domain(url, cell);
    assert_eq!(count, 1, "{cell}");
    ids.into_iter().next().unwrap()
}

/// The id and the match of a key that must be found.
fn record_of(url: &str, cell: &KeyCell) -> Option<(String, &'static str)> {
    match &cell.ends {
        Ends::Found(id, matched) => Some((id.clone(), matched)),
        Ends::FoundByServer(matched) => Some((id_at_server(url, &cell.text), matched)),
        _ => None,
    }
}

/// The columns of one side.
fn side<'l>(line: &'l Line, name: &str) -> [&'l str; 4] {
    ["object_type", "object_id", "key", "match"].map(|part| &*line[&format!("{name}_{part}")])
}

/// Checks one line; returns the pair that must be linked.
fn is_as_expected(url: &str, line: &Line, row: &KeyedRow) -> Option<(String, String)> {
    let cells = [
        ("from", "contacts", &row.from),
        ("to", "companies", &row.to),
    ];
    if let Some(invalid) = cells.iter().find(|(_, _, cell)| !cell.is_valid()) {
        let Ends::Invalid(reason) = invalid.2.ends else {
            unreachable!()
        };
        assert_eq!(line["outcome"], "invalid", "{line:?}");
        assert_eq!(line["error_categories"], "CLIENT_INVALID_ROW", "{line:?}");
        assert!(line["error_message"].contains(reason), "{reason}: {line:?}");
        assert_eq!(line["attempts"], "0", "{line:?}");
        for (name, object_type, cell) in cells {
            let key = cell.text.trim();
            let guarded = if key == "-" { "'-" } else { key };
            assert_eq!(side(line, name), [object_type, "", guarded, ""], "{line:?}");
        }
        return None;
    }
    let mut ids = Vec::new();
    for (name, object_type, cell) in cells {
        let (id, matched) = record_of(url, cell).unzip();
        let id = id.unwrap_or_default();
        let expected = [
            object_type,
            &id,
            cell.text.trim(),
            matched.unwrap_or_default(),
        ];
        assert_eq!(side(line, name), expected, "{line:?}");
        if !id.is_empty() {
            ids.push(id);
        }
    }
    if let [from, to] = ids.as_slice() {
        assert_eq!(line["outcome"], "associated", "{line:?}");
        return Some((from.clone(), to.clone()));
    }
    assert_eq!(line["outcome"], "rejected", "{line:?}");
    let category = |cell: &KeyCell| match &cell.ends {
        Ends::NotFound => Some("CLIENT_KEY_NOT_FOUND"),
        Ends::Ambiguous(_) => Some("CLIENT_KEY_AMBIGUOUS"),
        _ => None,
    };
    let categories: BTreeSet<&str> = cells.iter().filter_map(|side| category(side.2)).collect();
    let given: BTreeSet<&str> = line["error_categories"].split(';').collect();
    assert!(
        !given.is_empty() && given.is_subset(&categories),
        "{line:?}"
    );
    assert_ne!(line["num_errors"], "0", "{line:?}");
    for (_, _, cell) in cells {
        if let Ends::Ambiguous(ids) = &cell.ends
            && given.contains("CLIENT_KEY_AMBIGUOUS")
            && categories.len() == 1
        {
            let words: HashSet<&str> = line["error_message"]
                .split(|letter: char| !letter.is_ascii_digit())
                .collect();
            let named = ids.iter().filter(|id| words.contains(&***id)).count();
            assert_eq!(named, ids.len().min(10), "{line:?}");
        }
    }
    None
}

/// Checks each line of a report, and that the server has the links that the report says, and no other.
fn links_are_as_expected(rehearsal: &Rehearsal, rows: &[KeyedRow]) {
    let lines = rehearsal.report();
    assert_eq!(lines.len(), rows.len());
    let numbers: BTreeSet<usize> = lines.iter().map(number).collect();
    assert_eq!(numbers.len(), rows.len(), "one line per row");
    let url = rehearsal.url();
    let pairs: BTreeSet<(String, String)> = lines
        .iter()
        .filter_map(|line| is_as_expected(&url, line, &rows[number(line) - 1]))
        .collect();
    assert!(pairs.len() > 1500, "{}", pairs.len());
    let seen = rehearsal.seen();
    for (from, to) in &pairs {
        let pair = seen.pair("contacts", from, "companies", to);
        assert!(pair.associated, "{from} {to}");
    }
    assert_eq!(seen.pairs_associated, pairs.len(), "no other link");
}

fn number(line: &Line) -> usize {
    line["row"].parse().unwrap()
}

/// The distinct keys of one side. A row with an invalid cell is not looked up.
fn keys_of<'r>(
    rows: &'r [KeyedRow],
    side: impl Fn(&'r KeyedRow) -> &'r KeyCell,
) -> BTreeMap<&'r str, &'r Ends> {
    let is_valid = |row: &&KeyedRow| row.from.is_valid() && row.to.is_valid();
    let cells = rows.iter().filter(is_valid).map(side);
    cells.map(|cell| (&*cell.text, &cell.ends)).collect()
}

/// Checks how often the server was asked: each email once.
fn each_key_is_asked_once(rehearsal: &Rehearsal, rows: &[KeyedRow]) {
    let seen = rehearsal.seen();
    let emails = keys_of(rows, |row| &row.from).len() as u64;
    assert_eq!(seen.records_asked, emails);
    let calls = emails.div_ceil(100);
    // A busy machine may send calls that are not full.
    let called = seen.calls("records");
    assert!((calls..=calls + 4).contains(&called), "{called} calls");
    // Domains once, further pages, and once more for those that were not found.
    let domains = keys_of(rows, |row| &row.to).len() as u64;
    let results = domains + u64::from(DOMAINS / 100) * (2 + 12 + 250);
    let called = seen.calls("search");
    let max = domains.div_ceil(100) + results / 200 + 2 + 4;
    assert!(called <= max, "{called} searches, {max} at most");
}

/// Checks the numbers of the summary.
fn says_what_was_looked_up(finished: &Finished, rows: &[KeyedRow]) {
    let mut keys = keys_of(rows, |row| &row.from);
    keys.extend(keys_of(rows, |row| &row.to));
    let count =
        |is_such: &dyn Fn(&Ends) -> bool| keys.values().filter(|ends| is_such(ends)).count();
    let by = |wanted: &'static str| {
        count(
            &|ends| matches!(ends, Ends::Found(_, how) | Ends::FoundByServer(how) if *how == wanted),
        )
    };
    let lookups = format!(
        "{} exact, {} folded, {} secondary, {} by search, {} not found, {} ambiguous",
        by("exact"),
        by("folded"),
        by("secondary"),
        by("search"),
        count(&|ends| *ends == Ends::NotFound),
        count(&|ends| matches!(ends, Ends::Ambiguous(_))),
    );
    let said = finished.stdout.replace(',', "");
    assert!(
        said.contains(&lookups.replace(',', "")),
        "{lookups}: {}",
        finished.stdout
    );
    let keys = format!("{} keys", keys.len());
    assert!(said.contains(&keys), "{keys}: {}", finished.stdout);
}

/// Waits until a program ends, which must be with exit status 1.
fn ends_with_problems(running: Running) -> Finished {
    let finished = finish(running.output());
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    finished
}

/// `(row, from id, to id)` of the rows of a report that are associated.
fn associated(rehearsal: &Rehearsal, report: &str) -> BTreeSet<(usize, String, String)> {
    let lines = rehearsal.report_named(report);
    let linked = lines.iter().filter(|line| line["outcome"] == "associated");
    linked
        .map(|line| {
            let [from, to] = ["from_object_id", "to_object_id"].map(|name| line[name].clone());
            (number(line), from, to)
        })
        .collect()
}

/// The runs are side by side, as each waits for records that the search finds only after some seconds.
#[test]
fn every_row_ends_as_its_keys_say_in_both_modes_and_by_way_of_resolved_ids() {
    let (single, rows) = keyed_file();
    let (batch, _) = keyed_file();
    let (resolved, _) = keyed_file();
    let single_run = single.import_command(&by_both(&[])).spawn().unwrap();
    let in_batches = by_both(&["--mode", "batch"]);
    let batch_run = batch.import_command(&in_batches).spawn().unwrap();
    let url = resolved.url();
    let resolve = ["resolve", "pairs.csv", "-o", "ids.csv", "--base-url", &url];
    let resolve = by_both(&resolve);
    let resolve_run = resolved.command(&resolve_first(&resolve)).spawn().unwrap();

    let finished = ends_with_problems(single_run);
    each_key_is_asked_once(&single, &rows);
    links_are_as_expected(&single, &rows);
    says_what_was_looked_up(&finished, &rows);

    ends_with_problems(batch_run);
    each_key_is_asked_once(&batch, &rows);
    links_are_as_expected(&batch, &rows);

    ends_with_problems(resolve_run);
    each_key_is_asked_once(&resolved, &rows);
    assert_eq!(
        resolved.seen().calls("pair") + resolved.seen().calls("batch"),
        0
    );
    resolved_ids_give_the_same_links(&resolved, &single, &rows);
}

/// The command and its file stand first.
fn resolve_first<'f>(flags: &[&'f str]) -> Vec<&'f str> {
    let at = flags.iter().position(|flag| *flag == "resolve").unwrap();
    [&flags[at..], &flags[..at]].concat()
}

/// Checks the output of `resolve`, imports it without flags, and compares the links with those of `direct`.
fn resolved_ids_give_the_same_links(resolved: &Rehearsal, direct: &Rehearsal, rows: &[KeyedRow]) {
    let read = |name: &str| -> Vec<Line> {
        let mut reader = csv::Reader::from_path(resolved.path(name)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    };
    let (input, output) = (read("pairs.csv"), read("ids.csv"));
    assert_eq!(output.len(), rows.len());
    for (number, (input, output)) in input.iter().zip(&output).enumerate() {
        for (name, cell) in input {
            assert_eq!(&output[name], cell, "row {}", number + 1);
        }
    }
    let url = resolved.url();
    let asked = resolved.seen().records_asked;
    let import = [
        "import",
        "ids.csv",
        "--base-url",
        &url,
        "--rate",
        "unlimited",
    ];
    ends_with_problems(resolved.command(&import).spawn().unwrap());
    let (direct, by_way) = (
        associated(direct, "pairs.report.csv"),
        associated(resolved, "ids.report.csv"),
    );
    assert_eq!(by_way, direct);
    assert_eq!(resolved.seen().records_asked, asked);
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for line in resolved.report_named("ids.report.csv") {
        let row = number(&line) - 1;
        let has_problem = !output[row]["resolve_problem"].is_empty();
        assert_eq!(has_problem, line["outcome"] == "invalid", "{line:?}");
        *outcomes.entry(line["outcome"].clone()).or_default() += 1;
    }
    assert_eq!(outcomes["associated"] + outcomes["invalid"], rows.len());
}
