//! Formats JSON for scripts: indented, with a line end.

use serde::Serialize;

/// Formats `value` as one JSON document for standard output or a file.
///
/// # Panics
///
/// If `value` cannot be JSON, such as a map whose keys are not strings: a bug in its type.
#[must_use]
pub fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("plain data is JSON");
    text.push('\n');
    text
}
