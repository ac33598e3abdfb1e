//! The links that several rows of a report have in common. Pure.

use std::collections::{HashMap, HashSet};

use crate::undo::labelled_link::LabelledLink;

/// What is done with a link that several rows have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SharedPair {
    /// It is kept: this row shows that it existed before.
    ExistedIn(u64),
    /// It is removed once, in this row.
    RemovedIn(u64),
    /// It has labels.
    Labelled(Box<LabelledLink>),
}

/// The links that several rows have in common, by their hashes.
#[derive(Debug, Default)]
pub struct SharedPairs {
    pairs: HashMap<u64, SharedPair>,
    /// The links whose row for the removal was met, with the order in which it names the records.
    taken: HashSet<(u64, bool)>,
}

impl SharedPairs {
    /// Whether no two rows have a link in common.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Adds a link.
    pub(crate) fn add(&mut self, link: u64, pair: SharedPair) {
        self.pairs.insert(link, pair);
    }

    /// What is done with the link; `None` if no other row has it.
    #[must_use]
    pub fn get(&self, link: u64) -> Option<&SharedPair> {
        self.pairs.get(&link)
    }

    /// Takes the removal of a link that several rows prove; `false` if an earlier row with the same order of the records
    /// took it.
    pub(crate) fn take(&mut self, link: u64, is_inverse: bool) -> bool {
        self.taken.insert((link, is_inverse))
    }

    /// Begins again with the first row of the report.
    pub fn rewind(&mut self) {
        self.taken.clear();
    }
}
