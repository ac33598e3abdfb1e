//! Every text that users read, as a snapshot: a change of wording shows in a review, and nothing changes by accident.
//!
//! After an intended change: `INSTA_UPDATE=always cargo test --test it shown_text`, then read the difference.

use std::fmt::Write as _;

use crate::support::{HEADER, Program, Rehearsal, finish, good_rows, instant};

use hubspot_associate::sandbox::settings::SandboxSettings;

/// Replaces what differs between two runs or two machines.
const FILTERS: [(&str, &str); 7] = [
    (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:PORT"),
    (
        r"in [0-9.]+s, [0-9.,]+ rows per second",
        "in TIME, RATE rows per second",
    ),
    (
        r"hubspot-associate \d+\.\d+\.\d+( \([^)]*\))?",
        "hubspot-associate VERSION",
    ),
    (r"correlation id [0-9a-f-]{36}", "correlation id ID"),
    (
        r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z|\d{4}-\d{2}-\d{2} \d{2}:\d{2}",
        "MOMENT",
    ),
    (r"MOMENT UTC, MOMENT on this machine", "MOMENT UTC"),
    // Only runs that last long enough have this line.
    (r"quota: .*\n", ""),
];

#[track_caller]
fn is_as_before(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    for (pattern, replacement) in FILTERS {
        settings.add_filter(pattern, replacement);
    }
    settings.bind(|| insta::assert_snapshot!(name.replace(' ', "-"), text));
}

/// A command line and all that it prints.
fn transcript(text: &mut String, shown: &str, command: &mut Program) {
    command.env("COLUMNS", "100");
    let finished = finish(command.output().unwrap());
    let _infallible = write!(
        text,
        "$ hubspot-associate {shown}\n{}{}[exit status {}]\n\n",
        finished.stdout, finished.stderr, finished.code
    );
}

/// The transcript of commands, one after the other in the same folder.
fn transcripts(rehearsal: &Rehearsal, lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        let words = shlex::split(line).unwrap();
        let mut words: Vec<_> = words.iter().map(String::as_str).collect();
        let url = rehearsal.url();
        let calls_api = ["import", "doctor", "labels"].contains(&words[0]);
        if calls_api && !words.contains(&"--base-url") && !words.contains(&"--help") {
            words.extend(["--base-url", &url]);
        }
        transcript(&mut text, line, &mut rehearsal.command(&words));
    }
    text
}

fn help(command: &str) {
    let rehearsal = Rehearsal::new();
    let line = format!("{command} --help");
    let name = format!("help {command}");
    is_as_before(name.trim(), &transcripts(&rehearsal, &[line.trim()]));
}

#[test]
fn the_help_of_the_program() {
    help("");
}

#[test]
fn the_help_of_import() {
    help("import");
}

#[test]
fn the_help_of_check() {
    help("check");
}

#[test]
fn the_help_of_resolve() {
    help("resolve");
}

#[test]
fn the_help_of_verify() {
    help("verify");
}

#[test]
fn the_help_of_undo() {
    help("undo");
}

#[test]
fn the_help_of_labels() {
    help("labels");
}

#[test]
fn the_labels_of_two_types() {
    let rehearsal = Rehearsal::new().rows(["contacts,41001,companies,52001"]);
    let lines = [
        "labels contacts companies",
        "labels contacts widgets",
        "import pairs.csv --label 'Decison maker'",
        "import pairs.csv --label Reseller",
        "import pairs.csv --label Employee",
    ];
    is_as_before("labels", &transcripts(&rehearsal, &lines));
}

#[test]
fn the_help_of_report() {
    help("report");
}

#[test]
fn the_help_of_doctor() {
    help("doctor");
}

#[test]
fn the_help_of_sandbox() {
    help("sandbox");
}

#[test]
fn the_help_of_completions_and_man() {
    help("completions");
    help("man");
}

