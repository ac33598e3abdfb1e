//! Decides which links and labels an undo removes, and what came of it. Pure.

use std::borrow::Cow;
use std::sync::Arc;

use crate::domain::association_type::AssociationType;
use crate::domain::label_set::LabelSet;
use crate::domain::outcome::Details;
use crate::domain::proof::{UndoOutcome, Undone};
use crate::links::read::found::LinksFound;
use crate::text::one_line;

/// The reason of a link that is absent before it is removed.
const GONE: &str = "it was not linked any more";

/// The reason of a link that has none of the labels that are to be removed.
const LABELS_GONE: &str = "the labels that the import added were not there any more; the link was there before the import";

/// The reason of a link that a confirmed removal leaves.
const STILL_THERE: &str = "HubSpot confirmed the removal, but still lists the link";

/// Maximum number of labels that a reason names.
const MAX_LABELS: usize = 3;

/// Maximum length of a label in a reason, in characters.
const MAX_LABEL_CHARS: usize = 80;

/// Maximum length of a message of HubSpot in a reason, in characters.
const MAX_MESSAGE_CHARS: usize = 500;

/// What an import is proved to have added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Added<'l> {
    /// Whether it made the link; otherwise the link was there before.
    pub(crate) link: bool,
    /// The labels that it gave to the link, in the direction of the row.
    pub(crate) labels: Option<&'l LabelSet>,
}

impl Added<'_> {
    fn has(&self, label: &AssociationType) -> bool {
        self.labels.is_some_and(|labels| labels.contains(label))
    }

    /// The labels among these types that others gave to the link.
    fn foreign<'t>(
        &self,
        types: &'t [AssociationType],
    ) -> impl Iterator<Item = &'t AssociationType> {
        types
            .iter()
            .filter(|kind| kind.is_label() && !self.has(kind))
    }
}

