//! Real runs and rehearsals never use each other's lines, whatever the name of the file.

use std::fs;

use crate::support::{Finished, HEADER, Rehearsal, finish, good_rows};

/// `import pairs.csv --sandbox`, with the sandbox in the process and without a token.
fn rehearse(folder: &Rehearsal, flags: &[&str]) -> Finished {
    let start = ["import", "pairs.csv", "--sandbox", "--rate", "unlimited"];
    let mut command = folder.command(&[&start[..], flags].concat());
    finish(command.env_remove("HUBSPOT_ACCESS_TOKEN").output().unwrap())
}

fn ids(folder: &Rehearsal, report: &str) -> Vec<String> {
    let lines = folder.report_named(report);
    lines
        .into_iter()
        .map(|mut line| line.remove("correlation_id").unwrap())
        .collect()
}

fn summed_up(folder: &Rehearsal, flags: &[&str]) -> Finished {
    finish(
        folder
            .command(&[&["report"], flags].concat())
            .output()
            .unwrap(),
    )
}

#[test]
fn every_line_of_a_rehearsal_is_marked_and_no_line_of_a_real_run() {
    let folder = Rehearsal::new().rows([
        "contacts,1,companies,2",
        "contacts,1,companies,2",
        "contacts,x,companies,2",
        "contacts,997000000000001,companies,2",
    ]);
    assert_eq!(rehearse(&folder, &["--skip-duplicates"]).code, 1);
    let marked = ids(&folder, "pairs.sandbox.report.csv");
    assert_eq!(marked.len(), 4);
    for id in &marked {
        assert!(id == "sandbox" || id.starts_with("sandbox:"), "{id}");
    }
    assert_eq!(
        marked.iter().filter(|id| *id == "sandbox").count(),
        2,
        "the rows that were not sent"
    );
    let said = "\nrehearsal: none of its rows was linked in HubSpot\n";
    let text = summed_up(&folder, &["pairs.sandbox.report.csv"]);
    assert!(text.stdout.contains(said), "{}", text.stdout);
    let json = summed_up(&folder, &["pairs.sandbox.report.csv", "--json"]);
    assert!(
        json.stdout.contains("\n  \"rehearsal\": true,\n"),
        "{}",
        json.stdout
    );
    let page = ["pairs.sandbox.report.csv", "--html", "page.html"];
    assert_eq!(summed_up(&folder, &page).code, 1);
    let page = fs::read_to_string(folder.path("page.html")).unwrap();
    assert!(page.contains("This was a rehearsal: nothing was linked in HubSpot."));

    assert_eq!(folder.import(&["--skip-duplicates"]).code, 1);
    let plain = ids(&folder, "pairs.report.csv");
    assert!(plain.iter().all(|id| !id.contains("sandbox")), "{plain:?}");
    let text = summed_up(&folder, &["pairs.report.csv"]);
    assert!(!text.stdout.contains("rehearsal"), "{}", text.stdout);
}

#[test]
fn a_real_run_uses_no_line_of_a_rehearsal_whatever_the_name_of_the_file() {
    let folder = Rehearsal::new().rows(good_rows(30));
    assert_eq!(rehearse(&folder, &["--report", "links.csv"]).code, 0);
    assert_eq!(rehearse(&folder, &["-q"]).code, 0);
    fs::copy(folder.path("links.csv"), folder.path("copy.csv")).unwrap();
    let before = fs::read(folder.path("links.csv")).unwrap();
    let own = "nothing in it was linked in HubSpot: name another with `--report PATH`, or replace it with `--overwrite`";
    let known = "name the report of a real run, or rehearse with `--sandbox`";
    for (flags, hint) in [
        (&["--report", "links.csv"][..], own),
        (&["--report", "links.csv", "--resume"], own),
        (&["--report", "copy.csv", "--resume"], own),
        (&["--report", "pairs.sandbox.report.csv", "--resume"], own),
        (&["--skip-associated-in", "copy.csv"], known),
        (&["--skip-associated-in", "pairs.sandbox.report.csv"], known),
    ] {
        let finished = folder.import(flags);
        assert_eq!(finished.code, 2, "{flags:?}");
        let stderr = finished.stderr;
        assert!(
            stderr.contains("is the report of a rehearsal (line 2)"),
            "{stderr}"
        );
        assert!(stderr.ends_with(&format!("\nhint: {hint}\n")), "{stderr}");
    }
    assert_eq!(folder.seen().requests, 0);
    assert_eq!(fs::read(folder.path("links.csv")).unwrap(), before);
    let checked = ["check", "pairs.csv", "--skip-associated-in", "copy.csv"];
    assert_eq!(finish(folder.command(&checked).output().unwrap()).code, 2);
    assert_eq!(
        folder
            .import(&["--report", "links.csv", "--overwrite"])
            .code,
        0
    );
    assert_eq!(folder.seen().pairs_associated, 30);
}

