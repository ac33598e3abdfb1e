//! From a key to its records, without any memory: the key's spelling decides.
//!
//! `user17@example.com` is contact 17, `company17.example` company 17, `key17` the record 17 by any other property. Some
//! names in front of the number have an effect of their own. Every other key has a record too: its id is an invented
//! one of 18 digits, always the same for the same key.

use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::properties::PropertyKind;
use crate::sandbox::faults::random::Fingerprint;

/// The ids of keys that do not spell one: 18 digits, which neither ordinary ids nor those of faults have.
const FIRST_INVENTED: u128 = 700_000_000_000_000_000;
const INVENTED: u128 = 100_000_000_000_000_000;
/// The most records of one key: more than a search returns.
const MAX_SHARED: u32 = 20_000;
/// The names of other addresses of the contact whose own address begins with `user`.
const SECONDARY: [&str; 2] = ["alias", "merged"];

/// How the absence of a key's record is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absence {
    /// As the settings say.
    Usual,
    /// Not mentioned in the reply.
    Unlisted,
    /// The reply has no results and names only the first such key.
    Unnamed,
    /// 404 if no key of the call has a record.
    NotFound,
}

/// The records of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The first record's id; the others follow it.
    pub(crate) first: u128,
    /// How many records there are.
    pub(crate) count: u32,
    /// The value as the property has it.
    pub(crate) stored: String,
    /// The secondary emails.
    pub(crate) additional: Vec<String>,
    /// Whether the key is a secondary email, which a search by `email` does not find.
    pub(crate) is_secondary: bool,
    /// Whether a search finds it only after a time.
    pub(crate) is_new: bool,
}

impl Match {
    fn one(first: u128, stored: String) -> Self {
        Self {
            first,
            count: 1,
            stored,
            additional: Vec::new(),
            is_secondary: false,
            is_new: false,
        }
    }
}

/// The records of a key of this type and property.
pub(crate) fn find(
    type_name: &str,
    property: &str,
    kind: PropertyKind,
    key: &str,
) -> Result<Match, Absence> {
    if kind == PropertyKind::RecordId {
        let id = RecordId::parse(key).ok_or(Absence::Usual)?;
        return Ok(Match::one(id.value(), id.value().to_string()));
    }
    let folded = kind.fold(key);
    let spelled = Spelled::of(kind, &folded).ok_or(Absence::Usual)?;
    match spelled.name {
        "missing" => return Err(Absence::Usual),
        "unlisted" => return Err(Absence::Unlisted),
        "unnamed" => return Err(Absence::Unnamed),
        "notfound" => return Err(Absence::NotFound),
        _ => {}
    }
    let invented = |value: &str| {
        let hash = u128::from(Fingerprint::of(&[type_name, property, value]));
        FIRST_INVENTED + hash % INVENTED
    };
    let mut found = if kind == PropertyKind::Email {
        contact(&folded, &spelled, invented)
    } else {
        let id = spelled.id(kind).unwrap_or_else(|| invented(&folded));
        Match::one(id, folded.to_string())
    };
    if matches!(kind, PropertyKind::Domain | PropertyKind::Shared)
        && spelled.name == "many"
        && !spelled.digits.is_empty()
    {
        found.count = spelled.digits.parse().unwrap_or(MAX_SHARED).min(MAX_SHARED);
    }
    found.is_new = spelled.name == "new";
    Ok(found)
}

/// The contact with this address.
fn contact(address: &str, spelled: &Spelled<'_>, invented: impl Fn(&str) -> u128) -> Match {
    let is_secondary = SECONDARY.contains(&spelled.name);
    if !is_secondary && spelled.name != "user" {
        return Match::one(invented(address), address.to_owned());
    }
    let rest = &address[spelled.name.len()..];
    let id = spelled.id(PropertyKind::Email);
    let primary = format!("user{rest}");
    Match {
        additional: SECONDARY.map(|name| format!("{name}{rest}")).to_vec(),
        is_secondary,
        ..Match::one(id.unwrap_or_else(|| invented(&primary)), primary)
    }
}

/// The parts of a key that carry a meaning.
struct Spelled<'a> {
    /// The letters at the start.
    name: &'a str,
    /// The digits after them.
    digits: &'a str,
    /// Everything after the digits.
    rest: &'a str,
}

impl<'a> Spelled<'a> {
    /// `None` if the key cannot be a value of such a property.
    fn of(kind: PropertyKind, key: &'a str) -> Option<Self> {
        let is_value = match kind {
            PropertyKind::Email => key
                .split_once('@')
                .is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.')),
            PropertyKind::Domain => {
                key.contains('.') && !key.contains(['/', ':', '@']) && !key.starts_with("www.")
            }
            _ => true,
        };
        if !is_value || key.is_empty() || key.contains(char::is_whitespace) && key.trim() != key {
            return None;
        }
        let letters = key.find(|letter: char| !letter.is_ascii_alphabetic());
        let (name, after) = key.split_at(letters.unwrap_or(key.len()));
        let digits = after.find(|letter: char| !letter.is_ascii_digit());
        let (digits, rest) = after.split_at(digits.unwrap_or(after.len()));
        Some(Self { name, digits, rest })
    }

