//! The calls that read or remove links: which call, for which types, with which body. Pure.
//!
//! They are documented in
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>.

use crate::domain::pair::ObjectType;

/// The size limit of a reply. The links of 1,000 records can take more: then fewer records are asked at once.
pub const MAX_LINK_REPLY_BYTES: usize = 16 << 20;

/// Which call reads or removes links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkRoute {
    /// `batch/read`: lists the links of up to 1,000 records, 500 per record and page.
    Read,
    /// `batch/archive`: removes all types of the pairs in it.
    Archive,
    /// `batch/labels/archive`: removes some types of the pairs in it.
    ArchiveLabels,
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