#[test]
fn one_line_of_a_rehearsal_among_those_of_a_real_run_is_detected() {
    let folder = Rehearsal::new().rows(good_rows(10));
    assert_eq!(rehearse(&folder, &[]).code, 0);
    assert_eq!(folder.import(&["--first", "9"]).code, 0);
    let requests = folder.seen().requests;
    let rehearsed = fs::read_to_string(folder.path("pairs.sandbox.report.csv")).unwrap();
    let last = rehearsed
        .lines()
        .find(|line| line.starts_with("10,"))
        .unwrap();
    let mut report = fs::read_to_string(folder.path("pairs.report.csv")).unwrap();
    report = format!("{report}{last}\n");
    for name in ["pairs.report.csv", "memory.csv"] {
        fs::write(folder.path(name), &report).unwrap();
    }
    for flags in [
        &["--resume"][..],
        &["--report", "new.csv", "--skip-associated-in", "memory.csv"],
    ] {
        let finished = folder.import(flags);
        assert_eq!(finished.code, 2);
        assert!(
            finished.stderr.contains("of a rehearsal (line 11)"),
            "{}",
            finished.stderr
        );
    }
    assert_eq!(folder.seen().requests, requests);
}

#[test]
fn a_rehearsal_never_continues_or_replaces_a_real_report_without_a_flag() {
    let folder = Rehearsal::new().rows(good_rows(10));
    assert_eq!(folder.import(&["--first", "5"]).code, 0);
    let name = "pairs.report.csv";
    let before = fs::read(folder.path(name)).unwrap();
    for flags in [&["--report", name, "--resume"][..], &["--report", name]] {
        let finished = rehearse(&folder, flags);
        assert_eq!(finished.code, 2);
        let expected = "error: `pairs.report.csv` is the report of a real run (line 2)\n";
        assert!(finished.stderr.starts_with(expected), "{}", finished.stderr);
    }
    fs::copy(folder.path(name), folder.path("pairs.sandbox.report.csv")).unwrap();
    assert_eq!(
        rehearse(&folder, &[]).code,
        2,
        "a real report in the rehearsal's own place"
    );
    assert_eq!(
        fs::read(folder.path("pairs.sandbox.report.csv")).unwrap(),
        before
    );
    assert_eq!(rehearse(&folder, &["--overwrite"]).code, 0);
    assert_eq!(fs::read(folder.path(name)).unwrap(), before);
    assert_eq!(folder.import(&["--resume"]).code, 0);
    assert_eq!(folder.seen().pairs_associated, 10);
}

#[test]
fn a_rehearsal_continues_a_rehearsal_and_accepts_any_report_of_known_pairs() {
    let folder = Rehearsal::new().rows(good_rows(10));
    assert_eq!(rehearse(&folder, &["--first", "4"]).code, 0);
    assert_eq!(rehearse(&folder, &["--resume"]).code, 0);
    assert_eq!(ids(&folder, "pairs.sandbox.report.csv").len(), 10);
    assert_eq!(folder.import(&[]).code, 0);
    for (known, report) in [
        ("pairs.sandbox.report.csv", "one.csv"),
        ("pairs.report.csv", "other.csv"),
    ] {
        let finished = rehearse(
            &folder,
            &["--report", report, "--skip-associated-in", known],
        );
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert_eq!(ids(&folder, report), ["sandbox"; 10]);
    }
}

#[test]
fn the_command_for_the_real_run_works_as_it_is_printed() {
    let folder = Rehearsal::new().file(format!("{HEADER}\ncontacts,1,companies,2\n"));
    for flags in [
        &[][..],
        &["--report", "links.csv"],
        &["--report", "links.csv", "--overwrite"],
    ] {
        let finished = rehearse(&folder, flags);
        let (_, command) = finished
            .stdout
            .split_once("with HUBSPOT_ACCESS_TOKEN set: ")
            .unwrap();
        let place = format!("export HUBSPOT_ASSOCIATE_BASE_URL={}\n", folder.url());
        let finished = folder.shell(&format!("{place}{command}"));
        assert_eq!(finished.code, 0, "{command}: {}", finished.stderr);
        fs::remove_file(folder.path("pairs.report.csv")).unwrap();
    }
    assert_eq!(folder.seen().requests, 3);
}
