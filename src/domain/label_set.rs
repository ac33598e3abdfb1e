//! The labels that a row asks for.

use std::fmt;
use std::sync::Arc;

use crate::domain::association_type::AssociationType;
use crate::domain::label_id::LabelId;

/// One label or more, each once, ordered by category and id. A labelled write without a type would be a success that does
/// nothing (<https://github.com/HubSpot/hubspot-api-nodejs/issues/85>), so there is no empty set.
///
/// Cheap to clone: all rows of a file usually share a few sets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LabelSet(Arc<[AssociationType]>);

impl LabelSet {
    /// The set of these types; types without a label are left out, and `None` is returned if no type remains.
    pub fn new(types: impl IntoIterator<Item = AssociationType>) -> Option<Self> {
        let mut labels: Vec<AssociationType> = types
            .into_iter()
            .filter(|label| label.label.as_ref().is_some_and(|name| !name.is_empty()))
            .collect();
        labels.sort_unstable_by(|a, b| (&a.category, a.type_id).cmp(&(&b.category, b.type_id)));
        labels.dedup_by(|a, b| a.is_same_as(b));
        (!labels.is_empty()).then(|| Self(labels.into()))
    }

    /// The labels, ordered by category and id.
    pub fn iter(&self) -> std::slice::Iter<'_, AssociationType> {
        self.0.iter()
    }

    /// The labels of this set that are not among `types`.
    pub fn missing_in<'s>(
        &'s self,
        types: &'s [AssociationType],
    ) -> impl Iterator<Item = &'s AssociationType> {
        let is_missing =
            |label: &&AssociationType| !types.iter().any(|known| known.is_same_as(label));
        self.0.iter().filter(is_missing)
    }

    /// This set with the labels among `types`, except HubSpot's primary type, which HubSpot sets by itself.
    #[must_use]
    pub fn with(&self, types: &[AssociationType]) -> Self {
        let more = types.iter().filter(|kind| kind.is_label());
        let mut more = more.filter(|kind| !self.contains(kind)).peekable();
        if more.peek().is_none() {
            return self.clone();
        }
        Self::new(more.chain(self.iter()).cloned()).unwrap_or_else(|| self.clone())
    }

    /// Whether the set has this type.
    #[must_use]
    pub fn contains(&self, label: &AssociationType) -> bool {
        self.0.iter().any(|known| known.is_same_as(label))
    }

    /// Whether both sets have the same types. Names may differ: a label can be renamed.
    #[must_use]
    pub fn has_same_types_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.ids().eq(other.ids())
    }

    /// The category and id of each label, in order.
    pub fn ids(&self) -> impl Iterator<Item = LabelId> {
        self.0.iter().map(LabelId::of)
    }

    /// The set that [`fmt::Display`] shows as `text`; `None` if it is no such text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut labels = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (label, after) = AssociationType::parse_first(rest)?;
            labels.push(label);
            rest = after;
        }
        Self::new(labels)
    }
}

impl fmt::Display for LabelSet {
    /// `CATEGORY:ID:label`, separated by `;`. A backslash stands before a `;` or a backslash in a name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, label) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(";")?;
            }
            label.fmt(formatter)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(category: &str, type_id: u64, label: &str) -> AssociationType {
        AssociationType {
            category: category.into(),
            type_id,
            label: Some(label.into()),
        }
    }

    #[test]
    fn a_set_has_each_type_once_and_is_never_empty() {
        let unlabelled = AssociationType {
            label: None,
            ..of("HUBSPOT_DEFINED", 279, "")
        };
        assert_eq!(LabelSet::new([unlabelled.clone()]), None);
        assert_eq!(LabelSet::new([of("USER_DEFINED", 1, "")]), None);
        let set = LabelSet::new([
            of("USER_DEFINED", 3, "B"),
            unlabelled,
            of("USER_DEFINED", 1, "A"),
            of("USER_DEFINED", 3, "B"),
            of("INTEGRATOR_DEFINED", 3, "B"),
        ]);
        assert_eq!(
            set.unwrap().to_string(),
            "INTEGRATOR_DEFINED:3:B;USER_DEFINED:1:A;USER_DEFINED:3:B"
        );
    }

    #[test]
    fn the_labels_that_are_there_are_kept_beside_those_asked_for() {
        let set = LabelSet::new([of("USER_DEFINED", 3, "B")]).unwrap();
        let there = [
            of("USER_DEFINED", 1, "A"),
            of("HUBSPOT_DEFINED", 1, "Primary"),
            of("USER_DEFINED", 3, "renamed"),
        ];
        assert_eq!(
            set.with(&there).to_string(),
            "USER_DEFINED:1:A;USER_DEFINED:3:B"
        );
        assert_eq!(set.with(&there[1..]), set);
        assert_eq!(set.missing_in(&there).count(), 0);
        assert_eq!(set.missing_in(&there[..2]).count(), 1);
    }

    proptest! {
        #[test]
        fn the_text_of_a_set_is_read_back(
            labels in proptest::collection::vec(("[A-Z_]{1,9}", 0_u64..99, "\\PC{1,12}|[;\\\\:]{1,4}"), 1..5)
        ) {
            let set = LabelSet::new(labels.iter().map(|(category, id, name)| of(category, *id, name))).unwrap();
            let read = LabelSet::parse(&set.to_string()).unwrap();
            prop_assert_eq!(&read, &set);
            prop_assert!(read.has_same_types_as(&set));
        }

        #[test]
        fn no_text_makes_a_parser_fail_otherwise_than_by_none(text in "\\PC{0,40}|[A:0-9;\\\\]{0,20}") {
            if let Some(set) = LabelSet::parse(&text) {
                prop_assert_eq!(LabelSet::parse(&set.to_string()), Some(set));
            }
        }
    }
}
