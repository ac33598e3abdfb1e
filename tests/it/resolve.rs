//! `resolve`: the ids of records beside the rows of the input, and an import of its output.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;

use crate::support::{Finished, HEADER, Rehearsal, TOKEN, finish, instant, signal, wait_until};

use hubspot_associate::sandbox::settings::SandboxSettings;

const EMAILS_AND_DOMAINS: [&str; 13] = [
    "--from-type",
    "contacts",
    "--from-id-property",
    "email",
    "--from-id-column",
    "E-mail",
    "--to-type",
    "companies",
    "--to-id-property",
    "domain",
    "--to-id-column",
    "Website",
    "--allow-search",
];

/// `resolve pairs.csv -o ids.csv` against the sandbox.
fn resolve(rehearsal: &Rehearsal, flags: &[&str]) -> Finished {
    let url = rehearsal.url();
    let arguments = ["resolve", "pairs.csv", "-o", "ids.csv", "--base-url", &url];
    let rate = ["--rate", "unlimited"];
    let arguments = [&arguments[..], &rate, flags].concat();
    finish(rehearsal.command(&arguments).output().unwrap())
}

fn output(rehearsal: &Rehearsal) -> String {
    fs::read_to_string(rehearsal.path("ids.csv")).unwrap()
}

/// The ids of the associated rows of a report, by row.
fn associated(rehearsal: &Rehearsal, report: &str) -> BTreeMap<u64, [String; 2]> {
    let lines = rehearsal.report_named(report).into_iter();
    let lines = lines.filter(|line| line["outcome"] == "associated");
    lines
        .map(|line| {
            let ids = ["from_object_id", "to_object_id"].map(|column| line[column].clone());
            (line["row"].parse().unwrap(), ids)
        })
        .collect()
}

#[test]
fn an_import_of_the_output_without_flags_associates_the_same_rows_as_the_direct_import() {
    let rows = "\
Name,E-mail,Website,Note
\"Berg, Ann\", USER1@example.com ,https://www.company7.example/about,x
Bo,alias2@example.com,company8.example,
Cy,missing3@example.com,company9.example,
Di,user4@example.com,many3.example,
Ed,#N/A,company1.example,
Fa,user6@example.com,company6.example
Gu,user7@example.com,company7.example,x,y
";
    let rehearsal = Rehearsal::new().file(rows);
    let finished = resolve(&rehearsal, &EMAILS_AND_DOMAINS);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().pairs_put, 0);
    let search = "looking up `domain` of companies with the search";
    assert!(finished.stderr.contains(search), "{}", finished.stderr);
    let counted = finished
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let counted: Vec<String> = counted.map(|words| words.join(" ")).collect();
    assert_eq!(
        counted[1..3],
        ["both ids 3", "problem 4"],
        "{}",
        finished.stdout
    );
    let ids = output(&rehearsal);
    let lines: Vec<&str> = ids.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "Name,E-mail,Website,Note,from_object_type,from_object_id,to_object_type,to_object_id,resolve_problem",
            "\"Berg, Ann\", USER1@example.com ,https://www.company7.example/about,x,contacts,1,companies,7,",
            "Bo,alias2@example.com,company8.example,,contacts,2,companies,8,",
        ]
    );
    assert!(
        lines[3].starts_with(
            "Cy,missing3@example.com,company9.example,,contacts,,companies,9,CLIENT_KEY_NOT_FOUND: "
        ),
        "{}",
        lines[3]
    );
    for (line, problem) in [
        (4, "CLIENT_KEY_AMBIGUOUS"),
        (5, "CLIENT_INVALID_ROW"),
        (6, "company6.example,,contacts,6,companies,6,"),
        (7, "CLIENT_INVALID_ROW"),
    ] {
        assert!(lines[line].contains(problem), "{}", lines[line]);
    }
    assert_eq!(lines.len(), 8);

    let direct = rehearsal.import(&EMAILS_AND_DOMAINS);
    assert_eq!(direct.code, 1, "{}", direct.stderr);
    // The next command of the summary, with nothing but the connection.
    let next = finished.stdout.lines().last().unwrap();
    let next = next.strip_prefix("next: ").unwrap();
    assert!(
        next.starts_with("hubspot-associate import ids.csv --base-url http"),
        "{next}"
    );
    let second = rehearsal.shell(next);
    assert_eq!(second.code, 1, "{}", second.stderr);
    assert_eq!(
        associated(&rehearsal, "ids.report.csv"),
        associated(&rehearsal, "pairs.report.csv")
    );
    let others = rehearsal.report_named("ids.report.csv").into_iter();
    let mut others = others.filter(|line| line["outcome"] != "associated");
    assert!(others.all(|line| line["outcome"] == "invalid"));
    assert!(!(finished.stdout + &finished.stderr).contains(TOKEN));
}