#[test]
fn the_head_of_a_manual_page() {
    let rehearsal = Rehearsal::new();
    let page = finish(rehearsal.command(&["man", "import"]).output().unwrap());
    let (head, _) = page.stdout.split_once(".SH OPTIONS").unwrap();
    // The list of flags is long, and the snapshot of the help has it.
    let (name, _) = head.split_once(".SH SYNOPSIS").unwrap();
    let (_, description) = head.split_once(".SH DESCRIPTION").unwrap();
    is_as_before("man import", &format!("{name}.SH DESCRIPTION{description}"));
}

/// Rows of every outcome except failed.
fn mixed_rows() -> Rehearsal {
    let bad = [
        "contacts,997000000000001,companies,1",
        "contacts,994040000000001,companies,1",
        "contacts,994040000000002,companies,1",
        "contacts,5.12E+11,companies,1",
        "contacts,41001,companies,52001",
    ];
    Rehearsal::new().rows(good_rows(3).chain(bad.map(str::to_owned)))
}

#[test]
fn the_summary_of_a_run() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    let finished = transcripts(
        &rehearsal,
        &[
            "import pairs.csv --first 2",
            "import pairs.csv --resume --html page.html",
        ],
    );
    is_as_before("summary of a good run", &finished);

    let finished = transcripts(
        &mixed_rows(),
        &[
            "import pairs.csv --skip-duplicates --concurrency 1",
            "import pairs.csv --overwrite --rejects rejects.csv --concurrency 1",
        ],
    );
    is_as_before("summary of a run with rejects", &finished);

    let header_only = Rehearsal::new().file(format!("{HEADER}\n"));
    let finished = transcripts(&header_only, &["import pairs.csv"]);
    is_as_before("summary of a run without rows", &finished);
}

#[test]
fn the_summary_of_a_stopped_run() {
    let bad = (0..5).map(|id| format!("contacts,99404000000000{id},companies,1"));
    let rehearsal = Rehearsal::new().rows(good_rows(3).chain(bad));
    let limited = Rehearsal::against(SandboxSettings {
        // One is for the account.
        daily_limit: Some(3),
        ..instant()
    });
    let limited = limited.rows(good_rows(3));
    let refused = Rehearsal::against(SandboxSettings {
        token: Some("another-one".to_owned()),
        ..instant()
    });
    let refused = refused.rows(good_rows(3));
    for (name, rehearsal, line) in [
        (
            "summary after the failure limit",
            rehearsal,
            "import pairs.csv --max-failed 2 --concurrency 1",
        ),
        (
            "summary after the daily limit",
            limited,
            "import pairs.csv --concurrency 1",
        ),
        (
            "summary after a refused token",
            refused,
            "import pairs.csv --concurrency 1",
        ),
    ] {
        is_as_before(name, &transcripts(&rehearsal, &[line]));
    }
}

#[test]
fn the_text_of_check() {
    let clean = transcripts(
        &Rehearsal::new().rows(good_rows(60)),
        &["check pairs.csv", "check pairs.csv --duplicates-memory 0"],
    );
    is_as_before("check of a clean file", &clean);
    let odd = Rehearsal::new().file(
        "from_type,from_id,to_type,to_id,note\n\
         contacts,1,deals,2,\n\
         contacts,1,deals,02,\n\
         contacts,5.1E+3,deals,,\n\
         0-1,7,0-1,7,\n\
         0-1,3\n\
         contacts,x7,deals,3;4,\n\
         con tacts,0,,-4,\n\
         contacts,1,deals,3,\"open\ncontacts,2,deals,4,\n\"\n",
    );
    is_as_before(
        "check of a file with problems",
        &transcripts(&odd, &["check pairs.csv"]),
    );
    let lists = Rehearsal::new().file("Record ID,Associated Deal IDs\n1,2;3\n4,\n");
    let flags = "--from-type contacts --from-id-column 'Record ID' --to-type deals \
                 --to-id-column 'Associated Deal IDs' --split ';'";
    is_as_before(
        "check of lists",
        &transcripts(&lists, &[&format!("check pairs.csv {flags}")]),
    );
}

