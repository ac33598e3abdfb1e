//! What a reply to a lookup means. Pure.

use std::sync::Arc;

use crate::domain::outcome::Details;
use crate::lookup::reply::refusal::{Common, details};
use crate::lookup::reply::wire::WireError;
use crate::lookup::result::KeyResult;

/// What a reply to a lookup means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LookupReply {
    /// A result for each key, in the order of the keys.
    Keys(Vec<KeyResult>),
    /// A page of the search.
    Page(Page),
    /// The API refuses what all keys have in common.
    Refused(Common, Arc<Details>),
    /// A 2xx that cannot be read: why. A passing cause.
    Unreadable(&'static str),
    /// The status alone decides, by the same rules as for other requests.
    ByStatus,
}

/// A page of the results of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// For each key, the records on this page that match it, in the order of the keys.
    pub(crate) matches: Vec<Vec<u64>>,
    /// How many results all pages have together, as far as the reply says it.
    pub(crate) total: u64,
    /// Where the next page is.
    pub(crate) next: Option<Box<str>>,
}

impl LookupReply {
    /// A 2xx that is not what the call returns.
    pub(crate) const NOT_JSON: Self =
        Self::Unreadable("the reply to the lookup is not JSON of the HubSpot API");

    /// A 2xx of a call that has not ended.
    pub(crate) const INCOMPLETE: Self =
        Self::Unreadable("the reply to the lookup has a status other than COMPLETE");

    /// The reply to a refusal that names no key: it may concern one of them, so several are asked again with fewer others.
    pub(crate) fn open_or_refused(
        keys: usize,
        status: u16,
        error: Option<&WireError<'_>>,
        correlation_id: Option<&str>,
    ) -> Self {
        let result = match keys {
            0 | 1 => KeyResult::Refused(details(status, error, correlation_id)),
            _ => KeyResult::Open,
        };
        Self::Keys(vec![result; keys])
    }
}