    /// The record id that the key spells.
    fn id(&self, kind: PropertyKind) -> Option<u128> {
        let is_canonical = match kind {
            PropertyKind::Email => self.rest == "@example.com",
            PropertyKind::Domain => self.name == "company" && self.rest == ".example",
            _ => self.name == "key" && self.rest.is_empty(),
        };
        if !is_canonical || self.digits.starts_with('0') {
            return None;
        }
        RecordId::parse(self.digits).map(RecordId::value)
    }
}

/// The values that a record shows if it is read by its id.
pub(crate) fn value_of(kind: PropertyKind, id: u128) -> Option<String> {
    match kind {
        PropertyKind::Email => Some(format!("user{id}@example.com")),
        PropertyKind::Domain => Some(format!("company{id}.example")),
        PropertyKind::Key => Some(format!("key{id}")),
        PropertyKind::RecordId => Some(id.to_string()),
        PropertyKind::Shared => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn email(key: &str) -> Result<Match, Absence> {
        find("contact", "email", PropertyKind::Email, key)
    }

    fn domain(key: &str) -> Result<Match, Absence> {
        find("company", "domain", PropertyKind::Domain, key)
    }

    #[test]
    fn a_key_with_a_number_is_the_record_of_that_number() {
        assert_eq!(email("user17@example.com").unwrap().first, 17);
        assert_eq!(email("User17@Example.COM").unwrap().first, 17);
        assert_eq!(domain("COMPANY17.example").unwrap().first, 17);
        let key = |key| find("deal", "legacy", PropertyKind::Key, key);
        assert_eq!(key("key17").unwrap().first, 17);
        assert!(key("KEY17").unwrap().first > FIRST_INVENTED);
        let id = find("deal", "hs_object_id", PropertyKind::RecordId, "17");
        assert_eq!(id.unwrap().first, 17);
    }

    #[test]
    fn secondary_addresses_are_the_same_contact_under_its_own_address() {
        for domain in ["example.com", "acme.test"] {
            let own = email(&format!("user17@{domain}")).unwrap();
            assert!(!own.is_secondary);
            for name in SECONDARY {
                let other = email(&format!("{name}17@{domain}")).unwrap();
                assert!(other.is_secondary);
                assert_eq!((other.first, &other.stored), (own.first, &own.stored));
                assert!(other.additional.contains(&format!("{name}17@{domain}")));
            }
        }
    }

    #[test]
    fn names_choose_absences_and_the_number_of_records() {
        for (key, absence) in [
            ("missing17@example.com", Absence::Usual),
            ("unlisted@acme.test", Absence::Unlisted),
            ("unnamed1@acme.test", Absence::Unnamed),
            ("notfound1@acme.test", Absence::NotFound),
            ("no-address", Absence::Usual),
            ("", Absence::Usual),
            (" user17@example.com", Absence::Usual),
        ] {
            assert_eq!(email(key), Err(absence), "{key}");
        }
        for (key, count) in [
            ("acme.test", 1),
            ("many3.example", 3),
            ("many250-a.test", 250),
            ("many-a.test", 1),
            ("many99999999999.test", MAX_SHARED),
        ] {
            assert_eq!(domain(key).unwrap().count, count, "{key}");
        }
        for key in ["https://acme.test", "www.acme.test", "acme"] {
            assert_eq!(domain(key), Err(Absence::Usual), "{key}");
        }
        assert!(domain("new1.example").unwrap().is_new);
        assert_eq!(email("many3@acme.test").unwrap().count, 1);
    }

    proptest! {
        #[test]
        fn a_value_that_a_record_shows_is_a_key_of_that_record(id in 1u128..99_999_999_999_999_999_999) {
            for (type_name, property, kind) in [
                ("contact", "email", PropertyKind::Email),
                ("company", "domain", PropertyKind::Domain),
                ("deal", "legacy", PropertyKind::Key),
                ("deal", "hs_object_id", PropertyKind::RecordId),
            ] {
                let key = value_of(kind, id).unwrap();
                let found = find(type_name, property, kind, &key).unwrap();
                prop_assert_eq!((found.first, found.stored), (id, key));
            }
        }

        #[test]
        fn any_text_is_answered_the_same_way_each_time(key in ".{0,40}") {
            prop_assert_eq!(email(&key), email(&key));
            prop_assert_eq!(domain(&key), domain(&key));
        }
    }
}
