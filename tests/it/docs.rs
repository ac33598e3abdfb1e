//! Runs every command in the README and in docs/.
//!
//! All blocks tagged `sh` of a page run in order, each in a separate shell, in one folder with a `pairs.csv`, against
//! a sandbox. They must end with status 0, or with the status in a remark above them: `<!-- exits: 1 -->`.
//! `<!-- serves -->` marks a server that is stopped once it listens, `<!-- run: … -->` a block with a separate test, and
//! `<!-- not run: why -->` a block that no test can run; even there, the command lines of the program must be valid.

use std::path::Path;

use crate::pages::{blocks, pages, root};
use crate::support::{HEADER, PROGRAM, Program, Rehearsal, finish, good_rows, signal};

/// A folder with the files that the pages assume: the program on the path, pairs of which a few are rejected, an export,
/// and the sample data.
fn folder() -> Rehearsal {
    let bad = |row: u64| match row {
        7 | 42 | 99 => Some(format!("contacts,99700000000{row:04},companies,1")),
        120 => Some("contacts,994040000000120,companies,1".to_owned()),
        _ => None,
    };
    let rows = (1..)
        .zip(good_rows(150))
        .map(|(row, good)| bad(row).unwrap_or(good));
    let rehearsal = Rehearsal::new().rows(rows);
    let write = |name: &str, text: &str| std::fs::write(rehearsal.path(name), text).unwrap();
    write(
        "export.csv",
        "Record ID,First Name,Associated Company IDs\n41001,Ada,52001;52002\n41002,Bo,\n",
    );
    write(
        "crm.csv",
        "Name,E-mail,Website\nAda,Ada@example.com,https://www.example.com/\n",
    );
    write("fresh.csv", &format!("{HEADER}\n"));
    std::fs::create_dir_all(rehearsal.path("sample-data")).unwrap();
    for file in std::fs::read_dir(root().join("sample-data")).unwrap() {
        let file = file.unwrap();
        if !file.file_name().to_string_lossy().contains(".report.") {
            let to = rehearsal.path("sample-data").join(file.file_name());
            std::fs::copy(file.path(), to).unwrap();
        }
    }
    let bin = rehearsal.path("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(PROGRAM, bin.join("hubspot-associate")).unwrap();
    // A substitute for cargo: `cargo test` is already running, and has built what `cargo run` and `cargo install` would build.
    let cargo = "#!/bin/sh\ncase \"$1 $2 $3\" in\n'run --release --') shift 3; exec hubspot-associate \"$@\" ;;\n\
                 'test  '|'install --path .') ;;\n*) exit 99 ;;\nesac\n";
    write("bin/cargo", cargo);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(bin.join("cargo"), mode).unwrap();
    rehearsal
}

fn shell(rehearsal: &Rehearsal, script: &str) -> Program {
    let path = std::env::var("PATH").unwrap_or_default();
    let bin = rehearsal.path("bin");
    let mut command = rehearsal.run("bash", &["-c", script]);
    command
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("HOME", rehearsal.folder.path())
        .env("HUBSPOT_ASSOCIATE_BASE_URL", rehearsal.url())
        .env("HUBSPOT_ASSOCIATE_RATE", "2000/10s")
        .env("HUBSPOT_ASSOCIATE_LISTEN", "127.0.0.1:0");
    command
}

/// Runs each line as a server, and stops it once it listens.
fn serve(rehearsal: &Rehearsal, script: &str) {
    for line in script.lines() {
        let mut child = shell(rehearsal, &format!("exec {line}")).spawn().unwrap();
        let said = child.stdout().line().unwrap_or_default();
        assert!(said.starts_with("listening on http://"), "{line}: {said}");
        signal(&child, "INT");
        assert_eq!(child.ended().code(), Some(0), "{line}");
    }
}

#[track_caller]
fn every_command_runs(name: &str) {
    let page = std::fs::read_to_string(root().join(name)).unwrap();
    let rehearsal = folder();
    for block in blocks(&page).iter().filter(|block| block.language == "sh") {
        let remark = block.remark.as_deref().unwrap_or("exits: 0");
        let code: i32 = match remark.split_once(": ") {
            Some(("exits", code)) => code.parse().unwrap(),
            Some(("not run" | "run", _)) => continue,
            _ if remark == "serves" => {
                serve(&rehearsal, &block.text);
                continue;
            }
            _ => unreachable!("{name}:{}: {remark}", block.line),
        };
        let finished = finish(shell(&rehearsal, &block.text).output().unwrap());
        assert_eq!(
            finished.code, code,
            "{name}:{}\n{}\n{}\n{}",
            block.line, block.text, finished.stdout, finished.stderr
        );
    }
}

/// A test for each page, so that they run in parallel.
macro_rules! pages_that_run {
    ($($test:ident: $page:literal,)*) => {
        const TESTED: &[&str] = &[$($page),*];

        $(#[test]
        fn $test() {
            every_command_runs($page);
        })*
    };
}

pages_that_run! {
    the_readme_runs: "README.md",
    alerts_run: "docs/alerts.md",
    architecture_runs: "docs/architecture.md",
    check_runs: "docs/check.md",
    container_runs: "docs/container.md",
    contributing_runs: "CONTRIBUTING.md",
    exit_status_runs: "docs/exit-status.md",
    labels_run: "docs/labels.md",
    lookup_runs: "docs/lookup.md",
    migration_runs: "docs/migration.md",
    nightly_runs: "docs/nightly.md",
    packaging_runs: "docs/packaging.md",
    sandbox_runs: "docs/sandbox.md",
    scale_runs: "docs/scale.md",
    security_runs: "SECURITY.md",
    summary_runs: "docs/summary.md",
    the_sample_data_runs: "sample-data/README.md",
    undo_runs: "docs/undo.md",
    verify_runs: "docs/verify.md",
}

#[test]
fn every_page_is_tested_and_every_command_is_in_a_block_that_runs() {
    for page in pages() {
        let name = page
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .into_owned();
        assert!(TESTED.contains(&name.as_str()), "{name}");
        let text = std::fs::read_to_string(&page).unwrap();
        for block in blocks(&text)
            .iter()
            .filter(|block| block.language.is_empty())
        {
            let starts = ["hubspot-associate ", "cargo "];
            let is_command = |line: &str| starts.iter().any(|start| line.starts_with(start));
            assert!(!block.text.lines().any(is_command), "{name}:{}", block.line);
        }
    }
}

#[test]
fn the_readme_links_to_the_security_page_and_that_page_to_the_code() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    assert!(read("README.md").contains("](SECURITY.md)"));
    let page = read("SECURITY.md");
    let names = |section: &&str| section.matches("](src/").count() > 2;
    let sections = page.split("\n## ").skip(1);
    assert_eq!(
        sections.filter(names).count(),
        4,
        "one section for each adversary"
    );
    assert!(page.contains("\n## What is not protected\n"));
}

#[test]
fn links_between_pages_have_a_target() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") {
                let folder = page.parent().unwrap_or(Path::new("."));
                assert!(folder.join(target).exists(), "{}: {target}", page.display());
            }
        }
    }
}
