//! Collects which links of a report stand in more than one row. Pure.
//!
//! A row takes 32 bytes: a hash of its link, its number, its time, and what it shows.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::domain::label_set::LabelSet;
use crate::domain::proof::ExistedBefore;
use crate::undo::labelled_link::{LabelUse, LabelledLink};
use crate::undo::link_row::LinkRow;
use crate::undo::shared_pairs::{SharedPair, SharedPairs};

/// What a row shows about its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    /// It existed before. Also of rows that were not sent.
    Existed,
    /// The import made it.
    Made,
    /// Nothing, but the row is associated.
    Nothing,
}

/// A row with the hash of its link.
#[derive(Clone, Copy, Debug)]
struct Use {
    link: u64,
    row: u64,
    /// In milliseconds; 0 for a row without labels.
    finished_at: i64,
    /// The place of its labels; [`NO_LABELS`] for a row without labels.
    labels: u32,
    /// The place of its portal.
    portal: u16,
    shows: Shows,
    is_inverse: bool,
}

/// The place of labels of a row without labels.
const NO_LABELS: u32 = u32::MAX;

/// The place of a portal that the line does not name.
const NO_PORTAL: u16 = u16::MAX;

/// The labels that a row asks for, and those of them that it proves to have added.
type RowLabels = (LabelSet, Option<LabelSet>);

/// The rows of a report, by what they show about their links.
#[derive(Debug, Default)]
pub struct PairUses {
    uses: Vec<Use>,
    /// The labels of rows, each combination once.
    labels: Vec<RowLabels>,
    places: HashMap<RowLabels, u32>,
    portals: Vec<u64>,
}

impl PairUses {
    /// Adds a row, in the order of the report.
    pub fn add(&mut self, row: &LinkRow<'_>) {
        let shows = match row.existed_before {
            Some(ExistedBefore::Yes) => Shows::Existed,
            _ if row.is_proved() => Shows::Made,
            _ if row.is_associated => Shows::Nothing,
            _ => return,
        };
        let labels = row
            .labels
            .map_or(NO_LABELS, |asked| self.place_of(asked, row.proved_labels()));
        let portal = self.place_of_portal(row.portal);
        self.uses.push(Use {
            link: row.link_hash(),
            row: row.row,
            finished_at: row.finished_at.map_or(0, Timestamp::as_millisecond),
            labels,
            portal,
            shows,
            is_inverse: row.is_inverse(),
        });
    }

    fn place_of(&mut self, asked: &LabelSet, added: Option<&LabelSet>) -> u32 {
        let labels = (asked.clone(), added.cloned());
        if let Some(&place) = self.places.get(&labels) {
            return place;
        }
        let place = u32::try_from(self.labels.len()).unwrap_or(NO_LABELS);
        self.labels.push(labels.clone());
        self.places.insert(labels, place);
        place
    }

    fn place_of_portal(&mut self, portal: Option<u64>) -> u16 {
        let Some(portal) = portal else {
            return NO_PORTAL;
        };
        let place = self.portals.iter().position(|&known| known == portal);
        let place = place.unwrap_or_else(|| {
            // A report names one; an edited one with more than these proves nothing about the others.
            if self.portals.len() < usize::from(NO_PORTAL) {
                self.portals.push(portal);
            }
            self.portals.len() - 1
        });
        match self.portals.get(place) {
            Some(&known) if known == portal => u16::try_from(place).unwrap_or(NO_PORTAL),
            _ => NO_PORTAL,
        }
    }

    /// The links that several rows have in common, if links of `portal` are removed.
    #[must_use]
    pub fn into_shared(mut self, portal: Option<u64>) -> SharedPairs {
        let chosen = portal.map_or(NO_PORTAL, |portal| self.place_of_portal(Some(portal)));
        let is_chosen = |one: &Use| chosen != NO_PORTAL && one.portal == chosen;
        let mut uses = std::mem::take(&mut self.uses);
        // Links of another portal are other links.
        uses.retain(|one| one.shows != Shows::Made || is_chosen(one));
        // Stable: of rows that ended at the same time, the first one in the report comes first.
        uses.sort_by_key(|one| (one.link, one.finished_at));
        let mut shared = SharedPairs::default();
        for rows in uses.chunk_by(|one, next| one.link == next.link) {
            if rows.len() < 2 {
                continue;
            }
            if let Some(pair) = self.shared(rows, is_chosen) {
                shared.add(rows[0].link, pair);
            }
        }
        shared
    }

    /// What is done with the link of these rows, in the order in which they ended; `None` if each is decided by itself.
    fn shared(&self, rows: &[Use], is_chosen: impl Fn(&Use) -> bool) -> Option<SharedPair> {
        let existed = rows.iter().find(|one| one.shows == Shows::Existed);
        let made = rows.iter().position(|one| one.shows == Shows::Made);
        if rows.iter().all(|one| one.labels == NO_LABELS) {
            let made = &rows[made?];
            return Some(match existed {
                Some(one) => SharedPair::ExistedIn(one.row),
                None => SharedPair::RemovedIn(made.row),
            });
        }
        // Without labels, the time of a row is not known.
        let is_ordered = rows.iter().all(|one| one.labels != NO_LABELS);
        let made = made.filter(|&made| {
            let mut earlier = if is_ordered { &rows[..made] } else { rows }.iter();
            !earlier.any(|one| one.shows == Shows::Existed)
        });
        let uses = rows.iter().filter_map(|one| {
            let (asked, added) = self.labels.get(one.labels as usize)?;
            Some(LabelUse {
                row: one.row,
                is_inverse: one.is_inverse,
                asked,
                added: added.as_ref().filter(|_| is_chosen(one)),
            })
        });
        let uses: Vec<LabelUse<'_>> = uses.collect();
        let made = made.map(|made| (rows[made].row, rows[made].is_inverse));
        let existed = existed.map(|one| one.row);
        Some(SharedPair::Labelled(Box::new(LabelledLink::of(
            &uses, made, existed,
        ))))
    }
}
