//! The stored associations, and how often each pair was requested.
//!
//! A sorted map per pair of types holds both directions, so that listing one record's associations is a short range scan.
//! About 50 bytes per pair: a rehearsal of millions fits in memory.

use std::collections::BTreeMap;

use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::labels::TypeSet;
use crate::sandbox::data::object_types::TypeNumber;
use crate::sandbox::state::sorted_chunks::SortedChunks;

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

    /// Whether both records are of one type.
    pub(crate) fn is_of_one_type(self) -> bool {
        self.from_type == self.to_type
    }
}

/// The state of one direction. Counts saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkState {
    /// Single calls for exactly this direction, including refused ones.
    pub(crate) puts: u16,
    /// Requests for it that passed the limits, single or in a batch.
    pub(crate) admitted: u16,
    /// The association types; none if the records are not associated.
    pub(crate) types: TypeSet,
}

/// The links from records of one type to records of another.
type Links = SortedChunks<(RecordId, RecordId), LinkState>;

#[derive(Clone, Default)]
pub(crate) struct Store {
    by_types: BTreeMap<(TypeNumber, TypeNumber), Links>,
}

impl Store {
    fn entry(&mut self, link: Link) -> &mut LinkState {
        let links = self
            .by_types
            .entry((link.from_type, link.to_type))
            .or_default();
        links.entry((link.from, link.to))
    }

    /// Counts a single call.
    pub(crate) fn note_put(&mut self, link: Link) {
        let state = self.entry(link);
        state.puts = state.puts.saturating_add(1);
    }

    /// Counts a request that passed the limits; returns how many passed before it.
    pub(crate) fn admit(&mut self, link: Link) -> u32 {
        let state = self.entry(link);
        let before = state.admitted;
        state.admitted = before.saturating_add(1);
        u32::from(before)
    }

    /// Sets the types of both directions; without any, the records are not associated.
    pub(crate) fn set_types(&mut self, link: Link, types: TypeSet) {
        self.entry(link).types = types;
        self.entry(link.inverse()).types = types.inverse(link.is_of_one_type());
    }

    pub(crate) fn state(&self, link: Link) -> LinkState {
        let links = self.by_types.get(&(link.from_type, link.to_type));
        links
            .and_then(|links| links.get((link.from, link.to)))
            .copied()
            .unwrap_or_default()
    }

    /// The records after `after` that a record is associated with, in ascending order, and the types.
    pub(crate) fn associated(
        &self,
        from_type: TypeNumber,
        from: RecordId,
        to_type: TypeNumber,
        after: RecordId,
    ) -> impl Iterator<Item = (RecordId, TypeSet)> {
        self.by_types
            .get(&(from_type, to_type))
            .into_iter()
            .flat_map(move |links| links.from((from, after)))
            .take_while(move |((other, _), _)| *other == from)
            .filter(move |((_, to), state)| !state.types.is_empty() && *to > after)
            .map(|((_, to), state)| (to, state.types))
    }

    /// All links from one type to another: both records, in ascending order, and the types.
    pub(crate) fn all_associated(
        &self,
        from_type: TypeNumber,
        to_type: TypeNumber,
    ) -> impl Iterator<Item = (RecordId, RecordId, TypeSet)> {
        self.by_types
            .get(&(from_type, to_type))
            .into_iter()
            .flat_map(SortedChunks::iter)
            .filter(|(_, state)| !state.types.is_empty())
            .map(|((from, to), state)| (from, to, state.types))
    }

    /// Removes all links of a record, and returns them.
    pub(crate) fn remove_links_of(
        &mut self,
        object_type: TypeNumber,
        id: RecordId,
    ) -> Vec<(Link, TypeSet)> {
        let types = self.by_types.keys();
        let to_types: Vec<TypeNumber> = types
            .filter(|(from_type, _)| *from_type == object_type)
            .map(|(_, to_type)| *to_type)
            .collect();
        let mut removed = Vec::new();
        for to_type in to_types {
            let links = self.associated(object_type, id, to_type, RecordId::MIN);
            removed.extend(links.map(|(to, types)| {
                let link = Link {
                    from_type: object_type,
                    from: id,
                    to_type,
                    to,
                };
                (link, types)
            }));
        }
        for (link, _) in &removed {
            self.set_types(*link, TypeSet::NONE);
        }
        removed
    }

    fn all(&self) -> impl Iterator<Item = (Link, &LinkState)> {
        self.by_types
            .iter()
            .flat_map(|((from_type, to_type), links)| {
                links.iter().map(move |((from, to), state)| {
                    let link = Link {
                        from_type: *from_type,
                        from,
                        to_type: *to_type,
                        to,
                    };
                    (link, state)
                })
            })
    }

    /// How many pairs were requested by single calls.
    pub(crate) fn pairs_put(&self) -> usize {
        self.all().filter(|(_, state)| state.puts > 0).count()
    }

    /// How many pairs are associated, both directions counted as one.
    pub(crate) fn pairs_associated(&self) -> usize {
        self.all()
            .filter(|(link, state)| !state.types.is_empty() && *link <= link.inverse())
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
        store.set_types(pair, TypeSet::UNLABELLED);
        store.set_types(pair, TypeSet::UNLABELLED);
        for direction in [pair, pair.inverse()] {
            assert_eq!(store.state(direction).types, TypeSet::UNLABELLED);
        }
        assert_eq!(store.state(pair.inverse()).puts, 0);
        assert_eq!((store.pairs_put(), store.pairs_associated()), (1, 1));
    }

    #[test]
    fn a_records_associations_are_listed_in_order_after_a_given_id() {
        let mut store = Store::default();
        for to in ["30", "4", "200"] {
            store.set_types(link("1", to), TypeSet::UNLABELLED);
        }
        store.set_types(link("2", "5"), TypeSet::UNLABELLED);
        store.note_put(link("1", "6"));
        let of_one = link("1", "2");
        let read = |after| -> Vec<u128> {
            store
                .associated(of_one.from_type, of_one.from, of_one.to_type, after)
                .map(|(to, _)| to.value())
                .collect()
        };
        assert_eq!(read(RecordId::MIN), [4, 30, 200]);
        assert_eq!(read(RecordId::parse("4").unwrap()), [30, 200]);
    }
}
