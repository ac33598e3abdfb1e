//! Which properties a type has, and which of them identify a record.
//!
//! Any name in lower case is a unique property of every type, unless a rule here says otherwise: a rehearsal can use the
//! names of its own file.

use std::borrow::Cow;

/// The prefix of properties that do not exist.
const UNKNOWN: &str = "unknown_";
/// The prefix of properties that are not unique.
const PLAIN: &str = "plain_";
/// The property of records that the list of properties shows as unique for every type.
const EXAMPLE_KEY: &str = "external_key";
/// The property with the ids of the records that were merged into a record.
pub(crate) const MERGED_IDS: &str = "hs_merged_object_ids";
/// Properties of HubSpot's that several records may share.
const SHARED: &[&str] = &[
    "firstname",
    "lastname",
    "phone",
    "company",
    "website",
    "city",
    "name",
    "dealname",
    "subject",
    "hs_additional_emails",
    MERGED_IDS,
];
/// The properties that each type is listed with, beside those of every type.
const LISTED: &[(&str, &[&str])] = &[
    (
        "contact",
        &["email", "hs_additional_emails", "firstname", "lastname"],
    ),
    ("company", &["domain", "name", "phone", "website"]),
    ("deal", &["dealname"]),
    ("ticket", &["subject", "hs_external_object_ids"]),
    ("product", &["name", "hs_sku"]),
    ("line_item", &["name", "hs_external_id"]),
];

/// How a property relates to records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PropertyKind {
    /// The email of a contact: it identifies a record although it is not flagged as unique.
    Email,
    /// The domain of a company, which several companies may share.
    Domain,
    /// A unique property.
    Key,
    /// A property that several records may share.
    Shared,
    /// The record id itself.
    RecordId,
}

impl PropertyKind {
    /// Whether the batch read accepts it as `idProperty`.
    pub(crate) fn identifies(self) -> bool {
        matches!(self, Self::Email | Self::Key)
    }

    /// Whether its values are kept and returned in lower case.
    pub(crate) fn is_folded(self) -> bool {
        matches!(self, Self::Email | Self::Domain)
    }

    /// A value in the form in which it is compared.
    pub(crate) fn fold(self, value: &str) -> Cow<'_, str> {
        if self.is_folded() {
            Cow::Owned(value.to_ascii_lowercase())
        } else {
            Cow::Borrowed(value)
        }
    }
}

/// The property's kind; `None` if the type has no such property.
pub(crate) fn kind(type_name: &str, property: &str) -> Option<PropertyKind> {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if property.is_empty() || !property.bytes().all(is_name) || property.starts_with(UNKNOWN) {
        return None;
    }
    Some(match (type_name, property) {
        (_, "hs_object_id") => PropertyKind::RecordId,
        ("contact", "email") => PropertyKind::Email,
        ("company", "domain") => PropertyKind::Domain,
        (_, "email" | "domain") => PropertyKind::Shared,
        _ if SHARED.contains(&property) || property.starts_with(PLAIN) => PropertyKind::Shared,
        _ => PropertyKind::Key,
    })
}

/// The properties that the list of a type shows.
pub(crate) fn listed(type_name: &str) -> Vec<&'static str> {
    let own = LISTED.iter().find(|(name, _)| *name == type_name);
    let mut names = vec!["hs_object_id", EXAMPLE_KEY];
    names.extend(own.map_or(&[][..], |(_, names)| names));
    names
}

/// Whether HubSpot defines the property, as opposed to the account.
pub(crate) fn is_standard(property: &str) -> bool {
    property != EXAMPLE_KEY
        && (property.starts_with("hs_")
            || SHARED.contains(&property)
            || ["email", "domain"].contains(&property))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_property_depends_on_the_type_and_the_name() {
        for (type_name, property, expected) in [
            ("contact", "email", Some(PropertyKind::Email)),
            ("company", "email", Some(PropertyKind::Shared)),
            ("company", "domain", Some(PropertyKind::Domain)),
            ("product", "hs_sku", Some(PropertyKind::Key)),
            ("deal", "legacy_id", Some(PropertyKind::Key)),
            ("deal", "plain_id", Some(PropertyKind::Shared)),
            ("deal", "dealname", Some(PropertyKind::Shared)),
            ("deal", "hs_object_id", Some(PropertyKind::RecordId)),
            ("deal", "unknown_id", None),
            ("deal", "Legacy ID", None),
            ("deal", "", None),
        ] {
            assert_eq!(
                kind(type_name, property),
                expected,
                "{type_name} {property}"
            );
        }
    }

    #[test]
    fn every_listed_property_exists_and_every_type_has_a_unique_one() {
        for type_name in ["contact", "company", "line_item", "2-77"] {
            let listed = listed(type_name);
            let kinds: Vec<_> = listed.iter().map(|name| kind(type_name, name)).collect();
            assert!(kinds.iter().all(Option::is_some), "{type_name}");
            assert!(kinds.contains(&Some(PropertyKind::Key)), "{type_name}");
        }
    }
}
