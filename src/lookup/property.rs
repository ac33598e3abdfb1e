//! A property by whose values records are looked up. Pure.

use std::borrow::Cow;
use std::sync::Arc;

use crate::domain::pair::ObjectType;
use crate::domain::standard_type::canonical;

/// The property of contacts with their further email addresses, joined by `;`. The batch read finds a contact by each
/// of them, and returns its main address as `email`.
pub(crate) const SECONDARY_EMAILS: &str = "hs_additional_emails";

/// What the values of a property are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KeyKind {
    /// Email addresses of contacts: HubSpot ignores their case.
    Email,
    /// Domains of companies: HubSpot ignores their case, and stores them without scheme and path.
    Domain,
    /// Any other text: compared exactly.
    Text,
}

impl KeyKind {
    /// The kind of the values of this property. A custom object may have a property of the same name whose values are
    /// compared exactly, so the type decides too.
    #[must_use]
    pub(crate) fn of(object_type: &ObjectType, property: &str) -> Self {
        match (canonical(object_type.as_str()), property) {
            ("contacts", "email" | SECONDARY_EMAILS) => Self::Email,
            ("companies", "domain") => Self::Domain,
            _ => Self::Text,
        }
    }

    /// The form in which two equal values are the same text.
    #[must_use]
    pub(crate) fn fold(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Email | Self::Domain => lower_case(text),
            Self::Text => Cow::Borrowed(text),
        }
    }
}

/// The text in lower case, unchanged where it is already.
#[must_use]
pub(crate) fn lower_case(text: &str) -> Cow<'_, str> {
    let is_lower = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if text.bytes().all(is_lower) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

/// Which call looks the values up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// The batch read of objects, for properties with unique values.
    BatchRead,
    /// The search, for all others.
    Search,
}

impl Route {
    pub(crate) const BOTH: [Self; 2] = [Self::BatchRead, Self::Search];
}

/// A property of an object type, and the call that looks its values up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LookupProperty {
    /// The type, as spelled by the first row that has it.
    pub(crate) object_type: ObjectType,
    /// The internal name of the property.
    pub(crate) name: Arc<str>,
    pub(crate) kind: KeyKind,
    pub(crate) route: Route,
}

impl LookupProperty {
    #[must_use]
    pub(crate) fn new(object_type: ObjectType, name: Arc<str>, route: Route) -> Self {
        Self {
            kind: KeyKind::of(&object_type, &name),
            object_type,
            name,
            route,
        }
    }

    /// Whether this is a property that the batch read is known to refuse.
    #[must_use]
    pub(crate) fn is_known_not_unique(&self) -> bool {
        self.kind == KeyKind::Domain
    }

    /// The further property whose values identify a record as well.
    #[must_use]
    pub(crate) fn secondary(&self) -> Option<&'static str> {
        let has_secondary = self.kind == KeyKind::Email && &*self.name != SECONDARY_EMAILS;
        has_secondary.then_some(SECONDARY_EMAILS)
    }

    /// Whether both look up the same values of the same records.
    #[must_use]
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.name == other.name
            && self.route == other.route
            && self.object_type.is_same_as(&other.object_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_folded_only_for_emails_of_contacts_and_domains_of_companies() {
        for (object_type, name, folded) in [
            ("contacts", "email", "äb@c.de"),
            ("0-1", "email", "äb@c.de"),
            ("Contact", "hs_additional_emails", "äb@c.de"),
            ("companies", "domain", "äb@c.de"),
            ("companies", "email", "ÄB@c.de"),
            ("contacts", "domain", "ÄB@c.de"),
            ("2-123", "email", "ÄB@c.de"),
            ("contacts", "customer_no", "ÄB@c.de"),
        ] {
            let kind = KeyKind::of(&ObjectType::new(object_type).unwrap(), name);
            assert_eq!(kind.fold("ÄB@c.de"), folded, "{object_type} {name}");
        }
    }

    #[test]
    fn the_secondary_addresses_are_read_beside_the_main_one() {
        let of = |object_type: &str, name: &str| {
            let object_type = ObjectType::new(object_type).unwrap();
            LookupProperty::new(object_type, name.into(), Route::BatchRead).secondary()
        };
        assert_eq!(of("0-1", "email"), Some("hs_additional_emails"));
        assert_eq!(of("contacts", "hs_additional_emails"), None);
        assert_eq!(of("contacts", "customer_no"), None);
        assert_eq!(of("companies", "domain"), None);
    }
}
