//! A chart with its description.

use super::chart::SeriesStyle;

/// A chart with its text alternative and its legend.
pub(super) struct Figure {
    /// The text alternative, for screen readers.
    pub(super) alt: String,
    pub(super) svg: String,
    /// The legend: each style with its label.
    pub(super) keys: Vec<(SeriesStyle, &'static str)>,
}
