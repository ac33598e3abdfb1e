//! A summary and the statistics of a report as one HTML page.

use std::path::Path;

use askama::Template as _;
use jiff::Timestamp;

use crate::output::html::view::View;
use crate::output::summary::{NextStep, Summary};
use crate::report::stats::statistics::Statistics;

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
