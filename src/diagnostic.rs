//! An error as a user reads it: what is wrong, its causes, and a hint.

use anstyle::AnsiColor;
use anstyle::Style;
use std::error::Error;
use std::fmt::Write as _;

use crate::text::excerpt;

const ERROR: Style = AnsiColor::Red.on_default().bold();

const CAUSE: Style = Style::new().bold();

const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// The longest line of an error, in characters.
const MAX_LINE_CHARS: usize = 4000;

/// An error as it is printed: what is wrong, the causes, and at most one hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, as a fragment that fits after `error:`.
    pub what: String,
    /// The causes, outermost first.
    pub causes: Vec<String>,
    /// What the user can do.
    pub hint: Option<String>,
}

impl Problem {
    /// An error with its causes.
    #[must_use]
    pub fn new(error: &dyn Error, hint: Option<String>) -> Self {
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        Self {
            what: error.to_string(),
            causes: causes.map(ToString::to_string).collect(),
            hint,
        }
    }

    /// The lines for a terminal. The caller removes the colours if the output is not a terminal.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut line = |style: Style, label: &str, indent: &str, content: &str| {
            let content = excerpt(content, MAX_LINE_CHARS);
            let _infallible = writeln!(text, "{indent}{style}{label}:{style:#} {content}");
        };
        line(ERROR, "error", "", &self.what);
        for cause in &self.causes {
            line(CAUSE, "caused by", "  ", cause);
        }
        if let Some(hint) = &self.hint {
            line(HINT, "hint", "", hint);
        }
        text
    }
}
