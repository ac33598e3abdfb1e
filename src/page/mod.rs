//! Renders a report as one HTML page: outcomes, causes, progress over time, durations, and the commands to run next.
//!
//! The page is a single file without external resources (scripts, fonts, images), so it can be opened offline, printed
//! and forwarded. It is rendered from `View`, which contains only texts and charts; the template escapes every text.
//!
//! | file | what it does |
//! |---|---|
//! | `view`, `timeline_chart`, `duration_chart` | statistics → the texts of the page |
//! | `figure`, `chart`, `time_axis` | statistics → inline SVG with a text alternative |
//! | `page.html`, `page.css` | template and style |

mod chart;
mod duration_chart;
mod figure;
#[cfg(test)]
mod tests;
mod time_axis;
mod timeline_chart;
mod view;

use std::path::Path;

use askama::Template as _;
use jiff::Timestamp;

use crate::statistics::Statistics;
use crate::summary::{NextStep, Summary};
use view::View;

/// A tag in the head of every page of this program, and of no other page.
const MARK: &[u8] = br#"<meta name="generator" content="hubspot-associate">"#;

/// The number of bytes at the start of a file that are searched for the mark.
const MARKED_START: usize = 1024;

/// Whether a file with this content is a page of this program.
#[must_use]
pub fn is_page(content: &[u8]) -> bool {
    let start = &content[..content.len().min(MARKED_START)];
    start.windows(MARK.len()).any(|window| window == MARK)
}

/// The inputs of the page.
#[derive(Debug)]
pub struct Page<'p> {
    /// The statistics of the report.
    pub statistics: &'p Statistics,
    /// The path of the report.
    pub report: &'p Path,
    /// The summary of the run that wrote the report, if that run renders the page.
    pub summary: Option<&'p Summary<'p>>,
    /// The commands to run next.
    pub steps: &'p [NextStep],
    /// The time at which the page is rendered.
    pub made_at: Timestamp,
}

impl Page<'_> {
    /// Renders the page.
    ///
    /// # Panics
    ///
    /// If the template fails to render, which is a bug.
    #[must_use]
    pub fn to_html(&self) -> String {
        View::of(self)
            .render()
            .expect("a template of texts can be rendered")
    }
}
