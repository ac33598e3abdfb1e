//! Refuses keys of a property that HubSpot's batch read is known to refuse, before anything is asked. Pure.

use crate::domain::key_kind::KeyKind;
use crate::domain::keyed_pair::{KeyedPair, RecordName};
use crate::domain::pair::ObjectType;
use crate::domain::property_name::PropertyName;
use crate::input::columns::resolve::{Columns, TypeSource};
use crate::input::settings::InputSettings;
use crate::input::validate::key::key_error::KeyError;

/// Checks the properties of an input.
#[derive(Debug)]
pub(crate) struct KeyGuard {
    /// The properties that may be refused; `None` where no row can be.
    properties: [Option<PropertyName>; 2],
}

impl KeyGuard {
    pub(crate) fn new(columns: &Columns, settings: &InputSettings) -> Self {
        let may_search = settings.allow_search;
        Self {
            properties: columns
                .properties
                .clone()
                .map(|property| property.filter(|_| !may_search)),
        }
    }

    /// Checks the types that all rows have.
    pub(crate) fn check_columns(&self, columns: &Columns) -> Result<(), KeyError> {
        let types = [&columns.from_type, &columns.to_type];
        for (source, property) in types.into_iter().zip(&self.properties) {
            if let (TypeSource::Fixed(object_type), Some(property)) = (source, property) {
                check(object_type, property)?;
            }
        }
        Ok(())
    }

    /// Checks the types of a row.
    pub(crate) fn check(&self, pair: &KeyedPair) -> Result<(), KeyError> {
        for (name, property) in [&pair.from, &pair.to].into_iter().zip(&self.properties) {
            if let (RecordName::Key { object_type, .. }, Some(property)) = (name, property) {
                check(object_type, property)?;
            }
        }
        Ok(())
    }
}

/// Domains of companies are the values that HubSpot is known not to keep unique.
fn check(object_type: &ObjectType, property: &PropertyName) -> Result<(), KeyError> {
    if KeyKind::of(object_type, property.as_str()) == KeyKind::Domain {
        return Err(KeyError::NotUnique {
            object_type: object_type.clone(),
            property: property.clone(),
        });
    }
    Ok(())
}
