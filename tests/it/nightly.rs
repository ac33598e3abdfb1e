//! Pairs that are already known are not sent again: duplicates, and pairs that earlier reports show as associated.

use crate::support::{HEADER, Program, Rehearsal, good_rows};

fn copy(rehearsal: &Rehearsal, from: &str, to: &str) {
    std::fs::copy(rehearsal.path(from), rehearsal.path(to)).unwrap();
}

/// The number of lines for each outcome and category in the report.
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
        // Known pairs stay known: one report is enough.
        let known = (
            "skipped CLIENT_ALREADY_ASSOCIATED".to_owned(),
            usize::try_from(rows - new).unwrap(),
        );
        assert!(counted(&rehearsal).contains(&known));
    }
}

#[test]
fn several_reports_of_known_pairs_add_up_and_one_may_be_the_report_that_is_replaced() {
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
fn a_pair_that_is_in_the_input_twice_is_skipped_if_a_flag_says_so() {
    let rows = || good_rows(3).chain(good_rows(2)).chain(good_rows(1));
    let rehearsal = Rehearsal::new().rows(rows());
    assert_eq!(rehearsal.import(&[]).code, 0);
    assert_eq!(
        rehearsal.seen().requests,
        6,
        "all are sent without the flag"
    );
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
fn a_resumed_run_knows_the_pairs_of_rows_reported_before() {
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
fn a_report_that_cannot_be_trusted_is_refused_before_anything_is_sent() {
    for (content, stderr) in [
        (
            None,
            "error: there is no report `last.csv`\nhint: if there is none yet, make an empty one: `touch last.csv`\n",
        ),
        (
            Some("name,id\nx,1\n"),
            "error: cannot read the report `last.csv`\n  caused by: it is not a report of this program: the header has no \
             column `row`, `from_object_type`, `from_object_id`, `to_object_type`, `to_object_id`, `outcome`\n\
             hint: name the report of an import\n",
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

/// The recipe of docs/nightly.md and a folder for it.
struct Recipe {
    script: String,
    crontab: String,
    rehearsal: Rehearsal,
}

impl Recipe {
    fn new() -> Self {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/nightly.md");
        let page = std::fs::read_to_string(page).unwrap();
        let block = |fence: &str| {
            let (_, block) = page.split_once(fence).unwrap();
            block.split_once("```").unwrap().0.to_owned()
        };
        let rehearsal = Rehearsal::new();
        std::fs::create_dir(rehearsal.path("links")).unwrap();
        Self {
            script: block("<!-- run: nightly -->\n```sh\n"),
            crontab: block("```crontab\n"),
            rehearsal,
        }
    }

    fn write(&self, rows: impl Iterator<Item = String>) {
        let rows: String = rows.map(|row| row + "\n").collect();
        let text = format!("{HEADER}\n{rows}");
        std::fs::write(self.rehearsal.path("links/pairs.csv"), text).unwrap();
    }

    /// Returns the exit status and the number of requests. `flags` are set as variables.
    fn night(&self, flags: &str) -> (i32, u64) {
        let script = format!(
            "export HOME='{}' HUBSPOT_ASSOCIATE_BASE_URL={} HUBSPOT_ASSOCIATE_RATE=unlimited {flags}\n{}",
            self.rehearsal.folder.path().display(),
            self.rehearsal.url(),
            self.script
        );
        let before = self.rehearsal.seen().requests;
        let finished = self.rehearsal.shell(&script);
        let quiet = finished.code > 1 || finished.stderr.is_empty();
        assert!(quiet, "{}", finished.stderr);
        (finished.code, self.rehearsal.seen().requests - before)
    }

    /// The reports that are kept.
    fn memory(&self) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(self.rehearsal.path("links/memory")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Makes all reports older than a week, with names that no later night uses.
    fn let_weeks_pass(&self) {
        let reports = self.memory();
        for report in &reports {
            let old = report.with_file_name(format!("2000-01-{:02}.csv", reports.len()));
            if report.to_string_lossy().contains("/2000-") {
                continue;
            }
            std::fs::rename(report, &old).unwrap();
            let file = std::fs::File::options().append(true).open(&old).unwrap();
            file.set_modified(std::time::SystemTime::UNIX_EPOCH)
                .unwrap();
        }
    }
}

#[test]
fn the_recipe_for_a_nightly_job_works_as_printed() {
    let recipe = Recipe::new();
    recipe.write(good_rows(50).chain(good_rows(2)));
    assert_eq!(recipe.night(""), (0, 50));
    recipe.write(good_rows(60).chain(["contacts,994040000000001,companies,52001".to_owned()]));
    assert_eq!(
        recipe.night(""),
        (1, 11),
        "ten new pairs, one missing record"
    );
    assert_eq!(recipe.night(""), (1, 1), "rejected rows are sent again");
    recipe.let_weeks_pass();
    assert_eq!(recipe.night(""), (1, 1));
    assert_eq!(
        recipe.memory().len(),
        1,
        "the latest report has all known pairs"
    );
}

#[test]
fn known_pairs_survive_any_number_of_bad_nights() {
    let recipe = Recipe::new();
    recipe.write(good_rows(60));
    assert_eq!(recipe.night(""), (0, 60));
    // Revoked tokens, a missing file, a reached failure limit: each for weeks.
    let revoked = std::iter::once("contacts,994010000000001,companies,1".to_owned());
    let dead = std::iter::once("contacts,994040000000002,companies,1".to_owned());
    for (rows, flags, code) in [
        (Some(revoked), "HUBSPOT_ASSOCIATE_CONCURRENCY=1", 3),
        (None, "", 2),
        (
            Some(dead),
            "HUBSPOT_ASSOCIATE_CONCURRENCY=1 HUBSPOT_ASSOCIATE_MAX_FAILED=1",
            4,
        ),
    ] {
        recipe.let_weeks_pass();
        match rows {
            Some(rows) => recipe.write(rows.chain(good_rows(70))),
            None => std::fs::remove_file(recipe.rehearsal.path("links/pairs.csv")).unwrap(),
        }
        let (ended, _) = recipe.night(flags);
        assert_eq!(ended, code, "{flags}");
    }
    recipe.let_weeks_pass();
    recipe.write(good_rows(70));
    assert_eq!(recipe.night(""), (0, 10));
    assert_eq!(recipe.memory().len(), 1);
}

/// Rows of records that do not exist, with numbers from 1 to `count`.
fn dead_rows(count: u64) -> impl Iterator<Item = String> {
    (1..=count).map(|row| format!("contacts,{},companies,1", 997_000_000_000_000 + row))
}

#[test]
fn ids_without_records_stop_no_nightly_run_before_its_new_rows_are_sent() {
    // Among good rows, or all at the start of the file; with the default limit, and with a fixed one.
    for (at_the_head, flags) in [
        (false, ""),
        (true, ""),
        (true, "HUBSPOT_ASSOCIATE_MAX_FAILED=150"),
    ] {
        let recipe = Recipe::new();
        let file = |good: u64, dead: u64| -> Vec<String> {
            let mut rows: Vec<String> = good_rows(good).collect();
            for (place, row) in dead_rows(dead).enumerate() {
                let place = if at_the_head { place } else { place * 10 };
                rows.insert(place, row);
            }
            rows
        };
        let first = "HUBSPOT_ASSOCIATE_MAX_FAILED_PERCENT=100";
        recipe.write(file(2000, 140).into_iter());
        assert_eq!(recipe.night(first), (1, 2140), "{at_the_head} {flags}");
        for night in 1..=4 {
            // 30 new pairs each night at the end of the file, and one more row whose record does not exist.
            recipe.write(file(2000 + night * 30, 140 + night).into_iter());
            let expected = (1, 30 + 140 + night);
            assert_eq!(
                recipe.night(flags),
                expected,
                "{at_the_head} {flags} {night}"
            );
        }
    }
}

#[test]
fn rows_that_are_sent_again_do_not_count_towards_the_failure_limit_again() {
    let dead = 130;
    let rehearsal = Rehearsal::new().rows(dead_rows(dead).chain(good_rows(30)));
    let finished = rehearsal.import(&["--max-failed-percent", "100"]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    let before = rehearsal.seen().requests;
    let finished = rehearsal.import(&["--resume", "--retry-rejected"]);
    assert_eq!(finished.code, 1, "{}", finished.stderr);
    assert_eq!(rehearsal.seen().requests - before, dead);
    // Failures for another cause count.
    let report = std::fs::read_to_string(rehearsal.path("pairs.report.csv")).unwrap();
    let report = report.replace(",VALIDATION_ERROR,", ",ANOTHER_ERROR,");
    assert!(report.contains("ANOTHER_ERROR"));
    std::fs::write(rehearsal.path("pairs.report.csv"), report).unwrap();
    let finished = rehearsal.import(&["--resume", "--retry-rejected"]);
    assert_eq!(finished.code, 4, "{}", finished.stderr);
}

#[test]
fn the_crontab_lines_work_and_do_not_expose_the_token() {
    use crate::support::{PROGRAM, TOKEN, finish};
    let recipe = Recipe::new();
    let home = recipe.rehearsal.folder.path();
    let bin = recipe.rehearsal.path("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(PROGRAM, bin.join("hubspot-associate")).unwrap();
    std::fs::create_dir(recipe.rehearsal.path(".config")).unwrap();
    std::fs::write(recipe.rehearsal.path("links/nightly.sh"), &recipe.script).unwrap();
    recipe.write(good_rows(5));
    let lines: Vec<&str> = recipe.crontab.lines().collect();
    let [path, job] = lines[..] else {
        panic!("{lines:?}");
    };
    let path = path.strip_prefix("PATH=").unwrap();
    let job = job.strip_prefix("30 2 * * *  ").unwrap();
    assert!(!job.contains('%'), "cron takes it for the end of the line");
    let night = || {
        // `PATH` as cron sets it for a job, then the folder of the test's program, and the API of the test.
        let path = format!("PATH={path}:{}", bin.display());
        let home = format!("HOME={}", home.display());
        let url = format!("HUBSPOT_ASSOCIATE_BASE_URL={}", recipe.rehearsal.url());
        let mut command = Program::new("env");
        command
            .args(["-i", "SHELL=/bin/sh", "LOGNAME=links", &home, &path, &url])
            .args(["/bin/sh", "-c", job])
            .current_dir("/")
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        finish(command.output().unwrap())
    };
    for (content, code) in [
        (Some(format!("{TOKEN}\n")), 0),
        (Some(format!("{TOKEN} {TOKEN}\n")), 2),
        (None, 2),
    ] {
        let file = recipe.rehearsal.path(".config/hubspot-access-token");
        match content {
            Some(content) => std::fs::write(&file, content).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let finished = night();
        assert_eq!(finished.code, code, "{}", finished.stderr);
        let mail = finished.stdout + &finished.stderr;
        assert!(!mail.contains(TOKEN), "{mail}");
    }
    assert_eq!(recipe.rehearsal.seen().requests, 5);
}
