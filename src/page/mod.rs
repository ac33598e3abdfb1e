//! A report as one page of HTML: what happened, why, when, how long it took, and what to run next.
//!
//! It is one file that asks for nothing else: no script, no font, no picture from elsewhere. Whoever has it can read it
//! anywhere, print it, or send it on. The page is filled from `View`, which holds nothing but texts and charts;
//! the template escapes every one of the texts.
//!
//! | file | what it does |
//! |---|---|
//! | `view`, `timeline_chart`, `duration_chart` | statistics → the texts of the page |
//! | `figure`, `chart`, `time_axis` | statistics → inline SVG, and what is told of it |
//! | `page.html`, `page.css` | how it looks |

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

/// What stands in the head of every page, and of no other.
const MARK: &[u8] = br#"<meta name="generator" content="hubspot-associate">"#;

/// Where the mark ends, if the file is one of these pages.
const MARKED_START: usize = 1024;

/// Whether a file with this content is such a page.
#[must_use]
pub fn is_page(content: &[u8]) -> bool {
    let start = &content[..content.len().min(MARKED_START)];
    start.windows(MARK.len()).any(|window| window == MARK)
}

/// What the page is made from.
#[derive(Debug)]
pub struct Page<'p> {
    /// What stands in the report.
    pub statistics: &'p Statistics,
    /// The report.
    pub report: &'p Path,
    /// What the run knows that wrote it, if it is the run that makes the page.
    pub summary: Option<&'p Summary<'p>>,
    /// What to do next.
    pub steps: &'p [NextStep],
    /// When the page is made.
    pub made_at: Timestamp,
}

impl Page<'_> {
    /// The page.
    ///
    /// # Panics
    ///
    /// If the template cannot be filled: a bug.
    #[must_use]
    pub fn to_html(&self) -> String {
        View::of(self)
            .render()
            .expect("a template of texts can be filled")
    }
}
