//! Text that is built line by line.

use std::fmt;

/// Lines of text; each ends with a line break.
#[derive(Debug, Default)]
pub(crate) struct Lines(String);

impl Lines {
    /// Adds a line, without the blanks at its end.
    pub(crate) fn add(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref().trim_end());
        self.0.push('\n');
    }

    /// Adds a line that begins with what it is about.
    pub(crate) fn about(&mut self, what: &str, value: impl fmt::Display) {
        self.add(format!("{what}: {value}"));
    }

    /// Adds a line about something that may not exist.
    pub(crate) fn about_some(&mut self, what: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.about(what, value);
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}
