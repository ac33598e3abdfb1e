//! Why an input cannot be read without further flags for keys. Pure.

use std::borrow::Cow;

use crate::domain::pair::ObjectType;
use crate::domain::property_name::PropertyName;
use crate::input::columns::key_flags::KeyFlags;
use crate::input::columns::keys_for_ids::KeysForIds;

/// Why an input cannot be read without further flags for keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The id columns hold emails or domains, and no flag says so.
    #[error("{}, where record ids are expected", .0.what)]
    KeysForIds(KeysForIds),
    /// The property is known not to be unique, and the search is not allowed.
    #[error(
        "the property `{property}` of {object_type} is not unique: only the search finds its values"
    )]
    NotUnique {
        /// The type of the records.
        object_type: ObjectType,
        /// The property.
        property: PropertyName,
    },
}

impl KeyError {
    /// The flags that the command needs.
    pub(crate) fn flags(&self) -> Cow<'_, KeyFlags> {
        match self {
            Self::KeysForIds(keys) => Cow::Borrowed(&keys.flags),
            Self::NotUnique { .. } => Cow::Owned(KeyFlags::search()),
        }
    }
}
