//! How many rows are read together, and how long they wait for each other.

use std::time::Duration;

/// Maximum number of records per request
/// (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>).
const MAX_RECORDS: usize = 1000;

/// The bounds of a window: the rows whose records are read together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadLimits {
    /// Maximum number of rows, of all windows. A window is closed when it has as many.
    pub(crate) pairs: usize,
    /// A window is closed when no row has come for this long and no reply is awaited.
    pub(crate) idle: Duration,
    /// A window is closed at this age if there are no other rows.
    pub(crate) age: Duration,
    /// Maximum number of records per request.
    pub(crate) records: usize,
    /// Maximum length of a reply. Records whose links are estimated to need more are not read together.
    pub(crate) reply_bytes: usize,
    /// Whether the types of a link must be those in the direction of the row, and whether it matters which records were seen.
    /// Where it does not matter if a pair is linked by one type or another, this saves a few calls.
    pub(crate) is_detailed: bool,
    /// Whether links are read only from the side of the record that the row names first. The types of a link are then those
    /// that were listed for this link, and not those that links with the same types in the other direction have: what is
    /// written depends on them.
    pub(crate) asks_only: bool,
}

impl ReadLimits {
    /// For rows that are sent one by one afterwards. They are few, because each of them waits for its turn, and its link can
    /// change in the meantime: at 10 requests per second, the last row is sent 200 seconds after it was read.
    pub(crate) const SINGLE: Self = Self {
        pairs: 2000,
        ..Self::BATCH
    };

    /// For rows that are sent in batches afterwards, thousands per second.
    pub(crate) const BATCH: Self = Self {
        pairs: 50_000,
        idle: Duration::from_millis(100),
        age: Duration::from_secs(2),
        records: MAX_RECORDS,
        reply_bytes: 16 << 20,
        is_detailed: false,
        asks_only: false,
    };

    /// For rows that are only read. Larger windows have more rows per record.
    pub(crate) const VERIFY: Self = Self {
        pairs: 200_000,
        is_detailed: true,
        ..Self::BATCH
    };
}

/// The share of rows without a link that is expected before any row was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// All rows are linked.
    Present,
    /// No row is linked.
    Absent,
    /// Not known.
    Open,
}

impl Expectation {
    /// The share as a number.
    pub(crate) fn share(self) -> f64 {
        match self {
            Self::Present => 0.0,
            Self::Absent => 1.0,
            Self::Open => 0.5,
        }
    }
}