#[test]
fn each_key_of_a_list_has_a_line_and_ids_replace_the_keys_of_a_column_with_a_known_name() {
    let rows = [
        "contacts,user1@example.com;missing2@example.com,companies,7",
        "contacts,,companies,8",
        "contacts,user3@example.com,companies,9",
    ];
    let rehearsal = Rehearsal::new().rows(rows);
    let flags = ["--from-id-property", "email", "--split", ";"];
    let finished = resolve(&rehearsal, &flags);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let ids = output(&rehearsal);
    let lines: Vec<&str> = ids.lines().collect();
    assert_eq!(lines[0], format!("{HEADER},from_key,resolve_problem"));
    assert_eq!(lines[1], "contacts,1,companies,7,user1@example.com,");
    assert!(
        lines[2].starts_with("contacts,,companies,7,missing2@example.com,CLIENT_KEY_NOT_FOUND: "),
        "{}",
        lines[2]
    );
    assert_eq!(lines[4], "contacts,3,companies,9,user3@example.com,");
    assert_eq!(lines.len(), 5);
}

#[test]
fn rows_by_id_pass_through_and_a_file_without_a_header_gets_one() {
    let rehearsal = Rehearsal::new().file("user1@example.com;52\nuser2@example.com;5.1E+11\n");
    let flags = [
        "--no-header",
        "--delimiter",
        ";",
        "--from-type",
        "contacts",
        "--from-id-column",
        "#1",
        "--from-id-property",
        "email",
        "--to-type",
        "0-2",
        "--to-id-column",
        "#2",
    ];
    assert_eq!(resolve(&rehearsal, &flags).code, 1);
    let ids = output(&rehearsal);
    let lines: Vec<&str> = ids.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "#1;#2;from_object_type;from_object_id;to_object_type;to_object_id;resolve_problem",
            "user1@example.com;52;contacts;1;0-2;52;",
        ]
    );
    assert!(
        lines[2]
            .starts_with("user2@example.com;5.1E+11;contacts;;0-2;5.1E+11;CLIENT_INVALID_ROW: "),
        "{}",
        lines[2]
    );
}

#[test]
fn wrong_settings_and_an_existing_output_are_refused_before_a_request() {
    let rows = ["contacts,user1@example.com,companies,7"];
    let rehearsal = Rehearsal::new().rows(rows);
    let by_email = ["--from-id-property", "email"];
    for (flags, message) in [
        (
            &[][..],
            "there is nothing to look up: no flag names a property",
        ),
        (
            &["--to-type", "companies", "--to-id-property", "domain"],
            "--allow-search",
        ),
        (
            &["--from-id-property", "hs_object_id"],
            "is the record id itself",
        ),
    ] {
        let finished = resolve(&rehearsal, flags);
        assert_eq!(finished.code, 2, "{flags:?}");
        assert!(finished.stderr.contains(message), "{}", finished.stderr);
    }
    fs::write(rehearsal.path("ids.csv"), "mine\n").unwrap();
    let finished = resolve(&rehearsal, &by_email);
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stderr
            .contains("error: the output `ids.csv` exists\nhint: `--overwrite` replaces it"),
        "{}",
        finished.stderr
    );
    assert_eq!(output(&rehearsal), "mine\n");
    assert_eq!(rehearsal.seen().requests, 0);
    let finished = resolve(&rehearsal, &[&by_email[..], &["--overwrite"]].concat());
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(output(&rehearsal).contains("contacts,1,companies,7,user1@example.com,\n"));
}

#[test]
fn the_input_is_never_the_output() {
    let rehearsal = Rehearsal::new().rows(["contacts,user1@example.com,companies,7"]);
    let flags = [
        "resolve",
        "pairs.csv",
        "--from-id-property",
        "email",
        "--overwrite",
        "-o",
    ];
    let command = [&flags[..], &["./pairs.csv"]].concat();
    let finished = finish(rehearsal.command(&command).output().unwrap());
    assert_eq!(finished.code, 2);
    assert!(
        finished
            .stderr
            .contains("`--output ./pairs.csv` is the input itself"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_stopped_run_leaves_no_output_and_shows_the_command_to_start_again() {
    let mut settings = instant();
    settings.reads.missing_scopes = true;
    let rehearsal = Rehearsal::against(settings).rows(["contacts,user1@example.com,companies,7"]);
    let finished = resolve(&rehearsal, &["--from-id-property", "email"]);
    assert_eq!(finished.code, 3, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("crm.objects.contacts.read"),
        "{}",
        finished.stderr
    );
    assert!(
        finished
            .stderr
            .contains("run `hubspot-associate resolve pairs.csv -o ids.csv"),
        "{}",
        finished.stderr
    );
    assert!(!rehearsal.path("ids.csv").exists());
}

#[test]
fn an_interrupt_leaves_no_output() {
    let rehearsal = Rehearsal::against(SandboxSettings { ..instant() });
    let url = rehearsal.url();
    let arguments = [
        "resolve",
        "-",
        "-o",
        "ids.csv",
        "--base-url",
        &url,
        "--from-id-property",
        "email",
    ];
    let mut command = rehearsal.command(&arguments);
    let mut running = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdin = running.stdin();
    writeln!(stdin, "{HEADER}\ncontacts,user1@example.com,companies,7").unwrap();
    stdin.flush().unwrap();
    // The input does not end, so the run goes until the signal.
    wait_until("a lookup", || rehearsal.seen().requests > 0);
    signal(&running, "INT");
    let finished = finish(running.output());
    assert_eq!(finished.code, 130, "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .contains("error: interrupted\nhint: to start again, run `"),
        "{}",
        finished.stderr
    );
    let mut left = fs::read_dir(rehearsal.folder.path()).unwrap();
    assert!(left.next().is_none());
    drop(stdin);
}
