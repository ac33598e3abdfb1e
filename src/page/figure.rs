//! A chart with what is told of it.

use super::chart::SeriesStyle;

/// A chart, and what a reader needs besides.
pub(super) struct Figure {
    /// What a reader hears who cannot see it.
    pub(super) alt: String,
    pub(super) svg: String,
    /// What is drawn how.
    pub(super) keys: Vec<(SeriesStyle, &'static str)>,
}
