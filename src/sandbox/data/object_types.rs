//! Resolves a path segment to an object type.
//!
//! A type has several spellings: `contact`, `Contacts`, `0-1`. Each type gets a small number that identifies it
//! elsewhere; custom types get theirs on first use.

use std::collections::HashMap;

/// Singular name, plural name, and type id where one is published.
const STANDARD: &[(&str, &str, Option<&str>)] = &[
    ("contact", "contacts", Some("0-1")),
    ("company", "companies", Some("0-2")),
    ("deal", "deals", Some("0-3")),
    ("ticket", "tickets", Some("0-5")),
    ("task", "tasks", Some("0-27")),
    ("note", "notes", Some("0-46")),
    ("meeting", "meetings", Some("0-47")),
    ("call", "calls", Some("0-48")),
    ("email", "emails", Some("0-49")),
    ("service", "services", Some("0-162")),
    ("appointment", "appointments", Some("0-421")),
    ("line_item", "line_items", None),
    ("product", "products", None),
    ("quote", "quotes", None),
    ("lead", "leads", None),
    ("fee", "fees", None),
];

/// A type's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TypeNumber(u16);

/// Why a segment does not name a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnknownType {
    Name(String),
    Id(String),
}

/// The types used so far.
#[derive(Clone)]
pub(crate) struct ObjectTypes {
    portal_id: u64,
    names: Vec<Box<str>>,
    spellings: HashMap<Box<str>, TypeNumber>,
}

impl ObjectTypes {
    pub(crate) fn new(portal_id: u64) -> Self {
        let mut types = Self {
            portal_id,
            names: Vec::new(),
            spellings: HashMap::new(),
        };
        for (singular, plural, id) in STANDARD {
            let number = TypeNumber(u16::try_from(types.names.len()).unwrap_or(u16::MAX));
            types.names.push(Box::from(*singular));
            for spelling in [Some(singular), Some(plural), id.as_ref()]
                .into_iter()
                .flatten()
            {
                types.spellings.insert(Box::from(*spelling), number);
            }
        }
        types
    }

    /// The type that `segment` names, if it is standard or already registered.
    pub(crate) fn find(&self, segment: &str) -> Option<TypeNumber> {
        let spelling = self.canonical(segment);
        self.spellings.get(spelling.as_str()).copied()
    }

    /// The type that `segment` names; a custom type is registered on first use.
    pub(crate) fn resolve(&mut self, segment: &str) -> Result<TypeNumber, UnknownType> {
        let spelling = self.canonical(segment);
        if let Some(number) = self.spellings.get(spelling.as_str()) {
            return Ok(*number);
        }
        let unknown = if segment.starts_with(|letter: char| letter.is_ascii_digit()) {
            UnknownType::Id(segment.to_owned())
        } else {
            UnknownType::Name(segment.to_owned())
        };
        let number = u16::try_from(self.names.len()).map_err(|_| unknown.clone())?;
        if !is_custom(&spelling) {
            return Err(unknown);
        }
        self.names.push(Box::from(spelling.as_str()));
        self.spellings
            .insert(spelling.into_boxed_str(), TypeNumber(number));
        Ok(TypeNumber(number))
    }

    /// Lower case, with the short form of the account's own custom types expanded.
    fn canonical(&self, segment: &str) -> String {
        let spelling = segment.to_ascii_lowercase();
        match spelling.strip_prefix("p_") {
            Some(name) if !name.is_empty() => format!("p{}_{name}", self.portal_id),
            _ => spelling,
        }
    }

    /// The type's singular name, or a custom type's id or qualified name.
    pub(crate) fn name(&self, number: TypeNumber) -> &str {
        self.names
            .get(usize::from(number.0))
            .map_or("", |name| name)
    }
}

/// Whether a type of this name belongs to the account rather than to HubSpot.
pub(crate) fn is_custom(name: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(number) = name.strip_prefix("2-") {
        return !number.is_empty() && digits(number);
    }
    name.strip_prefix('p')
        .and_then(|rest| rest.split_once('_'))
        .is_some_and(|(portal, name)| !portal.is_empty() && digits(portal) && !name.is_empty())
}

/// The plural of a standard type's singular name; any other name unchanged.
pub(crate) fn plural(name: &str) -> &str {
    STANDARD
        .iter()
        .find(|(singular, ..)| *singular == name)
        .map_or(name, |(_, plural, _)| plural)
}

/// Whether `from` comes before `to`, or is the same: standard types in their order, then all others by name.
pub(crate) fn is_in_order(from: &str, to: &str) -> bool {
    let rank = |name: &str| {
        let standard = STANDARD.iter().position(|(singular, ..)| *singular == name);
        standard.unwrap_or(STANDARD.len())
    };
    (rank(from), from) <= (rank(to), to)
}

/// The id of a standard type that has a published one; any other name unchanged.
pub(crate) fn type_id(name: &str) -> &str {
    STANDARD
        .iter()
        .find(|(singular, ..)| *singular == name)
        .and_then(|(.., id)| *id)
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_type_is_the_same_type() {
        let mut types = ObjectTypes::new(77);
        for spellings in [
            &["contact", "contacts", "CONTACTS", "Contact", "0-1"][..],
            &["company", "companies", "0-2"],
            &["line_item", "line_items", "LINE_ITEMS"],
            &["p_vendor", "P77_vendor", "p77_vendor"],
            &["2-1234567"],
        ] {
            let first = types.resolve(spellings[0]).unwrap();
            for spelling in spellings {
                assert_eq!(types.resolve(spelling), Ok(first), "{spelling}");
                assert_eq!(types.find(spelling), Some(first), "{spelling}");
            }
        }
        assert_ne!(types.resolve("p78_vendor"), types.resolve("p_vendor"));
    }

    #[test]
    fn two_types_have_an_order_that_does_not_depend_on_their_first_use() {
        for (first, second) in [("contact", "company"), ("fee", "2-7"), ("2-7", "p1_vendor")] {
            assert!(is_in_order(first, second) && !is_in_order(second, first));
            assert!(is_in_order(first, first));
        }
    }

    #[test]
    fn unknown_names_and_ids_are_distinguished_and_not_stored() {
        let mut types = ObjectTypes::new(77);
        let before = types.names.len();
        for name in [
            "widgets",
            "vendor",
            "p_",
            "px_vendor",
            "contactss",
            "pvendor",
        ] {
            assert_eq!(types.resolve(name), Err(UnknownType::Name(name.into())));
        }
        for id in ["0-9999", "2-", "2-x", "0-", "7", "1-1"] {
            assert_eq!(types.resolve(id), Err(UnknownType::Id(id.into())));
        }
        assert_eq!(types.names.len(), before);
    }
}
