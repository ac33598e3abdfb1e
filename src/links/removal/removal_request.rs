//! One request that removes links, or labels of links. Pure.

use crate::domain::pair::{ObjectType, Pair, Record, RecordId};
use crate::verdict::retry::AttemptCounts;

/// What the pairs of a request have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct GroupKey {
    /// The type of the records named first, as the rows spell it.
    pub(super) from_type: ObjectType,
    /// The type of the records named second.
    pub(super) to_type: ObjectType,
    /// Whether labels are removed, and the links stay.
    pub(super) is_for_labels: bool,
}

impl GroupKey {
    /// A pair of these types.
    pub(super) fn pair(&self, from: RecordId, to: RecordId) -> Pair {
        let record = |object_type: &ObjectType, id| Record {
            object_type: object_type.clone(),
            id,
        };
        Pair {
            from: record(&self.from_type, from),
            to: record(&self.to_type, to),
        }
    }
}

/// A request to remove the links of distinct pairs of the same two types, or labels of these links.
#[derive(Debug)]
pub(crate) struct Removal {
    /// The attempts for it so far.
    pub(crate) counts: AttemptCounts,
    /// How often it was refused for the credentials.
    pub(crate) refusals: u32,
    pub(super) key: GroupKey,
    /// The places of its rows.
    pub(super) rows: Vec<u32>,
}

impl Removal {
    pub(super) fn new(key: GroupKey, rows: Vec<u32>) -> Self {
        Self {
            counts: AttemptCounts::default(),
            refusals: 0,
            key,
            rows,
        }
    }

    /// The number of pairs in it.
    pub(crate) fn pairs(&self) -> usize {
        self.rows.len()
    }

    /// Requests of `size` pairs at most.
    pub(super) fn parts(self, size: usize) -> Vec<Self> {
        let parts = self.rows.chunks(size.max(1));
        let part = |rows: &[u32]| Self::new(self.key.clone(), rows.to_vec());
        parts.map(part).collect()
    }
}