/// What is done with a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is removed.
    Remove,
    /// These labels are removed, and the link stays.
    RemoveLabels(LabelSet),
    /// It stays: why.
    Kept(Cow<'static, str>),
    /// It is absent already, or the labels are: which of them.
    Gone(&'static str),
    /// It could not be read: it stays, and the row fails.
    Unknown(Arc<Details>),
}

/// Decides what is done with a link to which an import is proved to have added something, by what is read now. A link that
/// has a label of others is not as the import made it, and its removal would remove that label too.
pub(crate) fn decide(found: &LinksFound, added: Added<'_>) -> Decision {
    let types = match found {
        LinksFound::Unknown(details) => return Decision::Unknown(Arc::clone(details)),
        LinksFound::Known { types, .. } => types,
    };
    if types.is_empty() {
        return Decision::Gone(GONE);
    }
    let gained = named(added.foreign(types));
    if added.link && gained.is_none() {
        return Decision::Remove;
    }
    // As HubSpot lists them: what has no label there is never removed as one, because that removes all labels.
    let there = types.iter().filter(|kind| added.has(kind));
    match (LabelSet::new(there.cloned()), gained) {
        (Some(labels), _) => Decision::RemoveLabels(labels),
        (None, Some(gained)) if added.link => Decision::Kept(has_gained(&gained).into()),
        (None, _) => Decision::Gone(LABELS_GONE),
    }
}

/// The result of a removal, by what is read after it. `removal` is why the removal failed, if it did: what is read counts
/// all the same, because a request without a reply may have been carried out.
pub(crate) fn decide_after(found: &LinksFound, removal: Option<&Details>) -> Undone {
    let failed = |reason: String| Undone {
        outcome: UndoOutcome::Failed,
        reason: reason.into(),
    };
    match found {
        LinksFound::Known { types, .. } if types.is_empty() => Undone {
            outcome: UndoOutcome::Removed,
            reason: Cow::Borrowed(""),
        },
        LinksFound::Known { .. } => failed(match removal {
            Some(details) => format!("it could not be removed: {}", message(details)),
            None => STILL_THERE.to_owned(),
        }),
        LinksFound::Unknown(details) => failed(match removal {
            Some(removal) => format!(
                "it could not be removed ({}), nor read afterwards: {}",
                message(removal),
                message(details)
            ),
            None => format!(
                "it was removed, but could not be read afterwards: {}",
                message(details)
            ),
        }),
    }
}

/// The result of a removal of labels, by what is read after it. `made_link` says whether the import made the link, which
/// stays because it has a label of others.
pub(crate) fn decide_after_labels(
    found: &LinksFound,
    removal: Option<&Details>,
    labels: &LabelSet,
    made_link: bool,
) -> Undone {
    let removed = Added {
        link: made_link,
        labels: Some(labels),
    };
    let text = named(labels.iter()).unwrap_or_default();
    let types = match found {
        LinksFound::Known { types, .. } => types,
        LinksFound::Unknown(details) => return labels_unread(&text, removal, details),
    };
    let left = named(types.iter().filter(|kind| removed.has(kind)));
    let (outcome, reason) = match (left, removal) {
        (Some(left), Some(details)) => (
            UndoOutcome::Failed,
            format!("the {left} could not be removed: {}", message(details)),
        ),
        (Some(left), None) => (
            UndoOutcome::Failed,
            format!("HubSpot confirmed the removal, but still lists the {left}"),
        ),
        (None, _) if types.is_empty() => (
            UndoOutcome::Removed,
            format!("removed the {text}; it is not linked any more"),
        ),
        (None, _) if made_link => {
            let why = match named(removed.foreign(types)) {
                Some(gained) => has_gained(&gained),
                None => "it had another label then".to_owned(),
            };
            (UndoOutcome::Kept, format!("removed the {text}; {why}"))
        }
        (None, _) => (
            UndoOutcome::Removed,
            format!("removed the {text}; the link was there before the import"),
        ),
    };
    Undone {
        outcome,
        reason: reason.into(),
    }
}

/// The result of a removal of labels whose link could not be read afterwards.
fn labels_unread(labels: &str, removal: Option<&Details>, read: &Details) -> Undone {
    let read = message(read);
    let reason = match removal {
        Some(removal) => format!(
            "the {labels} could not be removed ({}), nor the link be read afterwards: {read}",
            message(removal)
        ),
        None => format!(
            "the removal of the {labels} was confirmed, but the link could not be read afterwards: {read}"
        ),
    };
    Undone {
        outcome: UndoOutcome::Failed,
        reason: reason.into(),
    }
}

/// The reason of a link that could not be read before its removal.
pub(crate) fn unread(details: &Details) -> String {
    format!("its links could not be read: {}", message(details))
}

/// The reason of a link that the import made, and that has labels of others.
fn has_gained(labels: &str) -> String {
    format!("it has gained the {labels} since the import")
}

/// These labels as a reason names them, e.g. `labels "A", "B"`; `None` if there are none.
fn named<'t>(labels: impl Iterator<Item = &'t AssociationType>) -> Option<String> {
    let mut labels = labels.map(|kind| {
        let label = kind.label.as_deref().unwrap_or_default();
        format!("\"{}\"", one_line(label, MAX_LABEL_CHARS))
    });
    let named: Vec<String> = labels.by_ref().take(MAX_LABELS).collect();
    let word = match named.len() {
        0 => return None,
        1 => "label",
        _ => "labels",
    };
    let more = match labels.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("{word} {}{more}", named.join(", ")))
}

