//! What the links of a record mean for its rows. Pure.

use std::sync::Arc;

use crate::domain::outcome::Details;
use crate::links::read::found::Found;
use crate::links::read::link_read::Side;
use crate::links::read::link_reads::LinkReads;
use crate::links::read::translation::Translated;

/// What is known about the links of a record that were not listed.
#[derive(Clone, Debug)]
pub(crate) enum Rest {
    /// There are none.
    NotLinked,
    /// They could not be read from this side.
    Unread(Arc<Found>),
    /// They could not be read, and are not asked from the other side.
    Failed(Arc<Found>),
}

impl Rest {
    pub(crate) fn unread(details: &Arc<Details>) -> Self {
        Self::Unread(Arc::new(Found::Unknown(Arc::clone(details))))
    }
}

impl<R> LinkReads<R> {
    /// Settles a row whose link is listed on this side.
    pub(super) fn settle_listed(&mut self, row: u32, side: Side, found: &Arc<Found>) {
        let waiting = self.rows.get_mut(row);
        waiting.seen = [true; 2];
        let types = waiting.types;
        let inverse = waiting.found.take();
        match (side, inverse) {
            (Side::Inverse, _) if self.limits.is_detailed => {
                let translations = &mut self.types.get_mut(types).translations;
                match translations.translate(found, row) {
                    Translated::Types(found) => self.settle(row, &found),
                    Translated::Waits => self.rows.get_mut(row).found = Some(Arc::clone(found)),
                    Translated::Ask => self.ask_for_types(row, found),
                }
            }
            (Side::Asked, Some(inverse)) => {
                self.settle(row, found);
                let translations = &mut self.types.get_mut(types).translations;
                for row in translations.set_known(&inverse, found) {
                    self.settle(row, found);
                }
            }
            _ => self.settle(row, found),
        }
    }

    /// Settles a row whose link is not listed on this side, or asks the other side.
    pub(super) fn settle_unlisted(&mut self, row: u32, side: Side, rest: &Rest) {
        let waiting = self.rows.get_mut(row);
        let types = waiting.types;
        if let Some(inverse) = waiting.found.take() {
            // The inverse side lists the link, so it is there: only its types in the direction of the row are not known.
            self.settle(row, &inverse);
            let translations = &mut self.types.get_mut(types).translations;
            for row in translations.set_failed(&inverse) {
                self.ask_for_types(row, &inverse);
            }
            return;
        }
        match (side, rest) {
            (Side::Inverse, Rest::NotLinked | Rest::Unread(_)) => {
                self.types.get_mut(types).to_ask.push(row);
            }
            (Side::Asked, Rest::NotLinked) => {
                let not_linked = Arc::clone(&self.not_linked);
                self.settle(row, &not_linked);
            }
            (_, Rest::Unread(found) | Rest::Failed(found)) => self.settle(row, found),
        }
    }

    /// Makes a row whose link is listed on the inverse side wait for its types in its own direction.
    fn ask_for_types(&mut self, row: u32, inverse: &Arc<Found>) {
        let waiting = self.rows.get_mut(row);
        waiting.found = Some(Arc::clone(inverse));
        let types = waiting.types;
        self.types.get_mut(types).to_ask.push(row);
    }

    fn settle(&mut self, row: u32, found: &Arc<Found>) {
        let waiting = self.rows.get_mut(row);
        waiting.found = Some(Arc::clone(found));
        let types = self.types.get_mut(waiting.types);
        types.rows -= 1;
        match **found {
            Found::Linked(_) => types.count(true),
            Found::NotLinked => types.count(false),
            Found::Unknown(_) => {}
        }
        self.ready.push_back(row);
    }
}
