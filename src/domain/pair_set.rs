//! A set of known pairs. Exact: a pair that is mistaken for another one would never be linked.
//!
//! Pairs are the same if their types are the same and their ids are the same numbers; a standard type has
//! several spellings ([`standard_type`](crate::domain::standard_type)). A pair takes 16 bytes, and 20 to 40 with the
//! spare capacity of the set: types are stored once for all pairs that share them.

use std::collections::{HashMap, HashSet};

use crate::domain::pair::{Pair, RecordId};
use crate::domain::standard_type::canonical;

/// The maximum size of a pair: a table that is seven eighths full takes 20 bytes for each, and while it grows,
/// a table of twice its size exists beside it.
const MAX_PAIR_BYTES: usize = 64;

/// The maximum size of a new combination of types.
const MAX_TYPES_BYTES: usize = 1024;

/// A set of pairs.
#[derive(Debug, Default)]
pub struct PairSet {
    groups: Vec<Group>,
    places: HashMap<[Box<str>; 2], usize>,
    /// The group that was used last: usually also the next pair's.
    last: usize,
    /// The spelling of its types at that time.
    last_spelling: [String; 2],
    length: usize,
}

/// The pairs of the same two types.
#[derive(Debug)]
struct Group {
    /// In their canonical spelling.
    types: [Box<str>; 2],
    ids: HashSet<[u64; 2]>,
    /// Pairs whose ids do not fit in 64 bits.
    large: HashSet<[u128; 2]>,
}

impl PairSet {
    /// Adds a pair; `false` if the set already had it.
    pub fn insert(&mut self, pair: &Pair) -> bool {
        self.insert_ids(pair.types(), [pair.from.id, pair.to.id])
    }

    /// Adds a pair by its types and ids; `false` if the set already had it.
    pub fn insert_ids(&mut self, types: [&str; 2], ids: [RecordId; 2]) -> bool {
        let group = self.group(types);
        let is_new = match small(ids) {
            Some(ids) => group.ids.insert(ids),
            None => group.large.insert(ids.map(|id| id.number())),
        };
        self.length += usize::from(is_new);
        is_new
    }

    /// Whether the set has this pair.
    #[must_use]
    pub fn contains(&self, pair: &Pair) -> bool {
        if self.is_empty() {
            return false;
        }
        let Some(group) = self.find(pair.types()) else {
            return false;
        };
        let ids = [pair.from.id, pair.to.id];
        match small(ids) {
            Some(ids) => group.ids.contains(&ids),
            None => group.large.contains(&ids.map(|id| id.number())),
        }
    }

    /// The number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Keeps only the pairs for which `keep`, called with their types and the numbers of their ids, returns
    /// `true`, and frees the memory of the others.
    pub fn retain(&mut self, mut keep: impl FnMut([&str; 2], [u128; 2]) -> bool) {
        for Group { types, ids, large } in &mut self.groups {
            let types = types.each_ref().map(|name| &**name);
            ids.retain(|ids| keep(types, ids.map(u128::from)));
            large.retain(|&ids| keep(types, ids));
            ids.shrink_to_fit();
            large.shrink_to_fit();
        }
        self.groups.retain(|group| group.len() > 0);
        self.length = self.groups.iter().map(Group::len).sum();
        self.last = 0;
        self.last_spelling = Default::default();
        self.places.clear();
        let places = self.groups.iter().zip(0..);
        self.places
            .extend(places.map(|(group, place)| (group.types.clone(), place)));
        self.places.shrink_to_fit();
    }

    /// An upper bound for the memory of the set in bytes.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        self.length * MAX_PAIR_BYTES + self.groups.len() * MAX_TYPES_BYTES
    }

    fn find(&self, types: [&str; 2]) -> Option<&Group> {
        let last = self.groups.get(self.last);
        if self.is_last_spelling(types) {
            return last;
        }
        let types = types.map(canonical);
        last.filter(|group| group.is_of(types)).or_else(|| {
            let place = self.places.get(&types.map(Box::from))?;
            self.groups.get(*place)
        })
    }

    fn is_last_spelling(&self, types: [&str; 2]) -> bool {
        !self.groups.is_empty() && self.last_spelling.each_ref().map(String::as_str) == types
    }

    fn group(&mut self, types: [&str; 2]) -> &mut Group {
        if !self.is_last_spelling(types) {
            let names = types.map(|name| Box::from(canonical(name)));
            self.last = *self.places.entry(names.clone()).or_insert_with(|| {
                self.groups.push(Group {
                    types: names,
                    ids: HashSet::new(),
                    large: HashSet::new(),
                });
                self.groups.len() - 1
            });
            for (last, name) in self.last_spelling.iter_mut().zip(types) {
                last.clear();
                last.push_str(name);
            }
        }
        &mut self.groups[self.last]
    }
}

