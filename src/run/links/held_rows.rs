//! Rows that wait in the stage because another row writes the same link.

use std::time::Instant;

use jiff::Timestamp;

use crate::domain::association_type::AssociationType;
use crate::domain::outcome::OutcomeKind;
use crate::domain::pair::Pair;
use crate::links::read::found::LinksFound;
use crate::run::links::decide::{Next, after_read};
use crate::run::links::open_links::{OpenLinks, is_same_direction};
use crate::run::links::row::LinkRow;
use crate::run::links::stage::LinkStage;
use crate::run::row::SendableRow;

impl LinkStage {
    /// The number of rows that are held.
    pub(super) fn rows_held(&self) -> usize {
        let open_links = self.open_links.as_ref();
        open_links.map_or(0, OpenLinks::rows_held)
    }

    /// Whether no row can leave before one that was sent has its outcome.
    pub(crate) fn has_only_held_rows(&self) -> bool {
        self.len() == self.rows_held()
    }

    /// Whether rows are held, and that no other row can enter or leave before one that was sent has its outcome.
    pub(crate) fn is_blocked(&self) -> bool {
        self.rows_held() > 0 && self.has_only_held_rows() && !self.has_room()
    }

    /// Reads the links of a row.
    pub(super) fn read_links(&mut self, row: LinkRow, now: Instant) {
        let pair = row.pair.clone();
        self.reads.push(row, &pair, now);
    }

    /// Takes the next row whose links are known.
    pub(super) fn next_read(&mut self) -> Option<(LinkRow, LinksFound)> {
        let continued = self.continued.pop_front();
        continued.or_else(|| self.reads.pop_row())
    }

    /// Decides how a row continues whose links are known.
    pub(super) fn after_read(&mut self, row: LinkRow, found: LinksFound, now: Timestamp) -> Next {
        let Some(open_links) = &mut self.open_links else {
            return after_read(self.settings.purpose, row, found, now);
        };
        let pair = row.pair.clone();
        let known = open_links.is_awaited(&pair).then(|| found.clone());
        let next = after_read(self.settings.purpose, row, found, now);
        if let Next::Finish(_) = next {
            self.close_link(&pair, known);
        }
        next
    }

    /// A row that was sent has this outcome: the next row with its link continues.
    pub(crate) fn row_ended(&mut self, row: &SendableRow, kind: OutcomeKind) {
        let Some(open_links) = &mut self.open_links else {
            return;
        };
        let sent = row.labels.as_ref().filter(|_| {
            // Otherwise it is not known which labels the link has now.
            kind == OutcomeKind::Associated && open_links.is_awaited(&row.pair)
        });
        let known = sent.map(|labels| LinksFound::Known {
            types: labels.sent.iter().cloned().collect(),
            seen: [true; 2],
        });
        self.close_link(&row.pair, known);
    }

    fn close_link(&mut self, pair: &Pair, known: Option<LinksFound>) {
        let open_links = self.open_links.as_mut();
        let Some(row) = open_links.and_then(|links| links.close(pair)) else {
            return;
        };
        let known =
            known.filter(|known| is_same_direction(&row.pair, pair) && is_enough(known, &row));
        match known {
            Some(found) => self.continued.push_back((row, found)),
            None => self.to_read.push(row),
        }
    }
}

/// Whether these links say all that is needed for a row. Types that HubSpot sets by itself are not among the labels that a row
/// sends, so a row that asks for one must read whether it is there.
fn is_enough(found: &LinksFound, row: &LinkRow) -> bool {
    match (found, &row.labels) {
        (LinksFound::Known { types, .. }, Some(asked)) => {
            asked.missing_in(types).all(AssociationType::is_label)
        }
        (LinksFound::Known { .. }, None) => false,
        (LinksFound::Unknown(_), _) => true,
    }
}
