//! The stored associations, and how often each pair was requested.
//!
//! A sorted map holds both directions, so that listing one record's associations is a short range scan. About 100
//! bytes per pair: a rehearsal of millions fits in memory.

use std::collections::BTreeMap;

use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::object_types::TypeNumber;

/// One direction of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Link {
    pub(crate) from_type: TypeNumber,
    pub(crate) from: RecordId,
    pub(crate) to_type: TypeNumber,
    pub(crate) to: RecordId,
}

impl Link {
    pub(crate) fn inverse(self) -> Self {
        Self {
            from_type: self.to_type,
            from: self.to,
            to_type: self.from_type,
            to: self.from,
        }
    }
}

/// The state of one direction. Counts saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkState {
    /// Single calls for exactly this direction, including refused ones.
    pub(crate) puts: u16,
    /// Requests for it that passed the limits, single or in a batch.
    pub(crate) admitted: u16,
    pub(crate) associated: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Store {
    links: BTreeMap<Link, LinkState>,
}

impl Store {
    /// Counts a single call.
    pub(crate) fn note_put(&mut self, link: Link) {
        let state = self.links.entry(link).or_default();
        state.puts = state.puts.saturating_add(1);
    }

    /// Counts a request that passed the limits; returns how many passed before it.
    pub(crate) fn admit(&mut self, link: Link) -> u32 {
        let state = self.links.entry(link).or_default();
        let before = state.admitted;
        state.admitted = before.saturating_add(1);
        u32::from(before)
    }

    /// Associates both directions; idempotent.
    pub(crate) fn associate(&mut self, link: Link) {
        self.links.entry(link).or_default().associated = true;
        self.links.entry(link.inverse()).or_default().associated = true;
    }

    pub(crate) fn state(&self, link: Link) -> LinkState {
        self.links.get(&link).copied().unwrap_or_default()
    }

    /// The ids after `after` that the record is associated with, in ascending order.
    pub(crate) fn associated(
        &self,
        from_type: TypeNumber,
        from: RecordId,
        to_type: TypeNumber,
        after: RecordId,
    ) -> impl Iterator<Item = RecordId> {
        let at = |to| Link {
            from_type,
            from,
            to_type,
            to,
        };
        self.links
            .range(at(RecordId::MIN)..=at(RecordId::MAX))
            .filter(move |(link, state)| state.associated && link.to > after)
            .map(|(link, _)| link.to)
    }

    /// How many pairs were requested by single calls.
    pub(crate) fn pairs_put(&self) -> usize {
        self.links.values().filter(|state| state.puts > 0).count()
    }

    /// How many pairs are associated, both directions counted as one.
    pub(crate) fn pairs_associated(&self) -> usize {
        self.links
            .iter()
            .filter(|(link, state)| state.associated && **link <= link.inverse())
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::data::object_types::ObjectTypes;

    fn link(from: &str, to: &str) -> Link {
        let types = ObjectTypes::new(1);
        Link {
            from_type: types.find("contacts").unwrap(),
            from: RecordId::parse(from).unwrap(),
            to_type: types.find("companies").unwrap(),
            to: RecordId::parse(to).unwrap(),
        }
    }

    #[test]
    fn an_association_is_seen_from_both_sides_and_counted_once() {
        let mut store = Store::default();
        let pair = link("1", "2");
        store.note_put(pair);
        store.associate(pair);
        store.associate(pair);
        assert!(store.state(pair).associated && store.state(pair.inverse()).associated);
        assert_eq!(store.state(pair.inverse()).puts, 0);
        assert_eq!((store.pairs_put(), store.pairs_associated()), (1, 1));
    }

    #[test]
    fn a_records_associations_are_listed_in_order_after_a_given_id() {
        let mut store = Store::default();
        for to in ["30", "4", "200"] {
            store.associate(link("1", to));
        }
        store.associate(link("2", "5"));
        store.note_put(link("1", "6"));
        let of_one = link("1", "2");
        let read = |after| -> Vec<u128> {
            store
                .associated(of_one.from_type, of_one.from, of_one.to_type, after)
                .map(RecordId::value)
                .collect()
        };
        assert_eq!(read(RecordId::MIN), [4, 30, 200]);
        assert_eq!(read(RecordId::parse("4").unwrap()), [30, 200]);
    }
}
