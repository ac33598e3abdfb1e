//! How this program writes JSON for scripts: indented, with a line end.

use serde::Serialize;

/// `value` as an object of its own on standard output or in a file.
///
/// # Panics
///
/// If `value` cannot be JSON, such as a map whose keys are no text: a bug of whoever made its type.
#[must_use]
pub fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("plain data is JSON");
    text.push('\n');
    text
}
