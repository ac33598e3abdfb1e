//! A property by whose values records are looked up. Pure.

use std::sync::Arc;

use crate::api::lookup_call::Route;
use crate::domain::key_kind::{KeyKind, SECONDARY_EMAILS};
use crate::domain::pair::ObjectType;

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

    /// Whether both name the same values of the same records.
    #[must_use]
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.name == other.name && self.object_type.is_same_as(&other.object_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
