//! Decides which links an undo removes, and what came of it. Pure.

use std::borrow::Cow;
use std::sync::Arc;

use crate::domain::association_type::AssociationType;
use crate::domain::outcome::Details;
use crate::domain::proof::{UndoOutcome, Undone};
use crate::links::read::found::LinksFound;
use crate::text::one_line;

/// The reason of a link that is absent before it is removed.
pub(crate) const GONE: &str = "it was not linked any more";

/// The reason of a link that a confirmed removal leaves.
const STILL_THERE: &str = "HubSpot confirmed the removal, but still lists the link";

/// Maximum number of labels that a reason names.
const MAX_LABELS: usize = 3;

/// Maximum length of a label in a reason, in characters.
const MAX_LABEL_CHARS: usize = 80;

/// Maximum length of a message of HubSpot in a reason, in characters.
const MAX_MESSAGE_CHARS: usize = 500;

/// What is done with a link that an import is proved to have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is removed.
    Remove,
    /// It stays: why.
    Kept(Cow<'static, str>),
    /// It is absent already.
    Gone,
    /// It could not be read: it stays, and the row fails.
    Unknown(Arc<Details>),
}

/// Decides what is done with a link that an import is proved to have made, by what is read now. A link that has a label is
/// not as the import made it, and its removal would remove the label too.
pub(crate) fn decide(found: &LinksFound) -> Decision {
    match found {
        LinksFound::Unknown(details) => Decision::Unknown(Arc::clone(details)),
        LinksFound::Known { types, .. } if types.is_empty() => Decision::Gone,
        LinksFound::Known { types, .. } => match labels(types) {
            Some(reason) => Decision::Kept(reason.into()),
            None => Decision::Remove,
        },
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

/// The reason of a link that could not be read before its removal.
pub(crate) fn unread(details: &Details) -> String {
    format!("its links could not be read: {}", message(details))
}

/// Why the labels among these types keep a link; `None` if there are none.
fn labels(types: &[AssociationType]) -> Option<String> {
    let mut labels = types.iter().filter(|kind| kind.is_label()).map(|kind| {
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
    Some(format!(
        "it has gained the {word} {}{more} since the import",
        named.join(", ")
    ))
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

    #[test]
    fn only_a_link_without_a_label_is_removed() {
        let kept = |reason: &str| Decision::Kept(reason.to_owned().into());
        for (types, expected) in [
            (&[][..], Decision::Gone),
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
            assert_eq!(decide(&known(types)), expected, "{types:?}");
        }
        let details = Arc::new(because("no reply"));
        let unknown = LinksFound::Unknown(Arc::clone(&details));
        assert_eq!(decide(&unknown), Decision::Unknown(details));
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
