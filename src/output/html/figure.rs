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
