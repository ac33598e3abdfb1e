//! The category and the id of an association type, as a flag names it.

use std::fmt;
use std::str::FromStr;

use smol_str::SmolStr;

use crate::domain::association_type::AssociationType;

/// A category and an id: an id alone is not unique
/// (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelId {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED`, `INTEGRATOR_DEFINED` or a later one.
    pub category: SmolStr,
    /// The id within the category and a direction.
    pub type_id: u64,
}

impl LabelId {
    /// The id of a type.
    #[must_use]
    pub fn of(label: &AssociationType) -> Self {
        Self {
            category: label.category.clone(),
            type_id: label.type_id,
        }
    }

    /// Whether it is the id of this type.
    #[must_use]
    pub fn is_of(&self, label: &AssociationType) -> bool {
        self.type_id == label.type_id && self.category == label.category
    }
}

impl fmt::Display for LabelId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.category, self.type_id)
    }
}

/// The text is no [`LabelId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a category and an id, such as `USER_DEFINED:37`")]
pub struct LabelIdError;

impl FromStr for LabelId {
    type Err = LabelIdError;

    /// Accepts `CATEGORY:ID`; the case of the category has no meaning.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (category, id) = text.trim().split_once(':').ok_or(LabelIdError)?;
        let category = category.trim().to_ascii_uppercase();
        let is_word = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let is_category = !category.is_empty() && category.bytes().all(is_word);
        let id = id.trim();
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        match id.parse() {
            Ok(type_id) if is_category && is_number => Ok(Self {
                category: category.into(),
                type_id,
            }),
            _ => Err(LabelIdError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_named_by_category_and_id() {
        for text in ["USER_DEFINED:37", " user_defined : 037 "] {
            let id: LabelId = text.parse().unwrap();
            assert_eq!(id.to_string(), "USER_DEFINED:37", "{text}");
        }
        for text in [
            "37",
            "",
            ":",
            "USER_DEFINED:",
            ":37",
            "USER DEFINED:37",
            "A:-1",
            "A:+1",
            "A:1.0",
        ] {
            assert_eq!(text.parse::<LabelId>(), Err(LabelIdError), "{text}");
        }
    }
}
