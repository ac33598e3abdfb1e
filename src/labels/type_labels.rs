//! The association types between two object types.

use crate::domain::association_type::AssociationType;
use crate::domain::pair::ObjectType;

/// The association types from one object type to another, and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeLabels {
    /// The type of the records named first.
    pub from_type: ObjectType,
    /// The type of the records named second.
    pub to_type: ObjectType,
    /// The types in this direction, as HubSpot lists them.
    pub forward: Vec<AssociationType>,
    /// The types in the other direction; the same ones if both object types are the same.
    pub inverse: Vec<AssociationType>,
}
