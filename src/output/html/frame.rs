//! What every page begins and ends with. Pure.

use std::path::Path;

use jiff::Timestamp;

use crate::diagnostic::Problem;
use crate::output::html::time_axis::formatted;
use crate::output::summary::NextStep;
use crate::process::program::Program;
use crate::text::excerpt;

/// The number of characters of a message that are shown.
pub(crate) const MAX_MESSAGE_CHARS: usize = 400;

/// Untrusted text, with control and invisible characters escaped.
pub(crate) fn shown(text: &str) -> String {
    excerpt(text, usize::MAX)
}

/// The text with a capital at its start.
pub(crate) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// The first sentence of the page of a run that was stopped.
pub(crate) fn stopped(problem: &Problem) -> String {
    let what = excerpt(&problem.what, MAX_MESSAGE_CHARS);
    format!("{}.", capital(&what))
}

/// Why the run was stopped.
pub(crate) fn causes(problem: Option<&Problem>) -> Vec<String> {
    let causes = problem.map_or(&[][..], |problem| &problem.causes);
    let causes = causes.iter();
    causes
        .map(|cause| excerpt(cause, MAX_MESSAGE_CHARS))
        .collect()
}

/// The purpose of each command, and the command.
pub(crate) fn steps(steps: &[NextStep]) -> Vec<(String, String)> {
    let steps = steps.iter();
    steps
        .map(|NextStep { what, command }| (capital(what), shown(command)))
        .collect()
}

/// When, by which version and from which report the page was made.
pub(crate) fn made(at: Timestamp, report: &Path) -> String {
    format!(
        "Created {} UTC by {} {} from {}.",
        formatted(at.as_second(), "%Y-%m-%d %H:%M"),
        Program::THIS.name,
        Program::THIS.version_and_commit(),
        shown(&report.to_string_lossy()),
    )
}