fn message(details: &Details) -> String {
    if !details.message.is_empty() {
        return one_line(&details.message, MAX_MESSAGE_CHARS);
    }
    match (details.categories.first(), details.http_status) {
        (Some(category), _) => category.clone(),
        (None, Some(status)) => format!("HTTP {status}"),
        (None, None) => "no reason is known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(category: &str, label: Option<&str>) -> AssociationType {
        AssociationType {
            category: category.into(),
            type_id: 1,
            label: label.map(Into::into),
        }
    }

    fn known(types: &[(&str, Option<&str>)]) -> LinksFound {
        LinksFound::Known {
            types: types
                .iter()
                .map(|(category, label)| kind(category, *label))
                .collect(),
            seen: [true; 2],
        }
    }

    fn because(message: &str) -> Details {
        Details {
            message: message.to_owned(),
            ..Details::default()
        }
    }

    const HUBSPOT: &str = "HUBSPOT_DEFINED";
    const USER: &str = "USER_DEFINED";

    /// What an import without labels has made.
    const LINK: Added<'_> = Added {
        link: true,
        labels: None,
    };

    #[test]
    fn only_a_link_without_a_label_is_removed() {
        let kept = |reason: &str| Decision::Kept(reason.to_owned().into());
        for (types, expected) in [
            (&[][..], Decision::Gone(GONE)),
            (&[(HUBSPOT, None)], Decision::Remove),
            // HubSpot sets its primary type by itself.
            (
                &[(HUBSPOT, None), (HUBSPOT, Some("Primary"))],
                Decision::Remove,
            ),
            // The unlabelled type of a custom object is one of the user.
            (&[(USER, None)], Decision::Remove),
            (
                &[(HUBSPOT, None), (USER, Some("Decision maker"))],
                kept("it has gained the label \"Decision maker\" since the import"),
            ),
            (
                &[(USER, Some("Primary"))],
                kept("it has gained the label \"Primary\" since the import"),
            ),
            (
                &[(USER, Some("A")), (HUBSPOT, Some("B\nb"))],
                kept("it has gained the labels \"A\", \"B b\" since the import"),
            ),
            (
                &[
                    (USER, Some("A")),
                    (USER, Some("B")),
                    (USER, Some("C")),
                    (USER, Some("D")),
                    (USER, Some("E")),
                ],
                kept("it has gained the labels \"A\", \"B\", \"C\" and 2 more since the import"),
            ),
        ] {
            assert_eq!(decide(&known(types), LINK), expected, "{types:?}");
        }
        let details = Arc::new(because("no reply"));
        let unknown = LinksFound::Unknown(Arc::clone(&details));
        assert_eq!(decide(&unknown, LINK), Decision::Unknown(details));
    }

    /// The types in this list; without a label where none follows the id.
    fn types(list: &str) -> Vec<AssociationType> {
        let mut types = Vec::new();
        let mut rest = list;
        while let Some((kind, after)) = AssociationType::parse_first(rest) {
            types.push(kind);
            rest = after;
        }
        types
    }

    fn found(list: &str) -> LinksFound {
        LinksFound::Known {
            types: types(list),
            seen: [true; 2],
        }
    }

    #[test]
    fn a_labelled_link_is_removed_only_if_it_has_no_label_of_others_and_else_it_loses_those_of_the_import()
     {
        let both = "USER_DEFINED:1:A;USER_DEFINED:2:B";
        let remove = |list| Decision::RemoveLabels(LabelSet::parse(list).unwrap());
        let kept = Decision::Kept("it has gained the label \"C\" since the import".into());
        for (made_link, added, list, expected) in [
            (true, both, "", Decision::Gone(GONE)),
            (true, both, "HUBSPOT_DEFINED:279:", Decision::Remove),
            (
                true,
                both,
                "HUBSPOT_DEFINED:279:;USER_DEFINED:1:A;HUBSPOT_DEFINED:1:Primary",
                Decision::Remove,
            ),
            // A label can be renamed, and the same id means another label in another category.
            (true, both, "USER_DEFINED:1:new name", Decision::Remove),
            (
                true,
                both,
                "USER_DEFINED:1:A;USER_DEFINED:3:C",
                remove("USER_DEFINED:1:A"),
            ),
            (true, both, "USER_DEFINED:3:C", kept),
            (
                true,
                "USER_DEFINED:1:A",
                "INTEGRATOR_DEFINED:1:A",
                Decision::Kept("it has gained the label \"A\" since the import".into()),
            ),
            (false, both, "", Decision::Gone(GONE)),
            (
                false,
                both,
                "HUBSPOT_DEFINED:279:;USER_DEFINED:3:C",
                Decision::Gone(LABELS_GONE),
            ),
            (
                false,
                both,
                "HUBSPOT_DEFINED:279:;USER_DEFINED:2:B",
                remove("USER_DEFINED:2:B"),
            ),
            (
                false,
                both,
                "USER_DEFINED:2:B;USER_DEFINED:3:C",
                remove("USER_DEFINED:2:B"),
            ),
            (
                false,
                "HUBSPOT_DEFINED:1:Primary",
                "HUBSPOT_DEFINED:1:Primary;USER_DEFINED:3:C",
                remove("HUBSPOT_DEFINED:1:Primary"),
            ),
            // Removing the unlabelled type removes all labels.
            (
                false,
                "HUBSPOT_DEFINED:279:A",
                "HUBSPOT_DEFINED:279:;USER_DEFINED:3:C",
                Decision::Gone(LABELS_GONE),
            ),
        ] {
            let labels = LabelSet::parse(added);
            let added = Added {
                link: made_link,
                labels: labels.as_ref(),
            };
            assert_eq!(decide(&found(list), added), expected, "{made_link} {list}");
        }
    }

    #[test]
    fn what_is_read_after_a_removal_of_labels_counts() {
        let refused = because("no");
        let unknown = LinksFound::Unknown(Arc::new(because("lost")));
        let (removed, kept, failed) =
            (UndoOutcome::Removed, UndoOutcome::Kept, UndoOutcome::Failed);
        for (list, made_link, removal, outcome, reason) in [
            (
                "HUBSPOT_DEFINED:279:;USER_DEFINED:9:X",
                false,
                None,
                removed,
                "removed the labels \"A\", \"B\"; the link was there before the import",
            ),
            (
                "HUBSPOT_DEFINED:279:",
                false,
                Some(&refused),
                removed,
                "removed the labels \"A\", \"B\"; the link was there before the import",
            ),
            (
                "",
                false,
                None,
                removed,
                "removed the labels \"A\", \"B\"; it is not linked any more",
            ),
            (
                "HUBSPOT_DEFINED:279:;USER_DEFINED:9:X",
                true,
                None,
                kept,
                "removed the labels \"A\", \"B\"; it has gained the label \"X\" since the import",
            ),
            (
                "HUBSPOT_DEFINED:279:",
                true,
                None,
                kept,
                "removed the labels \"A\", \"B\"; it had another label then",
            ),
            (
                "USER_DEFINED:2:B",
                false,
                None,
                failed,
                "HubSpot confirmed the removal, but still lists the label \"B\"",
            ),
            (
                "USER_DEFINED:2:B",
                true,
                Some(&refused),
                failed,
                "the label \"B\" could not be removed: no",
            ),
        ] {
            let labels = LabelSet::parse("USER_DEFINED:1:A;USER_DEFINED:2:B").unwrap();
            let undone = decide_after_labels(&found(list), removal, &labels, made_link);
            assert_eq!(
                (undone.outcome, &*undone.reason),
                (outcome, reason),
                "{list}"
            );
        }
        let label = LabelSet::parse("USER_DEFINED:1:A").unwrap();
        for (removal, reason) in [
            (
                None,
                "the removal of the label \"A\" was confirmed, but the link could not be read afterwards: lost",
            ),
            (
                Some(&refused),
                "the label \"A\" could not be removed (no), nor the link be read afterwards: lost",
            ),
        ] {
            let undone = decide_after_labels(&unknown, removal, &label, false);
            assert_eq!((undone.outcome, &*undone.reason), (failed, reason));
        }
    }

    #[test]
    fn what_is_read_after_a_removal_counts_and_not_what_its_reply_says() {
        let unknown = LinksFound::Unknown(Arc::new(because("no reply")));
        let there = known(&[(HUBSPOT, None)]);
        let refused = because("pair is invalid");
        let status_only = Details {
            http_status: Some(500),
            ..Details::default()
        };
        let (removed, failed) = (UndoOutcome::Removed, UndoOutcome::Failed);
        for (found, removal, outcome, reason) in [
            (&known(&[]), None, removed, ""),
            (&known(&[]), Some(&refused), removed, ""),
            (&there, None, failed, STILL_THERE),
            (
                &there,
                Some(&refused),
                failed,
                "it could not be removed: pair is invalid",
            ),
            (
                &there,
                Some(&status_only),
                failed,
                "it could not be removed: HTTP 500",
            ),
            (
                &unknown,
                None,
                failed,
                "it was removed, but could not be read afterwards: no reply",
            ),
            (
                &unknown,
                Some(&refused),
                failed,
                "it could not be removed (pair is invalid), nor read afterwards: no reply",
            ),
        ] {
            let undone = decide_after(found, removal);
            assert_eq!((undone.outcome, &*undone.reason), (outcome, reason));
        }
    }
}
