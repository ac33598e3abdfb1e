//! The labels of a row, from its cell to its line in the report.

use crate::domain::association_type::AssociationType;
use crate::domain::label_names::LabelNames;
use crate::domain::label_set::LabelSet;

/// The labels that a row of the input asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedLabels {
    /// By name: nothing was asked of HubSpot yet.
    Named(LabelNames),
    /// Resolved for the types of the row.
    Known(LabelSet),
}

impl AskedLabels {
    /// The resolved labels.
    #[must_use]
    pub fn known(&self) -> Option<&LabelSet> {
        match self {
            Self::Known(labels) => Some(labels),
            Self::Named(_) => None,
        }
    }
}

/// The labels that are written with a link, and what the report says about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkLabels {
    /// The labels that the row asks for.
    pub asked: LabelSet,
    /// The labels that are sent: those asked for, and those of the link that are to be kept.
    pub sent: LabelSet,
    /// The labels asked for that the link did not have before; `None` if that is not known.
    pub added: Option<Vec<AssociationType>>,
}

impl LinkLabels {
    /// Labels that are sent without knowledge of those of the link.
    #[must_use]
    pub fn only(asked: LabelSet) -> Self {
        Self {
            sent: asked.clone(),
            asked,
            added: None,
        }
    }

    /// Labels for a link that has these types, in the direction of the row.
    #[must_use]
    pub fn beside(asked: LabelSet, types: &[AssociationType]) -> Self {
        Self {
            sent: asked.with(types),
            added: Some(asked.missing_in(types).cloned().collect()),
            asked,
        }
    }

    /// Labels that replace those of a link with these types.
    #[must_use]
    pub fn instead_of(asked: LabelSet, types: &[AssociationType]) -> Self {
        Self {
            added: Some(asked.missing_in(types).cloned().collect()),
            ..Self::only(asked)
        }
    }

    /// Whether the link is known to have all labels that the row asks for.
    #[must_use]
    pub fn adds_none(&self) -> bool {
        self.added.as_ref().is_some_and(Vec::is_empty)
    }
}