#[test]
fn the_text_of_report() {
    let rehearsal = mixed_rows();
    assert_eq!(rehearsal.import(&["--concurrency", "1"]).code, 1);
    let shown = transcripts(
        &rehearsal,
        &[
            "report pairs.report.csv",
            "report pairs.report.csv --rejects rejects.csv --html page.html",
        ],
    );
    is_as_before("report", &shown);
}

#[test]
fn the_text_of_doctor() {
    let types = "doctor --from-type contacts --to-type companies";
    let good = transcripts(&Rehearsal::new(), &["doctor", types]);
    is_as_before("doctor for a good token", &good);
    let production = Rehearsal::against(SandboxSettings {
        account_type: "STANDARD".to_owned(),
        daily_limit: Some(10),
        missing_scopes: true,
        ..instant()
    });
    let warned = transcripts(
        &production,
        &[
            "doctor --expect-portal 7",
            types,
            "doctor --from-type contacts --to-type gadgets",
        ],
    );
    is_as_before("doctor for a production portal", &warned);
    let refused = Rehearsal::against(SandboxSettings {
        token: Some("another-one".to_owned()),
        ..instant()
    });
    is_as_before(
        "doctor for a refused token",
        &transcripts(&refused, &["doctor --expect-portal 7", types]),
    );
}

#[test]
fn the_errors_of_settings() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    let mut text = transcripts(
        &rehearsal,
        &[
            "import pairs.csv --rate fast",
            "import pairs.csv --rate 0/10s",
            "import pairs.csv --share 120%",
            "import pairs.csv --timeout 30",
            "import pairs.csv --until 25:00",
            "import pairs.csv --from-type con/tacts",
            "import pairs.csv --delimiter ab",
            "import pairs.csv --encoding latin",
            "import pairs.csv --max-failed-percent 0",
            "import pairs.csv --mode batch --batch-size 5000",
            "import pairs.csv --html -",
            "import pairs.csv --html pairs.csv",
            "import pairs.csv --report pairs.csv",
            "import pairs.csv --base-url http://api.hubapi.com",
            "import pairs.csv --base-url ftp://x",
            "import pairs.csv --token-file missing.txt",
            "import pairs.csv --token-command ''",
            "import pairs.csv --ca-file missing.pem",
            "import pairs.csv --expect-portal 7",
            "import pairs.csv --first 1",
            "import pairs.csv",
            "import -",
            "import missing.csv",
            "import .",
            "report missing.csv",
        ],
    );
    let mut without_token = rehearsal.command(&["import", "pairs.csv", "--overwrite"]);
    without_token.env_remove("HUBSPOT_ACCESS_TOKEN");
    transcript(
        &mut text,
        "import pairs.csv --overwrite   # no token",
        &mut without_token,
    );
    is_as_before("errors of settings", &text);
}

#[test]
fn the_errors_of_columns() {
    let mut text = String::new();
    for (content, flags) in [
        ("", ""),
        ("name,email\nAda,a@x.de\n", ""),
        ("from_type,from_id,to_type\ncontacts,1,deals\n", ""),
        (
            "from_id,from_id,to_id,to_type,from_type\n1,1,2,deals,contacts\n",
            "",
        ),
        ("from_id,to_id\n1,2\n", ""),
        ("from_id,to_id\n1,2\n", "--from-type contacts"),
        (
            "from_id,to_id\n1,2\n",
            "--from-type contacts --to-type deals --to-id-column id",
        ),
        (
            "from_id,to_id\n1,2\n",
            "--from-type contacts --to-type deals --to-id-column '#9'",
        ),
        ("Record ID,Last Name,Associated Deal IDs\n1,A,2;3\n", ""),
        ("contacts,1,deals,2\n", ""),
        ("1,2\n", "--no-header"),
    ] {
        let rehearsal = Rehearsal::new().file(content);
        let first = content.lines().next().unwrap_or("nothing");
        let _infallible = writeln!(text, "# pairs.csv begins with: {first}");
        text.push_str(&transcripts(
            &rehearsal,
            &[format!("check pairs.csv {flags}").trim()],
        ));
    }
    is_as_before("errors of columns", &text);
}
