//! What the values of a property are, and how they are compared. Pure.

use std::borrow::Cow;

use crate::domain::pair::ObjectType;
use crate::domain::standard_type::canonical;

/// The property of contacts with their further email addresses, joined by `;`. The batch read finds a contact by each
/// of them, and returns its main address as `email`.
pub const SECONDARY_EMAILS: &str = "hs_additional_emails";

/// What the values of a property are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
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
    pub fn of(object_type: &ObjectType, property: &str) -> Self {
        match (canonical(object_type.as_str()), property) {
            ("contacts", "email" | SECONDARY_EMAILS) => Self::Email,
            ("companies", "domain") => Self::Domain,
            _ => Self::Text,
        }
    }

    /// The form in which two equal values are the same text.
    #[must_use]
    pub fn fold(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Email | Self::Domain => lower_case(text),
            Self::Text => Cow::Borrowed(text),
        }
    }
}

/// The text in lower case, unchanged where it is already.
#[must_use]
pub fn lower_case(text: &str) -> Cow<'_, str> {
    let is_lower = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if text.bytes().all(is_lower) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
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
}
