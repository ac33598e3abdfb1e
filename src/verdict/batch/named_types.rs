//! Finds the association types that an error names. Pure.
//!
//! A labelled request with a type that HubSpot does not know is refused with the category and the id of the type, in the form
//! `USER_DEFINED=3`, and without the id of any record.

use std::collections::HashMap;

use crate::api::response::envelope::Entry;
use crate::domain::association_type::AssociationType;
use crate::domain::label_set::LabelSet;
use crate::verdict::batch::error_matching::MAX_ERRORS;
use crate::verdict::batch::sides::words;

/// The context key whose texts say of types that they are invalid.
const INVALID: &str = "INVALID_ASSOCIATION_TYPE_ID";

/// Whether this context key contains association types.
pub(crate) fn is_type_key(key: &str) -> bool {
    key == "associationSpec" || key == INVALID
}

/// The category and the id of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NamedType<'e> {
    category: &'e str,
    type_id: u64,
}

impl<'e> NamedType<'e> {
    pub(crate) fn of(label: &'e AssociationType) -> Self {
        Self {
            category: &label.category,
            type_id: label.type_id,
        }
    }

    /// The type at the start of a text: `USER_DEFINED=3 is not valid`.
    pub(crate) fn read(text: &'e str) -> Option<Self> {
        let (category, rest) = text.trim().split_once('=')?;
        let type_id = rest.split(' ').next()?.parse().ok()?;
        Some(Self { category, type_id })
    }
}

/// The types that an error calls invalid. Such an error concerns every pair that is sent with one of them; an error that only
/// mentions a type does not.
pub(crate) fn invalid_types(entry: &Entry) -> impl Iterator<Item = NamedType<'_>> {
    let is_invalid = entry.context.iter().any(|(key, _)| key == INVALID)
        || words(entry).any(|word| word.starts_with("INVALID_ASSOCIATION_TYPE"));
    let lists = entry
        .context
        .iter()
        .filter(move |(key, _)| is_invalid && is_type_key(key));
    let texts = lists.flat_map(|(_, texts)| texts);
    texts.filter_map(|text| NamedType::read(text))
}

/// The first errors about each type, by their numbers.
#[derive(Default)]
pub(crate) struct TypeErrors<'e>(HashMap<NamedType<'e>, Vec<usize>>);

impl<'e> TypeErrors<'e> {
    /// Adds an error, if it calls types invalid, and returns whether it does. Errors are added in their order.
    pub(crate) fn add(&mut self, entry: &'e Entry, unit: usize) -> bool {
        let mut is_about_type = false;
        for named in invalid_types(entry) {
            is_about_type = true;
            let units = self.0.entry(named).or_default();
            if units.len() < MAX_ERRORS && units.last() != Some(&unit) {
                units.push(unit);
            }
        }
        is_about_type
    }

    /// The errors about these labels.
    pub(crate) fn about<'s>(&'s self, labels: &'s LabelSet) -> impl Iterator<Item = usize> + 's {
        let of = |label| self.0.get(&NamedType::of(label));
        labels.iter().filter_map(of).flatten().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_a_category_and_an_id_at_the_start_of_a_text() {
        let named = NamedType {
            category: "USER_DEFINED",
            type_id: 3,
        };
        for text in [
            "USER_DEFINED=3",
            " USER_DEFINED=3 is not a valid association definition id",
        ] {
            assert_eq!(NamedType::read(text), Some(named), "{text}");
        }
        for text in [
            "",
            "USER_DEFINED",
            "USER_DEFINED=",
            "USER_DEFINED=x",
            "=",
            "USER_DEFINED 3",
        ] {
            assert_eq!(NamedType::read(text), None, "{text}");
        }
    }
}
