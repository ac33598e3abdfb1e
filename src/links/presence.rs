//! Whether a link is as a verification looks for it. Pure.

use crate::domain::association_type::AssociationType;
use crate::domain::label_set::LabelSet;
use crate::domain::proof::LinkState;
use crate::text::one_line;

/// Maximum length of the names of labels in a message, in characters.
const MAX_NAMES_CHARS: usize = 500;

/// Whether a link with these types is present for a row that asks for these labels, all in the direction of the row. Links
/// that are expected to be absent are present if they have any of the labels.
pub(crate) fn state_of(
    types: &[AssociationType],
    asked: Option<&LabelSet>,
    expects_absent: bool,
) -> LinkState {
    let lacks_labels = asked.is_some_and(|labels| {
        let missing = labels.missing_in(types).count();
        if expects_absent {
            missing == labels.iter().len()
        } else {
            missing > 0
        }
    });
    if types.is_empty() || lacks_labels {
        LinkState::Missing
    } else {
        LinkState::Present
    }
}

/// What a link with these types lacks.
pub(crate) fn lacking(types: &[AssociationType], asked: &LabelSet) -> String {
    let names = asked
        .missing_in(types)
        .filter_map(|label| label.label.as_deref());
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    let word = if names.len() == 1 { "label" } else { "labels" };
    let names = one_line(&names.join(", "), MAX_NAMES_CHARS);
    format!("the link lacks the {word} {names}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::proof::LinkState::{Missing, Present};

    #[test]
    fn a_link_is_present_with_all_labels_and_where_it_should_be_absent_with_any() {
        let asked = "USER_DEFINED:1:A;USER_DEFINED:2:B";
        for (types, asked, present, absent) in [
            ("", "", Missing, Missing),
            ("", asked, Missing, Missing),
            ("USER_DEFINED:9:X", "", Present, Present),
            ("USER_DEFINED:9:X", asked, Missing, Missing),
            (
                "HUBSPOT_DEFINED:1:A;INTEGRATOR_DEFINED:2:B",
                asked,
                Missing,
                Missing,
            ),
            ("USER_DEFINED:2:renamed", asked, Missing, Present),
            (
                "USER_DEFINED:1:A;USER_DEFINED:2:B;USER_DEFINED:9:X",
                asked,
                Present,
                Present,
            ),
        ] {
            let labels = LabelSet::parse(asked);
            let found = LabelSet::parse(types);
            let found: Vec<_> = found.iter().flat_map(LabelSet::iter).cloned().collect();
            let states = [false, true].map(|absent| state_of(&found, labels.as_ref(), absent));
            assert_eq!(states, [present, absent], "{types} {asked}");
        }
    }

    #[test]
    fn the_message_names_the_labels_that_a_link_lacks() {
        let asked = LabelSet::parse("USER_DEFINED:1:A;USER_DEFINED:2:B\nb").unwrap();
        let found = LabelSet::parse("USER_DEFINED:1:A").unwrap();
        let found: Vec<_> = found.iter().cloned().collect();
        assert_eq!(lacking(&found, &asked), "the link lacks the label \"B b\"");
        assert_eq!(
            lacking(&[], &asked),
            "the link lacks the labels \"A\", \"B b\""
        );
    }
}
