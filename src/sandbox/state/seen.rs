//! What the sandbox received: the server's side of a rehearsal, for tests and for the final summary.

use std::collections::BTreeMap;

use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::labels;
use crate::sandbox::data::labels::{AssociationType, TypeSet};
use crate::sandbox::data::object_types::ObjectTypes;
use crate::sandbox::state::buckets::WindowSeen;
use crate::sandbox::state::store::{Link, Store};

/// A snapshot. Taking one copies the state of every pair.
#[derive(Clone)]
pub struct Seen {
    /// All requests that arrived.
    pub requests: u64,
    /// Complete replies by status.
    pub replies: BTreeMap<u16, u64>,
    /// Connections that a fault took over instead of a complete reply.
    pub broken: u64,
    /// Requests refused because the rolling window was full.
    pub over_window: u64,
    /// Requests refused because the daily limit was used up.
    pub over_day: u64,
    /// The most requests that arrived in any rolling window, including refused ones and excluding exempt ones.
    pub peak_in_window: usize,
    /// The window of calls for records and properties.
    pub general: WindowSeen,
    /// The window of searches.
    pub search: WindowSeen,
    /// Requests by the name of their call: `pair`, `batch`, `read`, `links`, `records`, `search` …
    pub calls: BTreeMap<&'static str, u64>,
    /// The keys and ids in accepted batch reads of records, repeated ones included.
    pub records_asked: u64,
    /// Requests that counted against the current day.
    pub used_today: u64,
    /// Access tokens issued.
    pub tokens_issued: usize,
    /// Pairs requested by single calls, each direction counted separately.
    pub pairs_put: usize,
    /// Pairs that are associated, both directions counted as one.
    pub pairs_associated: usize,
    pub(crate) store: Store,
    pub(crate) object_types: ObjectTypes,
}

/// What was received for one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairSeen {
    /// Single calls for exactly this direction, including refused ones; saturates at 65,535.
    pub puts: u16,
    /// Whether the two records are associated.
    pub associated: bool,
}

impl Seen {
    /// How many requests were throttled, by the limits or by a fault.
    #[must_use]
    pub fn throttled(&self) -> u64 {
        self.replies.get(&429).copied().unwrap_or_default()
    }

    /// How many requests were for the call of this name.
    #[must_use]
    pub fn calls(&self, name: &str) -> u64 {
        self.calls.get(name).copied().unwrap_or_default()
    }

    /// The counts of a pair; types in any spelling. Zero if a type or an id is unknown.
    #[must_use]
    pub fn pair(&self, from_type: &str, from_id: &str, to_type: &str, to_id: &str) -> PairSeen {
        let link = self.link(from_type, from_id, to_type, to_id);
        let state = link.map(|link| self.store.state(link)).unwrap_or_default();
        PairSeen {
            puts: state.puts,
            associated: !state.types.is_empty(),
        }
    }

    /// The association types of a pair in this direction, as `CATEGORY:ID`; types in any spelling.
    #[must_use]
    pub fn types(&self, from_type: &str, from_id: &str, to_type: &str, to_id: &str) -> Vec<String> {
        let Some(link) = self.link(from_type, from_id, to_type, to_id) else {
            return Vec::new();
        };
        let [from, to] =
            [link.from_type, link.to_type].map(|number| self.object_types.name(number));
        names(&labels::between(from, to), self.store.state(link).types)
    }

    /// All links from one type to another: both ids, in ascending order, and the association types as `CATEGORY:ID`.
    #[must_use]
    pub fn links(&self, from_type: &str, to_type: &str) -> Vec<(String, String, Vec<String>)> {
        links_between(&self.store, &self.object_types, from_type, to_type)
    }

    fn link(&self, from_type: &str, from_id: &str, to_type: &str, to_id: &str) -> Option<Link> {
        Some(Link {
            from_type: self.object_types.find(from_type)?,
            from: RecordId::parse(from_id)?,
            to_type: self.object_types.find(to_type)?,
            to: RecordId::parse(to_id)?,
        })
    }
}

/// All links from one type to another; none if a type is unknown.
pub(crate) fn links_between(
    store: &Store,
    object_types: &ObjectTypes,
    from_type: &str,
    to_type: &str,
) -> Vec<(String, String, Vec<String>)> {
    let (Some(from_type), Some(to_type)) =
        (object_types.find(from_type), object_types.find(to_type))
    else {
        return Vec::new();
    };
    let types = labels::between(object_types.name(from_type), object_types.name(to_type));
    store
        .all_associated(from_type, to_type)
        .map(|(from, to, set)| {
            let [from, to] = [from, to].map(|id| id.value().to_string());
            (from, to, names(&types, set))
        })
        .collect()
}

/// The types of a set, as `CATEGORY:ID`.
fn names(types: &[AssociationType], set: TypeSet) -> Vec<String> {
    types
        .iter()
        .filter(|kind| set.has(kind.set))
        .map(|kind| format!("{}:{}", kind.category, kind.number))
        .collect()
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Seen")
            .field("requests", &self.requests)
            .field("replies", &self.replies)
            .field("broken", &self.broken)
            .field("over_window", &self.over_window)
            .field("over_day", &self.over_day)
            .field("peak_in_window", &self.peak_in_window)
            .field("general", &self.general)
            .field("search", &self.search)
            .field("calls", &self.calls)
            .field("records_asked", &self.records_asked)
            .field("used_today", &self.used_today)
            .field("tokens_issued", &self.tokens_issued)
            .field("pairs_put", &self.pairs_put)
            .field("pairs_associated", &self.pairs_associated)
            .finish_non_exhaustive()
    }
}
