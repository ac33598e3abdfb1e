//! The pages of the documentation contain the names that the program uses, and command lines that it accepts.

use serde_json::Value;

use crate::cli::command_line::Cli;
use crate::domain::category::Category;
use crate::domain::outcome::OutcomeKind;
use crate::output::exit_reason::REASONS;
use crate::report::layout::Layout;

// The end-to-end tests run the blocks of these pages.
#[path = "../tests/it/pages.rs"]
mod pages;

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

#[test]
fn command_lines_that_no_test_can_run_are_valid() {
    let mut lines = 0;
    for page in pages::pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in pages::blocks(&text) {
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
fn the_readme_names_every_column_outcome_and_exit_status() {
    let page = std::fs::read_to_string(pages::root().join("README.md")).unwrap();
    let kinds = OutcomeKind::ALL.map(OutcomeKind::as_str);
    for name in Layout::Current.columns().iter().chain(&kinds) {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
    let categories = Category::ALL.map(Category::as_str);
    for name in categories {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
    for status in [0, 1, 2, 3, 4, 5, 6, 130, 143] {
        assert!(page.contains(&format!("\n| {status} |")), "{status}");
    }
}

#[test]
fn the_schemas_contain_every_reason_and_the_pages_every_name() {
    let read = |name| std::fs::read_to_string(pages::root().join(name)).unwrap();
    for (schema, page) in [
        ("docs/summary.schema.json", "docs/summary.md"),
        ("docs/verify.schema.json", "docs/verify.md"),
    ] {
        let schema: Value = serde_json::from_str(&read(schema)).unwrap();
        let known = &schema["properties"]["exit"]["properties"]["reason"]["enum"];
        assert_eq!(*known, Value::from(REASONS.to_vec()));
        let page = read(page);
        for name in schema["properties"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
    }
    let page = read("docs/summary.md");
    for reason in REASONS {
        assert!(page.contains(&format!("`{reason}`")), "{reason}");
    }
}
