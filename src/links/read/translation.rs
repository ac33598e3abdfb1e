//! The types of links in the direction of the row, for links that were read from the other direction. Pure.
//!
//! Each direction of a link has types of its own, with other ids and sometimes other labels. The types of one direction
//! determine those of the other, so a few rows with the same types are read from both sides, and the result holds for all.

use std::sync::Arc;

use crate::links::read::found::Found;

/// How many rows with the same types are read from both sides, in case a link is gone by then or one cannot be read.
const SAMPLES: u32 = 3;

/// Maximum number of sets of types whose translation is remembered.
const MAX_KNOWN: usize = 64;

/// What to do with a row whose link was read from the inverse side.
#[derive(Debug)]
pub(crate) enum Translated {
    /// It has these types.
    Types(Arc<Found>),
    /// It waits for the rows that are read from both sides.
    Waits,
    /// It is to be read from both sides.
    Ask,
}

#[derive(Debug)]
enum State {
    /// This number of rows is being read from both sides, and the other rows wait for them.
    Asking {
        samples: u32,
        waiting: Vec<u32>,
    },
    Known(Arc<Found>),
    /// No row could be read from both sides: each is asked by itself.
    Failed,
}

/// The translations of a pair of types.
#[derive(Debug, Default)]
pub(crate) struct Translations {
    sets: Vec<(Arc<Found>, State)>,
}

impl Translations {
    /// Whether no translation is known.
    pub(crate) fn is_empty(&self) -> bool {
        !self
            .sets
            .iter()
            .any(|(_, state)| matches!(state, State::Known(_)))
    }

    /// What to do with a row whose link has these types in the inverse direction.
    pub(crate) fn translate(&mut self, inverse: &Arc<Found>, row: u32) -> Translated {
        match self.state(inverse) {
            Some(State::Known(types)) => return Translated::Types(Arc::clone(types)),
            Some(State::Failed) => return Translated::Ask,
            Some(State::Asking { samples, waiting }) => {
                // Until the first of them is known, further rows cost nothing more.
                if *samples < SAMPLES && waiting.is_empty() {
                    *samples += 1;
                    return Translated::Ask;
                }
                waiting.push(row);
                return Translated::Waits;
            }
            None => {}
        }
        self.make_room();
        let waiting = Vec::new();
        self.sets.push((
            Arc::clone(inverse),
            State::Asking {
                samples: 1,
                waiting,
            },
        ));
        Translated::Ask
    }

    /// Stores the types of a row that was read from both sides; returns the rows that waited for them.
    pub(crate) fn set_known(&mut self, inverse: &Arc<Found>, types: &Arc<Found>) -> Vec<u32> {
        let Some(state) = self.state(inverse) else {
            return Vec::new();
        };
        match std::mem::replace(state, State::Known(Arc::clone(types))) {
            State::Asking { waiting, .. } => waiting,
            State::Known(_) | State::Failed => Vec::new(),
        }
    }

    /// Records that a row could not be read from both sides; returns the rows that are now to be read so themselves.
    pub(crate) fn set_failed(&mut self, inverse: &Arc<Found>) -> Vec<u32> {
        let Some(state) = self.state(inverse) else {
            return Vec::new();
        };
        if let State::Asking { samples, waiting } = state {
            *samples = samples.saturating_sub(1);
            if *samples == 0 {
                let waiting = std::mem::take(waiting);
                *state = State::Failed;
                return waiting;
            }
        }
        Vec::new()
    }

    fn state(&mut self, inverse: &Arc<Found>) -> Option<&mut State> {
        let mut sets = self.sets.iter_mut();
        let found = sets.find(|(known, _)| Arc::ptr_eq(known, inverse) || known == inverse)?;
        Some(&mut found.1)
    }

    fn make_room(&mut self) {
        if self.sets.len() < MAX_KNOWN {
            return;
        }
        let is_done = |(_, state): &(_, State)| !matches!(state, State::Asking { .. });
        if let Some(place) = self.sets.iter().position(is_done) {
            self.sets.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::association_type::AssociationType;

    fn types(type_id: u64) -> Arc<Found> {
        let category = "HUBSPOT_DEFINED".into();
        let label = None;
        Arc::new(Found::Linked(vec![AssociationType {
            category,
            type_id,
            label,
        }]))
    }

    #[test]
    fn a_few_rows_are_read_from_both_sides_and_the_others_get_their_types() {
        let mut translations = Translations::default();
        let asked = (0..5).map(|row| translations.translate(&types(280), row));
        let asked: Vec<bool> = asked.map(|next| matches!(next, Translated::Ask)).collect();
        assert_eq!(asked, [true, true, true, false, false]);
        assert!(translations.is_empty());
        assert_eq!(translations.set_failed(&types(280)), [0; 0]);
        assert_eq!(translations.set_known(&types(280), &types(279)), [3, 4]);
        match translations.translate(&types(280), 9) {
            Translated::Types(known) => assert_eq!(known, types(279)),
            other => panic!("{other:?}"),
        }
        // Of other types nothing is known.
        assert!(matches!(
            translations.translate(&types(2), 9),
            Translated::Ask
        ));
    }

    #[test]
    fn where_none_can_be_read_from_both_sides_each_row_is_asked_by_itself() {
        let mut translations = Translations::default();
        for row in 0..4 {
            translations.translate(&types(280), row);
        }
        assert_eq!(translations.set_failed(&types(280)), [0; 0]);
        assert_eq!(translations.set_failed(&types(280)), [0; 0]);
        assert_eq!(translations.set_failed(&types(280)), [3]);
        assert!(matches!(
            translations.translate(&types(280), 5),
            Translated::Ask
        ));
        // One that can be read ends that.
        translations.set_known(&types(280), &types(279));
        assert!(matches!(
            translations.translate(&types(280), 6),
            Translated::Types(_)
        ));
    }

    #[test]
    fn memory_is_bounded_but_rows_that_wait_are_kept() {
        let mut translations = Translations::default();
        for row in 0..4 {
            translations.translate(&types(7), row);
        }
        for id in 1000..2000 {
            translations.translate(&types(id), 9);
            translations.set_known(&types(id), &types(1));
        }
        assert_eq!(translations.sets.len(), MAX_KNOWN);
        assert_eq!(translations.set_known(&types(7), &types(8)), [3]);
    }
}