impl Group {
    fn len(&self) -> usize {
        self.ids.len() + self.large.len()
    }

    fn is_of(&self, [from, to]: [&str; 2]) -> bool {
        *self.types[0] == *from && *self.types[1] == *to
    }
}

/// The numbers of two ids, if they fit in 64 bits, as all ids that HubSpot is known to assign do.
fn small(ids: [RecordId; 2]) -> Option<[u64; 2]> {
    let [from, to] = ids.map(|id| u64::try_from(id.number()).ok());
    Some([from?, to?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn pair(from_type: &str, from_id: &str, to_type: &str, to_id: &str) -> Pair {
        fixtures::pair(
            &format!("{from_type} {from_id}"),
            &format!("{to_type} {to_id}"),
        )
    }

    #[test]
    fn a_pair_is_known_by_its_types_and_the_numbers_of_its_ids() {
        let large = "99999999999999999999";
        let mut set = PairSet::default();
        for (from, to) in [("7", "8"), ("18446744073709551616", "8"), ("7", large)] {
            assert!(set.insert(&pair("contacts", from, "deals", to)));
            assert!(!set.insert(&pair("contacts", from, "deals", to)));
        }
        assert!(set.contains(&pair("contacts", "0007", "deals", "08")));
        for other in [
            pair("contacts", "8", "deals", "7"),
            pair("2-1", "7", "deals", "8"),
            pair("deals", "7", "contacts", "8"),
            pair("contacts", large, "deals", "7"),
        ] {
            assert!(!set.contains(&other), "{other}");
        }
        assert_eq!(set.len(), 3);
    }

    #[test]
    fn the_spellings_of_a_standard_type_are_equal() {
        let mut set = PairSet::default();
        assert!(set.insert(&pair("Contact", "7", "2-7", "8")));
        assert!(set.insert(&pair("p_vendor", "7", "deals", "8")));
        for from in ["contacts", "contact", "CONTACTS", "0-1", "Contact"] {
            assert!(set.contains(&pair(from, "07", "2-7", "8")), "{from}");
            assert!(!set.insert(&pair(from, "7", "2-7", "8")), "{from}");
        }
        for to in ["0-3", "DEAL"] {
            assert!(!set.insert(&pair("p_vendor", "7", to, "8")), "{to}");
        }
        for other in ["p_Vendor", "vendor", "0-2", "contactss"] {
            assert!(!set.contains(&pair(other, "7", "deals", "8")), "{other}");
        }
        assert_eq!(set.len(), 2);
        set.retain(|types, _| types == ["contacts", "2-7"]);
        assert!(set.contains(&pair("0-1", "7", "2-7", "8")));
        assert_eq!(set.len(), 1);
    }

    #[test]
    fn removed_pairs_are_removed_with_their_types() {
        let mut set = PairSet::default();
        for id in 1..1000 {
            set.insert(&pair("contacts", &id.to_string(), "deals", "1"));
            set.insert(&pair("contacts", "1", "deals", "99999999999999999999"));
            set.insert(&pair("contacts", "1", &format!("p_{id}"), "1"));
        }
        let before = set.max_bytes();
        set.retain(|types, [from, _]| types[1] == "deals" && from % 100 == 0);
        assert_eq!(set.len(), 9);
        assert!(set.max_bytes() < before / 100);
        assert!(set.contains(&pair("contacts", "300", "deals", "1")));
        assert!(!set.contains(&pair("contacts", "1", "p_1", "1")));
        assert!(set.insert(&pair("contacts", "1", "p_1", "1")));
    }

    proptest! {
        #[test]
        fn it_behaves_like_a_standard_set(
            pairs in prop::collection::vec((0_usize..3, 1_u64..6, 0_usize..3, 1_u64..6), 0..80),
        ) {
            let types = ["contacts", "deals", "2-7"];
            let mut set = PairSet::default();
            let mut simple = BTreeSet::new();
            for (from_type, from, to_type, to) in pairs {
                let pair = pair(types[from_type], &from.to_string(), types[to_type], &to.to_string());
                prop_assert_eq!(set.contains(&pair), simple.contains(&pair.to_string()));
                prop_assert_eq!(set.insert(&pair), simple.insert(pair.to_string()));
            }
            prop_assert_eq!(set.len(), simple.len());
        }
    }
}
