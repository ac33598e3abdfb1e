//! The keys that hints recognise: emails of contacts, and domains of companies. Pure.

use crate::input::columns::header_name::normalize_header;

/// The keys that are recognised without a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyHeader {
    /// Email addresses of contacts.
    Email,
    /// Domains of companies.
    Domain,
}

impl KeyHeader {
    /// By the end of a header's name.
    pub(crate) fn of(header: &str) -> Option<Self> {
        let name = normalize_header(header);
        let ends_with = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        if ends_with(&["email", "emailaddress", "emailadresse"]) {
            Some(Self::Email)
        } else if ends_with(&["domain", "domainname", "website", "websiteurl"]) {
            Some(Self::Domain)
        } else {
            None
        }
    }

    pub(crate) fn object_type(self) -> &'static str {
        match self {
            Self::Email => "contacts",
            Self::Domain => "companies",
        }
    }

    pub(crate) fn property(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Domain => "domain",
        }
    }
}
