//! The README and the sample data match the program.

use std::path::{Path, PathBuf};

use crate::support::{Rehearsal, finish};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// A copy of the sample data: reports are written beside it.
fn with_sample_data() -> Rehearsal {
    let rehearsal = Rehearsal::new();
    let to = rehearsal.path("sample-data");
    std::fs::create_dir(&to).unwrap();
    for file in std::fs::read_dir(root().join("sample-data")).unwrap() {
        let file = file.unwrap();
        if !file.file_name().to_string_lossy().contains(".report.") {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    rehearsal
}

/// Sample data that needs flags: without record ids, and with labels.
const WITH_FLAGS: [&str; 2] = ["crm-export.csv", "contact-roles.csv"];

#[test]
fn the_sample_data_gives_the_results_of_its_readme() {
    let page = std::fs::read_to_string(root().join("sample-data/README.md")).unwrap();
    let mut files = 0;
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [file, rows, _, status] = cells[..] else {
            panic!("{row}")
        };
        let file = Path::new("sample-data").join(file.trim_matches('`'));
        let rehearsal = with_sample_data();
        let file = file.to_str().unwrap();
        let finished = finish(
            rehearsal
                .command(&["import", file, "--sandbox"])
                .output()
                .unwrap(),
        );
        assert_eq!(finished.code.to_string(), status, "{file}");
        let report = rehearsal.report_named(&file.replace(".csv", ".sandbox.report.csv"));
        let mut numbers: Vec<u64> = report
            .iter()
            .map(|line| line["row"].parse().unwrap())
            .collect();
        numbers.sort_unstable();
        assert_eq!(
            numbers,
            (1..=rows.parse().unwrap()).collect::<Vec<u64>>(),
            "{file}"
        );
        files += 1;
    }
    let there = std::fs::read_dir(root().join("sample-data")).unwrap();
    let there = there.map(|file| file.unwrap().path());
    let csv = there.filter(|path| {
        let is_report = path.to_string_lossy().contains(".report.");
        let needs_flags = WITH_FLAGS.iter().any(|name| path.ends_with(name));
        path.extension().is_some_and(|end| end == "csv") && !is_report && !needs_flags
    });
    assert_eq!(files, csv.count());
}

#[test]
fn the_flags_in_the_readme_are_those_of_the_program() {
    let rehearsal = Rehearsal::new();
    let page = readme();
    let (_, block) = page.split_once("<!-- import -h -->\n```text\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let help = finish(rehearsal.command(&["import", "-h"]).output().unwrap()).stdout;
    let (flags, _) = help.split_once("\nExamples and exit statuses").unwrap();
    assert_eq!(
        block.trim_end(),
        flags.trim_end(),
        "run `hubspot-associate import -h` and copy it"
    );
}
