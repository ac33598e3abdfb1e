//! The calls that find records by the values of a property: which call, for which type, with which body. Pure.
//!
//! They are documented in
//! <https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/batch/post-crm-v3-objects-contacts-batch-read> and
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm>.

use crate::domain::pair::ObjectType;

/// Which call looks values up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// The batch read of objects, for properties with unique values.
    BatchRead,
    /// The search, for all others.
    Search,
}

impl Route {
    /// Both calls.
    pub const BOTH: [Self; 2] = [Self::BatchRead, Self::Search];
}

/// A call, except for the version of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupCall {
    /// The type of the records.
    pub object_type: ObjectType,
    /// Which call.
    pub route: Route,
    /// The JSON that is sent.
    pub body: Vec<u8>,
}
