//! A chart with its description.

use crate::output::html::chart::SeriesStyle;

/// A chart with its text alternative and its legend.
pub(crate) struct Figure {
    /// The text alternative, for screen readers.
    pub(crate) alt: String,
    pub(crate) svg: String,
    /// The legend: each style with its label.
    pub(crate) keys: Vec<(SeriesStyle, &'static str)>,
}

/// A part of the rows or pairs, as a line of its table.
pub(crate) struct Part {
    pub(crate) color: String,
    pub(crate) word: &'static str,
    pub(crate) rows: String,
    pub(crate) share: String,
    pub(crate) meaning: &'static str,
}

/// `3.4 %`; a part above 0 is never shown as 0 %, and a part below the whole never as 100 %.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if whole == 0 || part == 0 {
        return "0 %".to_owned();
    }
    if part == whole {
        return "100 %".to_owned();
    }
    match part as f64 / whole as f64 * 100.0 {
        share if share < 0.1 => "under 0.1 %".to_owned(),
        share if share > 99.9 => "over 99.9 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}
