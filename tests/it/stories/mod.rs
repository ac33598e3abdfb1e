//! Random stories: a server that misbehaves, an input, runs that are interrupted, killed and cut short, and resumes
//! until every row is settled. After each run, and in the end, the report must be whole and true.
//!
//! A story is drawn from its seed. `STORIES=5000 cargo test --test it stories` plays more of them, and
//! `STORY_SEED=17 cargo test --test it stories` one of them, with its log. What a run meets depends on timing, too,
//! so that a story may need to be played several times until it fails again.

#![expect(clippy::panic, reason = "a test fails by panicking")]

mod check;
mod input;
mod plan;
mod play;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use plan::Story;
use play::Stage;

/// Stories that are played by default: seeds from 0.
const STORIES: u64 = 100;

/// Stories wait most of the time: for retries, and for servers that do not reply.
const THREADS: usize = 12;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}

/// Plays one story, and counts how its runs ended. What went wrong, with its log, if something did.
fn play(seed: u64, ends: &Mutex<BTreeMap<i32, usize>>) -> Result<(), String> {
    let mut stage = Stage::new(Story::of(seed));
    let played = catch_unwind(AssertUnwindSafe(|| stage.play()));
    for code in &stage.ends {
        *ends.lock().unwrap().entry(*code).or_default() += 1;
    }
    let Err(panic) = played else {
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
        "story {seed}: {message}\n{log}\nits files are in {}; play it again: STORY_SEED={seed} cargo test --test it stories",
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
                    if let Err(failure) = play(seed, &ends) {
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
