//! The id of the unlabelled association type from one object type to another.

use crate::sandbox::data::object_types;
use crate::sandbox::faults::random::Fingerprint;

/// Published ids, per direction.
const PUBLISHED: &[(&str, &str, u32)] = &[
    ("contact", "company", 279),
    ("company", "contact", 280),
    ("deal", "company", 341),
    ("company", "deal", 342),
    ("ticket", "company", 339),
    ("company", "ticket", 340),
    ("contact", "ticket", 15),
    ("ticket", "contact", 16),
    ("deal", "line_item", 19),
    ("line_item", "deal", 20),
    ("contact", "contact", 449),
    ("company", "company", 450),
    ("deal", "deal", 451),
    ("ticket", "ticket", 452),
];

/// The first invented id, well above the published ones.
const FIRST_INVENTED: u64 = 10_000;
const INVENTED: u64 = 80_000;

/// The id for this direction: the published one, or an invented one that is always the same.
pub(crate) fn number(from: &str, to: &str) -> u32 {
    if let Some((.., number)) = PUBLISHED
        .iter()
        .find(|(one, other, _)| *one == from && *other == to)
    {
        return *number;
    }
    let invented = FIRST_INVENTED + Fingerprint::of(&[from, to]) % INVENTED;
    u32::try_from(invented).unwrap_or(u32::MAX)
}

/// Who defined the association type.
pub(crate) fn category(from: &str, to: &str) -> &'static str {
    if object_types::is_custom(from) || object_types::is_custom(to) {
        "USER_DEFINED"
    } else {
        "HUBSPOT_DEFINED"
    }
}

/// HubSpot's example for line items lists the inverse first.
pub(crate) fn inverse_first(from: &str) -> bool {
    from == "line_item"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_pairs_have_their_number_in_each_direction() {
        assert_eq!(number("contact", "ticket"), 15);
        assert_eq!(number("ticket", "contact"), 16);
        assert_eq!(number("deal", "deal"), 451);
    }

    #[test]
    fn other_pairs_have_a_stable_number_of_their_own() {
        assert_eq!(number("note", "contact"), number("note", "contact"));
        assert_ne!(number("note", "contact"), number("contact", "note"));
        assert!(number("note", "contact") >= 10_000);
        assert_eq!(category("p7_vendor", "contact"), "USER_DEFINED");
    }
}
