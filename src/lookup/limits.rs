//! How much a lookup keeps in memory, and how long it waits.

use std::time::Duration;

/// The memory of a lookup.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Maximum number of rows that wait for their keys. Each has two keys at most, so this bounds the keys too.
    pub(crate) rows: usize,
    /// Maximum length of the keys of these rows, together.
    pub(crate) row_bytes: usize,
    /// The memory of the keys and their answers. When it is reached, the keys that no waiting row needs are removed; if they
    /// occur again, they are asked again.
    pub(crate) cache_bytes: usize,
}

impl Limits {
    /// Room for over half a million email addresses.
    pub(crate) const USUAL: Self = Self {
        rows: 10_000,
        row_bytes: 4 << 20,
        cache_bytes: 40 << 20,
    };
}

/// Maximum number of properties, each of an object type.
pub(crate) const MAX_PROPERTIES: usize = 1000;

/// An incomplete request is sent after this time if the first row waits for it, so that rows from a slow pipe are not held
/// back.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// A key that the search does not find is asked once more after this time: a new record is found by the search only after
/// some seconds.
pub(crate) const SEARCH_LAG: Duration = Duration::from_secs(12);

/// The keys that are not found within this time are asked once more together, when the first of them is due.
pub(crate) const RECHECK_WINDOW: Duration = Duration::from_secs(4);
