//! Renders the remarks of `doctor` as text and as JSON. Pure.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::doctor::remark::{Level, Remark};
use crate::output::json::format::pretty;

const OK: Style = AnsiColor::Green.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const PROBLEM: Style = AnsiColor::Red.on_default().bold();

/// A line for each remark, and one for its hint. The caller removes the colours if the output is not a terminal.
#[must_use]
pub fn remarks_to_text(remarks: &[Remark]) -> String {
    let mut text = String::new();
    for remark in remarks {
        let (style, word) = match remark.level {
            Level::Ok => (OK, "ok"),
            Level::Warning => (WARNING, "warning"),
            Level::Problem => (PROBLEM, "problem"),
        };
        let (about, says) = (remark.about, &remark.says);
        let _infallible = writeln!(text, "{style}{word:<9}{style:#}{about:<9}{says}");
        if let Some(hint) = &remark.hint {
            let _infallible = writeln!(text, "{:18}{hint}", "");
        }
    }
    text
}

/// The remarks as one JSON object.
#[must_use]
pub fn remarks_to_json(remarks: &[Remark]) -> String {
    #[derive(Serialize)]
    struct Json<'r> {
        version: u32,
        remarks: &'r [Remark],
    }
    let json = Json {
        version: 1,
        remarks,
    };
    pretty(&json)
}
