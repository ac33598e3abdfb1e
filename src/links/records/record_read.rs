//! One request that reads whether records exist. Pure.

use crate::links::records::states::{RecordKey, TypeNumber};
use crate::verdict::retry::AttemptCounts;

/// A request for distinct records of one type.
#[derive(Debug)]
pub(crate) struct RecordRead {
    /// The attempts for it so far.
    pub(crate) counts: AttemptCounts,
    /// How often it was refused for the credentials.
    pub(crate) refusals: u32,
    pub(super) object_type: TypeNumber,
    pub(super) records: Vec<RecordKey>,
    /// Whether it asks which records were merged into each.
    pub(super) asks_merged_ids: bool,
}

impl RecordRead {
    pub(super) fn new(object_type: TypeNumber, records: Vec<RecordKey>) -> Self {
        Self {
            counts: AttemptCounts::default(),
            refusals: 0,
            object_type,
            records,
            asks_merged_ids: true,
        }
    }

    /// The number of records that it asks for.
    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    /// Two requests of half as many records.
    pub(super) fn halves(self) -> [Self; 2] {
        let mut first = self.records;
        let second = first.split_off(first.len().div_ceil(2));
        [first, second].map(|records| Self::new(self.object_type, records))
    }
}
