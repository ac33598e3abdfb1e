//! The spellings of HubSpot's own object types. Pure.
//!
//! The API accepts singular and plural names in any case, and ids: `Contact`, `contacts` and `0-1` name one
//! type. Requests keep the spelling of the row; comparisons of types use [`canonical`].

/// Plural name, singular name, and the id where HubSpot publishes it. A type that is missing here equals only
/// itself, which at worst sends a pair twice; a wrong entry would skip one.
const STANDARD: [(&str, &str, Option<&str>); 12] = [
    ("contacts", "contact", Some("0-1")),
    ("companies", "company", Some("0-2")),
    ("deals", "deal", Some("0-3")),
    ("tickets", "ticket", Some("0-5")),
    ("tasks", "task", Some("0-27")),
    ("notes", "note", Some("0-46")),
    ("meetings", "meeting", Some("0-47")),
    ("calls", "call", Some("0-48")),
    ("emails", "email", Some("0-49")),
    ("services", "service", Some("0-162")),
    ("appointments", "appointment", Some("0-421")),
    ("line_items", "line_item", None),
];

/// The canonical spelling of a type: the plural name of a standard type, any other text unchanged.
#[must_use]
pub fn canonical(object_type: &str) -> &str {
    standard(object_type).unwrap_or(object_type)
}

/// The plural name of the standard type that `name` spells.
#[must_use]
pub fn standard(name: &str) -> Option<&'static str> {
    STANDARD
        .iter()
        .find(|(plural, singular, id)| {
            name.eq_ignore_ascii_case(plural)
                || name.eq_ignore_ascii_case(singular)
                || *id == Some(name)
        })
        .map(|&(plural, ..)| plural)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_a_standard_type_are_canonicalized() {
        for (spelling, name) in [
            ("contacts", "contacts"),
            ("Contact", "contacts"),
            ("CONTACTS", "contacts"),
            ("0-1", "contacts"),
            ("company", "companies"),
            ("0-421", "appointments"),
            ("Line_Item", "line_items"),
        ] {
            assert_eq!(canonical(spelling), name);
        }
    }

    #[test]
    fn any_other_type_is_unchanged() {
        for other in [
            "p_contacts",
            "2-1",
            "0-10",
            "0-01",
            "Vendor",
            "vendor",
            "contactss",
            "",
        ] {
            assert_eq!(canonical(other), other);
            assert_eq!(standard(other), None);
        }
    }

    #[test]
    fn no_spelling_names_two_types() {
        let mut spellings: Vec<&str> = STANDARD
            .iter()
            .flat_map(|&(plural, singular, id)| [Some(plural), Some(singular), id])
            .flatten()
            .collect();
        let count = spellings.len();
        spellings.sort_unstable();
        spellings.dedup();
        assert_eq!(spellings.len(), count);
    }
}
