//! The labels that are written or verified.

use crate::domain::label_id::LabelId;
use crate::domain::label_names::LabelNames;

/// The labels of all rows, besides those in the label column of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSettings {
    /// By name.
    pub names: Option<LabelNames>,
    /// By category and id.
    pub ids: Vec<LabelId>,
    /// Whether the labels that a link has besides are removed.
    pub replace: bool,
}
