//! Runs every command in the README and in docs/.
//!
//! All blocks tagged `sh` of a page run in order, each in a separate shell, in one folder with a `pairs.csv`, against
//! a sandbox. They must end with status 0, or with the status in a remark above them: `<!-- exits: 1 -->`.
//! `<!-- serves -->` marks a server that is stopped once it listens, `<!-- run: … -->` a block with a separate test, and
//! `<!-- not run: why -->` a block that no test can run; even there, the command lines of the program must be valid.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::support::{HEADER, PROGRAM, Program, Rehearsal, finish, good_rows, signal};

use hubspot_associate::cli::command_line::Cli;

/// A fenced block of a page.
#[derive(Debug)]
struct Block {
    /// The line where the block begins.
    line: usize,
    language: String,
    /// The text of the remark above the block.
    remark: Option<String>,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = docs
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .chain(
            [
                "README.md",
                "CONTRIBUTING.md",
                "SECURITY.md",
                "sample-data/README.md",
            ]
            .map(|name| root().join(name)),
        )
        .collect();
    pages.sort();
    pages
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut above = "";
    for (line, text) in (1..).zip(page.lines()) {
        match (&mut open, text.trim_start().strip_prefix("```")) {
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => {
                let _infallible = writeln!(block.text, "{text}");
            }
            (None, Some(language)) => {
                let remark = above
                    .strip_prefix("<!-- ")
                    .and_then(|rest| rest.strip_suffix(" -->"));
                open = Some(Block {
                    line,
                    language: language.to_owned(),
                    remark: remark.map(str::to_owned),
                    text: String::new(),
                });
            }
            (None, None) => {}
        }
        above = text.trim();
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The words of each command line of the program in a block.
fn command_lines(block: &str) -> Vec<Vec<String>> {
    let joined = block.replace("\\\n", " ");
    let words = joined.lines().flat_map(|line| {
        let line = line.replace("cargo run --release -- ", "hubspot-associate ");
        let starts: Vec<usize> = line
            .match_indices("hubspot-associate ")
            .filter(|&(at, _)| at == 0 || line[..at].ends_with([' ', '(', '"', '\'']))
            .map(|(at, _)| at)
            .collect();
        let lines: Vec<_> = starts.iter().map(|&at| line[at..].to_owned()).collect();
        lines
    });
    let ends = [" > ", " | ", " || ", " && ", " ;", "  #"];
    words
        .map(|line| {
            let cuts = ends.iter().filter_map(|end| line.find(end));
            let end = cuts.min().unwrap_or(line.len());
            shlex::split(&line[..end]).expect("words of a shell")
        })
        .collect()
}

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
    migration_runs: "docs/migration.md",
    nightly_runs: "docs/nightly.md",
    packaging_runs: "docs/packaging.md",
    sandbox_runs: "docs/sandbox.md",
    scale_runs: "docs/scale.md",
    security_runs: "SECURITY.md",
    summary_runs: "docs/summary.md",
    the_sample_data_runs: "sample-data/README.md",
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
fn command_lines_that_no_test_can_run_are_valid() {
    let mut lines = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in blocks(&text) {
            let remark = block.remark.as_deref().unwrap_or_default();
            let is_run = block.language == "sh" && !remark.starts_with("not run: ");
            let is_shown = ["sh", "yaml", "make"].contains(&block.language.as_str());
            if is_run || !is_shown {
                continue;
            }
            for words in command_lines(&block.text) {
                let parsed = Cli::described(&[], |_| None).try_get_matches_from(&words);
                let place = format!("{}:{}", page.display(), block.line);
                assert!(
                    parsed.is_ok(),
                    "{place}: {words:?}: {}",
                    parsed.unwrap_err()
                );
                lines += 1;
            }
        }
    }
    assert!(lines >= 5, "{lines}");
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
