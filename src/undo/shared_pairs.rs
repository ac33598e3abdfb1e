//! The links that several rows of a report have in common. Pure.

use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};

/// What is done with a link that several rows have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedPair {
    /// It is kept: this row shows that it existed before.
    ExistedIn(u64),
    /// It is removed once, in this row.
    RemovedIn(u64),
}

/// The links that several rows have in common, by their hashes.
#[derive(Debug, Default)]
pub struct SharedPairs {
    pairs: HashMap<u64, SharedPair>,
    /// The links whose row for the removal was met.
    taken: HashSet<u64>,
}

impl SharedPairs {
    /// Whether no two rows have a link in common.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Adds a link unless it is there.
    pub(crate) fn add(&mut self, link: u64, pair: impl FnOnce() -> SharedPair) {
        if let Entry::Vacant(place) = self.pairs.entry(link) {
            place.insert(pair());
        }
    }

    /// Adds a link whose first row shows that it existed before. Such a row counts more than others.
    pub(crate) fn replace(&mut self, link: u64, pair: SharedPair) {
        match self.pairs.get(&link) {
            Some(SharedPair::ExistedIn(_)) => {}
            _ => {
                self.pairs.insert(link, pair);
            }
        }
    }

    /// What is done with the link; `None` if no other row has it.
    #[must_use]
    pub fn get(&self, link: u64) -> Option<SharedPair> {
        self.pairs.get(&link).copied()
    }

    /// Takes the removal of a link that several rows prove; `false` if an earlier row took it.
    pub(crate) fn take(&mut self, link: u64) -> bool {
        self.taken.insert(link)
    }

    /// Begins again with the first row of the report.
    pub fn rewind(&mut self) {
        self.taken.clear();
    }
}
