//! One request that removes links. Pure.

use crate::domain::pair::ObjectType;
use crate::verdict::retry::AttemptCounts;

/// The two types of all pairs in a request, as their rows spell them.
pub(super) type Types = (ObjectType, ObjectType);

/// A request to remove the links of distinct pairs of the same two types.
#[derive(Debug)]
pub(crate) struct Removal {
    /// The attempts for it so far.
    pub(crate) counts: AttemptCounts,
    /// How often it was refused for the credentials.
    pub(crate) refusals: u32,
    pub(super) types: Types,
    /// The places of its rows.
    pub(super) rows: Vec<u32>,
}

impl Removal {
    pub(super) fn new(types: Types, rows: Vec<u32>) -> Self {
        Self {
            counts: AttemptCounts::default(),
            refusals: 0,
            types,
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
        let part = |rows: &[u32]| Self::new(self.types.clone(), rows.to_vec());
        parts.map(part).collect()
    }
}
