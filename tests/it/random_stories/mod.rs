//! Random stories: a server with faults, an input, and runs that are interrupted, killed and cut short, and resumed
//! until every row is settled. After each run, and at the end, the report must be complete and correct.
//!
//! A story is drawn from its seed. `STORIES=5000 cargo test --test it stories` runs more of them, and `STORY_SEED=17
//! cargo test --test it stories` runs one of them, with its log. The results also depend on timing, so a story may
//! have to run several times before it fails again.

#![expect(clippy::panic, reason = "a test fails by panicking")]

mod check;
mod input;
mod plan;
mod runner;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use plan::Story;
use runner::Stage;

/// How many stories run by default: seeds from 0.
const STORIES: u64 = 80;

/// Stories mostly wait: for retries, and for servers that do not reply.
const THREADS: usize = 12;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}

/// Runs one story, and counts the exit statuses of its runs. Returns the failure, with its log, if there is one.
fn run_story(seed: u64, ends: &Mutex<BTreeMap<i32, usize>>) -> Result<(), String> {
    let mut stage = Stage::new(Story::of(seed));
    let result = catch_unwind(AssertUnwindSafe(|| stage.run_story()));
    for code in &stage.ends {
        *ends.lock().unwrap().entry(*code).or_default() += 1;
    }
    let Err(panic) = result else {
        return Ok(());
    };
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    let log = stage.log.join("\n");
    let kept = stage.rehearsal.folder.keep();
    Err(format!(
        "story {seed}: {message}\n{log}\nits files are in {}; run it again: STORY_SEED={seed} cargo test --test it stories",
        kept.display()
    ))
}

#[test]
fn each_row_ends_with_exactly_one_correct_line_after_any_events() {
    let (first, number) = match number("STORY_SEED") {
        Some(seed) => (seed, 1),
        None => (0, number("STORIES").unwrap_or(STORIES)),
    };
    let next = AtomicU64::new(first);
    let failures = Mutex::new(Vec::new());
    let ends = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + number {
                        return;
                    }
                    if let Err(failure) = run_story(seed, &ends) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} of {number} stories failed\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
    println!(
        "{number} stories, runs by exit status: {ends:?}",
        ends = ends.into_inner().unwrap()
    );
}
