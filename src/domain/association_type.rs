//! The type of an association, as the API lists it. Pure.

use std::fmt;
use std::fmt::Write as _;

use smol_str::SmolStr;

/// The category of the types that HubSpot defines.
const HUBSPOT_DEFINED: &str = "HUBSPOT_DEFINED";

/// The label of the type that HubSpot gives to the first company of a record
/// (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>).
const PRIMARY: &str = "primary";

/// One type of an association. Its id is unique only within its category and direction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssociationType {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED`, `INTEGRATOR_DEFINED` or a later one.
    pub category: SmolStr,
    /// Its id.
    pub type_id: u64,
    /// Its label; `None` for the unlabelled type.
    pub label: Option<SmolStr>,
}

impl AssociationType {
    /// Whether a user or a program set it as a label. HubSpot sets the primary type by itself, so that one is no label.
    #[must_use]
    pub fn is_label(&self) -> bool {
        self.label.is_some() && !self.is_primary()
    }

    /// Whether both have the same category and id. Their labels may differ: a label can be renamed.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.type_id == other.type_id && self.category == other.category
    }

    /// The type at the beginning of a list that is written as by [`fmt::Display`] and separated by `;`, and the rest of the
    /// list; `None` if it is no such list.
    #[must_use]
    pub fn parse_first(list: &str) -> Option<(Self, &str)> {
        let (category, rest) = list.split_once(':')?;
        let (id, rest) = rest.split_once(':')?;
        let is_digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let type_id = id.parse().ok().filter(|_| is_digits)?;
        let mut label = String::new();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next() {
                None => break rest.len(),
                Some((place, ';')) => break place,
                Some((_, '\\')) => label.push(chars.next()?.1),
                Some((_, other)) => label.push(other),
            }
        };
        let parsed = Self {
            category: category.into(),
            type_id,
            label: (!label.is_empty()).then(|| label.into()),
        };
        let after = &rest[end..];
        Some((parsed, after.strip_prefix(';').unwrap_or(after)))
    }

    /// Whether it is HubSpot's primary type.
    #[must_use]
    pub fn is_primary(&self) -> bool {
        self.category == HUBSPOT_DEFINED
            && self
                .label
                .as_ref()
                .is_some_and(|label| label.eq_ignore_ascii_case(PRIMARY))
    }
}

impl fmt::Display for AssociationType {
    /// `CATEGORY:ID:label`; nothing after the last colon for the unlabelled type. A backslash stands before a `;` or a
    /// backslash in a label, so that types can be listed with `;` between them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:", self.category, self.type_id)?;
        for character in self.label.as_deref().unwrap_or_default().chars() {
            if matches!(character, ';' | '\\') {
                formatter.write_char('\\')?;
            }
            formatter.write_char(character)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(category: &str, type_id: u64, label: Option<&str>) -> AssociationType {
        AssociationType {
            category: category.into(),
            type_id,
            label: label.map(SmolStr::from),
        }
    }

    #[test]
    fn only_the_primary_type_of_hubspot_is_no_label() {
        for (category, label, is_label) in [
            ("HUBSPOT_DEFINED", None, false),
            ("HUBSPOT_DEFINED", Some("Primary"), false),
            ("USER_DEFINED", Some("Primary"), true),
            ("HUBSPOT_DEFINED", Some("Billing contact"), true),
        ] {
            assert_eq!(
                of(category, 1, label).is_label(),
                is_label,
                "{category} {label:?}"
            );
        }
    }

    #[test]
    fn it_is_shown_with_category_id_and_label() {
        let decision_maker = of("USER_DEFINED", 37, Some("Decision maker"));
        assert_eq!(decision_maker.to_string(), "USER_DEFINED:37:Decision maker");
        assert_eq!(
            of("HUBSPOT_DEFINED", 279, None).to_string(),
            "HUBSPOT_DEFINED:279:"
        );
        let separated = of("USER_DEFINED", 11, Some("Sales; EMEA\\"));
        assert_eq!(separated.to_string(), r"USER_DEFINED:11:Sales\; EMEA\\");
    }
}
