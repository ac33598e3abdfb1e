//! The calls that read or remove links: which call, for which types, with which body. Pure.
//!
//! They are documented in
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>.

use crate::domain::pair::ObjectType;

/// Which call reads or removes links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkRoute {
    /// `batch/read`: lists the links of up to 1,000 records, 500 per record and page.
    Read,
    /// `batch/archive`: removes all types of the pairs in it.
    Archive,
}

/// A call, except for the version of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkCall {
    /// The type of the records named first.
    pub from_type: ObjectType,
    /// The type of the records named second.
    pub to_type: ObjectType,
    /// Which call.
    pub route: LinkRoute,
    /// The JSON that is sent.
    pub body: Vec<u8>,
}
