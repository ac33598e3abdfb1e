//! Collects which links of a report stand in more than one row. Pure.
//!
//! A row takes 16 bytes: a hash of its link and its number.

use std::collections::BTreeMap;

use crate::domain::proof::ExistedBefore;
use crate::undo::link_row::LinkRow;
use crate::undo::shared_pairs::{SharedPair, SharedPairs};

/// A row with the hash of its link.
#[derive(Clone, Copy, Debug)]
struct Use {
    link: u64,
    row: u64,
}

/// The rows of a report, by what they show about their links.
#[derive(Debug, Default)]
pub struct PairUses {
    /// Rows whose link existed before, also those that were not sent.
    existed: Vec<Use>,
    /// Rows that prove that the import made the link, by portal.
    proved: BTreeMap<u64, Vec<Use>>,
    /// Associated rows that prove nothing.
    unproved: Vec<Use>,
}

impl PairUses {
    /// Adds a row, in the order of the report.
    pub fn add(&mut self, row: &LinkRow<'_>) {
        let list = match row.portal {
            _ if row.existed_before == Some(ExistedBefore::Yes) => &mut self.existed,
            Some(portal) if row.is_proved() => self.proved.entry(portal).or_default(),
            _ if row.is_associated => &mut self.unproved,
            _ => return,
        };
        list.push(Use {
            link: row.link_hash(),
            row: row.row,
        });
    }

    /// The links that several rows have in common, if links of `portal` are removed.
    #[must_use]
    pub fn into_shared(mut self, portal: Option<u64>) -> SharedPairs {
        let mut proved = portal
            .and_then(|portal| self.proved.remove(&portal))
            .unwrap_or_default();
        // Stable: the first row of each link comes first.
        proved.sort_by_key(|one| one.link);
        let first_of = |link: u64| {
            let place = proved.partition_point(|one| one.link < link);
            proved.get(place).filter(|one| one.link == link)
        };
        let mut shared = SharedPairs::default();
        for two in proved.windows(2).filter(|two| two[0].link == two[1].link) {
            shared.add(two[0].link, || SharedPair::RemovedIn(two[0].row));
        }
        for one in &self.unproved {
            if let Some(first) = first_of(one.link) {
                shared.add(one.link, || SharedPair::RemovedIn(first.row));
            }
        }
        for one in &self.existed {
            if first_of(one.link).is_some() {
                shared.replace(one.link, SharedPair::ExistedIn(one.row));
            }
        }
        shared
    }
}
