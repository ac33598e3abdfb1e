//! What is known already is not sent again: duplicates, and what earlier reports show as associated.

use crate::support::{HEADER, Program, Rehearsal, good_rows};

fn copy(rehearsal: &Rehearsal, from: &str, to: &str) {
    std::fs::copy(rehearsal.path(from), rehearsal.path(to)).unwrap();
}

/// How often each outcome and category stands in the report.
fn counted(rehearsal: &Rehearsal) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for line in rehearsal.report() {
        let what = format!("{} {}", line["outcome"], line["error_categories"]);
        *counts.entry(what.trim_end().to_owned()).or_default() += 1;
    }
    counts.into_iter().collect()
}

#[test]
fn only_new_pairs_are_sent_night_after_night() {
    let rehearsal = Rehearsal::new().rows(good_rows(500));
    assert_eq!(rehearsal.import(&[]).code, 0);
    for (night, rows) in [(1, 510), (2, 520), (3, 520)] {
        copy(&rehearsal, "pairs.report.csv", "last.csv");
        let rehearsal_rows: String = good_rows(rows).map(|row| row + "\n").collect();
        std::fs::write(
            rehearsal.path("pairs.csv"),
            format!("{HEADER}\n{rehearsal_rows}"),
        )
        .unwrap();
        let before = rehearsal.seen().requests;
        let flags = ["--overwrite", "--skip-associated-in", "last.csv"];
        let finished = rehearsal.import(&flags);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        let new = [10, 10, 0][night - 1];
        assert_eq!(rehearsal.seen().requests - before, new);
        // What was known stays known: one report is memory enough.
        let known = (
            "skipped CLIENT_ALREADY_ASSOCIATED".to_owned(),
            usize::try_from(rows - new).unwrap(),
        );
        assert!(counted(&rehearsal).contains(&known));
    }
}

#[test]
fn several_memories_add_up_and_one_of_them_may_be_the_report_that_is_replaced() {
    let rehearsal = Rehearsal::new().rows(good_rows(3));
    assert_eq!(rehearsal.import(&["--report", "a.csv"]).code, 0);
    let rehearsal = rehearsal.rows(good_rows(6).skip(3));
    assert_eq!(rehearsal.import(&[]).code, 0);
    let rehearsal = rehearsal.rows(good_rows(8));
    let before = rehearsal.seen().requests;
    let finished = rehearsal.import(&[
        "--overwrite",
        "--skip-associated-in",
        "a.csv",
        "--skip-associated-in",
        "pairs.report.csv",
    ]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().requests - before, 2);
    assert_eq!(
        counted(&rehearsal),
        [
            ("associated".to_owned(), 2),
            ("skipped CLIENT_ALREADY_ASSOCIATED".to_owned(), 6)
        ]
    );
}

#[test]
fn a_pair_that_stands_in_the_input_again_is_skipped_if_asked_for() {
    let rows = || good_rows(3).chain(good_rows(2)).chain(good_rows(1));
    let rehearsal = Rehearsal::new().rows(rows());
    assert_eq!(rehearsal.import(&[]).code, 0);
    assert_eq!(rehearsal.seen().requests, 6, "sent as they stand");
    let finished = rehearsal.import(&["--overwrite", "--skip-duplicates"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().requests, 6 + 3);
    let expected = [
        "1 associated",
        "2 associated",
        "3 associated",
        "4 skipped",
        "5 skipped",
        "6 skipped",
    ];
    assert_eq!(rehearsal.outcomes(), expected);
}

#[test]
fn a_resumed_run_knows_the_pairs_of_rows_that_were_settled_before() {
    let rehearsal = Rehearsal::new().rows(good_rows(4).chain(good_rows(4)));
    let finished = rehearsal.import(&["--skip-duplicates", "--first", "3"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let finished = rehearsal.import(&["--skip-duplicates", "--resume"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().requests, 4);
    assert_eq!(
        counted(&rehearsal),
        [
            ("associated".to_owned(), 4),
            ("skipped CLIENT_DUPLICATE".to_owned(), 4)
        ]
    );
}

#[test]
fn a_memory_that_cannot_be_trusted_is_refused_before_anything_is_sent() {
    for (content, stderr) in [
        (
            None,
            "error: there is no report `last.csv`\nhint: if there is none yet, make an empty one: `touch last.csv`\n",
        ),
        (
            Some("name,id\nx,1\n"),
            "error: cannot read the report `last.csv` back\n  caused by: it is no report of this program: the header has no \
             column `row`, `from_object_type`, `from_object_id`, `to_object_type`, `to_object_id`, `outcome`\n\
             hint: name the report of an earlier run\n",
        ),
    ] {
        let rehearsal = Rehearsal::new().rows(good_rows(1));
        if let Some(content) = content {
            std::fs::write(rehearsal.path("last.csv"), content).unwrap();
        }
        let finished = rehearsal.import(&["--skip-associated-in", "last.csv"]);
        assert_eq!((finished.code, finished.stderr.as_str()), (2, stderr));
        assert_eq!(rehearsal.seen().requests, 0);
    }
    let rehearsal = Rehearsal::new().rows(good_rows(1));
    std::fs::write(rehearsal.path("empty.csv"), "").unwrap();
    let finished = rehearsal.import(&["--skip-associated-in", "empty.csv"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
}

#[test]
fn the_recipe_for_a_nightly_job_works_as_it_stands_on_its_page() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/nightly.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, recipe) = page.split_once("<!-- run: nightly -->\n```sh\n").unwrap();
    let (recipe, _) = recipe.split_once("```").unwrap();
    assert_eq!(recipe.lines().count(), 3);
    let rehearsal = Rehearsal::new();
    let links = rehearsal.path("links");
    std::fs::create_dir(&links).unwrap();
    let night = || {
        let script = format!(
            "export HOME='{}' HUBSPOT_ASSOCIATE_BASE_URL={} HUBSPOT_ASSOCIATE_RATE=unlimited\n{recipe}",
            rehearsal.folder.path().display(),
            rehearsal.url()
        );
        let before = rehearsal.seen().requests;
        let finished = rehearsal.shell(&script);
        assert_eq!(finished.stderr, "");
        (finished.code, rehearsal.seen().requests - before)
    };
    let write = |rows: &mut dyn Iterator<Item = String>| {
        let rows: String = rows.map(|row| row + "\n").collect();
        std::fs::write(links.join("pairs.csv"), format!("{HEADER}\n{rows}")).unwrap();
    };
    write(&mut good_rows(50).chain(good_rows(2)));
    assert_eq!(night(), (0, 50));
    write(&mut good_rows(60).chain(["contacts,994040000000001,companies,52001".to_owned()]));
    assert_eq!(night(), (1, 11), "ten are new, one is not there");
    assert_eq!(night(), (1, 1), "what was rejected is tried again");
    // The report of a week ago is forgotten; that of tonight knows all.
    let memory = links.join("memory");
    let today = std::fs::read_dir(&memory).unwrap().next().unwrap().unwrap();
    let text = std::fs::read_to_string(today.path()).unwrap();
    std::fs::write(memory.join("2000-01-01.csv"), text).unwrap();
    let old = Program::new("touch")
        .args(["-d", "2000-01-01"])
        .arg(memory.join("2000-01-01.csv"))
        .status();
    assert!(old.unwrap().success());
    assert_eq!(night(), (1, 1));
    assert_eq!(std::fs::read_dir(&memory).unwrap().count(), 1);
}
