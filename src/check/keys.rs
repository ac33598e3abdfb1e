//! The keys that an import would look up: how many distinct ones, with how many calls.
//!
//! Keys are counted by a hash of 64 bits: exactly as long as the hashes fit in a memory limit, then estimated from a
//! sample that is halved as often as needed, as for [duplicates](crate::check::duplicates).

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use crate::check::tiers::{LOOKUP_TIERS, TimeNeeded};
use crate::domain::key_kind::KeyKind;
use crate::domain::keyed_pair::{KeyedPair, RecordName};
use crate::domain::pair::ObjectType;
use crate::domain::property_name::PropertyName;
use crate::domain::standard_type::canonical;
use crate::input::validate::key::read_key::read_key;

/// The maximum number of keys in one call, of the batch read and of the search alike
/// (<https://developers.hubspot.com/docs/api-reference/search/guide>).
const KEYS_PER_CALL: u64 = 100;

/// The maximum number of search calls per second, whatever the quota of the account.
const SEARCHES_PER_SECOND: u64 = 5;

/// What a search call takes of its 3,000 characters for each key besides the key: quotes and a comma.
const SEARCH_BYTES_PER_KEY: u64 = 3;

/// The characters of a search call that are left for its keys.
const SEARCH_BYTES: u64 = 2700;

/// The maximum memory for a key: while the set grows, one of twice its size exists beside it.
const MAX_KEY_BYTES: usize = 32;

/// The number of properties that are counted by name; a damaged column of types may have any number.
const MAX_PROPERTIES: usize = 1000;

/// Which call looks the keys up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupCall {
    /// The batch read.
    BatchRead,
    /// The search.
    Search,
}

/// The keys of one property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PropertyKeys {
    /// The type of the records.
    pub object_type: String,
    /// The property.
    pub property: String,
    /// Pairs with such a key; a pair with two of them counts twice.
    pub uses: u64,
    /// Distinct keys; `None` if they were not counted.
    pub distinct: Option<u64>,
    /// Whether they were counted; otherwise it is an estimate.
    pub exact: bool,
    /// The call that looks them up.
    pub call: LookupCall,
    /// The number of calls, at least; if the distinct keys were not counted, the most.
    pub calls: u64,
}

/// The calls of all properties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LookupPlan {
    /// Pairs with at least one key.
    pub pairs: u64,
    /// The properties, in the order in which they occur.
    pub properties: Vec<PropertyKeys>,
    /// Calls of the batch read.
    pub batch_reads: u64,
    /// Calls of the search.
    pub searches: u64,
    /// Seconds of searching.
    pub search_seconds: u64,
}

/// Counts keys.
#[derive(Debug)]
pub struct KeyCount {
    properties: [Option<PropertyName>; 2],
    pairs: u64,
    groups: Vec<Group>,
    /// The maximum memory of the sets; 0 turns the count of distinct keys off.
    bytes: usize,
    /// A key is in the sample if its hash ends with at least this many zeros: one in 2^level.
    level: u32,
}

#[derive(Debug)]
struct Group {
    side: usize,
    /// As the first row spells it.
    object_type: ObjectType,
    kind: KeyKind,
    uses: u64,
    /// The hashes of the keys in the sample.
    seen: HashSet<u64>,
    /// The length of these keys together.
    seen_bytes: u64,
}

impl KeyCount {
    /// `bytes` limits the memory.
    #[must_use]
    pub fn within(bytes: usize, properties: [Option<PropertyName>; 2]) -> Self {
        Self {
            properties,
            pairs: 0,
            groups: Vec::new(),
            bytes,
            level: 0,
        }
    }

    /// Adds a pair of the input. Returns the hash of its two names.
    pub fn add(&mut self, pair: &KeyedPair) -> u64 {
        self.pairs += 1;
        let mut of_pair = DefaultHasher::new();
        for (side, name) in [&pair.from, &pair.to].into_iter().enumerate() {
            canonical(name.object_type().as_str()).hash(&mut of_pair);
            match name {
                RecordName::Id(record) => record.id.number().hash(&mut of_pair),
                RecordName::Key { object_type, cell } => {
                    self.add_key(side, object_type, cell).hash(&mut of_pair);
                }
            }
        }
        of_pair.finish()
    }

    /// Returns the hash of the key.
    fn add_key(&mut self, side: usize, object_type: &ObjectType, cell: &str) -> u64 {
        let Some(place) = self.place(side, object_type) else {
            return hash_of(cell);
        };
        let (bytes, level) = (self.bytes, self.level);
        let group = &mut self.groups[place];
        group.uses += 1;
        let key = read_key(cell, group.kind);
        let text = key.as_ref().map_or(cell, |key| &key.text);
        let hash = hash_of(text);
        if bytes > 0 && hash.trailing_zeros() >= level && group.seen.insert(hash) {
            group.seen_bytes += text.len() as u64;
            self.shrink();
        }
        hash
    }

    /// The group of a property; `None` beyond the maximum number of properties.
    fn place(&mut self, side: usize, object_type: &ObjectType) -> Option<usize> {
        let property = self.properties[side].as_ref()?;
        let is_same = |group: &Group| {
            self.properties[group.side].as_ref() == Some(property)
                && group.object_type.is_same_as(object_type)
        };
        let known = self.groups.iter().position(is_same);
        if known.is_some() || self.groups.len() == MAX_PROPERTIES {
            return known;
        }
        self.groups.push(Group {
            side,
            object_type: object_type.clone(),
            kind: KeyKind::of(object_type, property.as_str()),
            uses: 0,
            seen: HashSet::new(),
            seen_bytes: 0,
        });
        Some(self.groups.len() - 1)
    }

    /// Halves the sample until it fits in the memory.
    fn shrink(&mut self) {
        let keys = |groups: &[Group]| groups.iter().map(|group| group.seen.len()).sum::<usize>();
        while keys(&self.groups) * MAX_KEY_BYTES > self.bytes && self.level < u64::BITS {
            self.level += 1;
            for group in &mut self.groups {
                let before = group.seen.len() as u64;
                group
                    .seen
                    .retain(|hash| hash.trailing_zeros() >= self.level);
                group.seen.shrink_to_fit();
                // Keys of a mean length remain.
                let left = group.seen.len() as u64;
                group.seen_bytes = (group.seen_bytes * left).checked_div(before).unwrap_or(0);
            }
        }
    }

    /// The calls that look the keys up; `None` if there are no keys.
    #[must_use]
    pub fn plan(&self) -> Option<LookupPlan> {
        if self.groups.is_empty() {
            return None;
        }
        let properties: Vec<_> = self
            .groups
            .iter()
            .map(|group| self.keys_of(group))
            .collect();
        let calls = |call| {
            let of_call = properties.iter().filter(move |keys| keys.call == call);
            of_call.map(|keys| keys.calls).sum::<u64>()
        };
        let searches = calls(LookupCall::Search);
        Some(LookupPlan {
            pairs: self.pairs,
            batch_reads: calls(LookupCall::BatchRead),
            searches,
            search_seconds: searches.div_ceil(SEARCHES_PER_SECOND),
            properties,
        })
    }

    fn keys_of(&self, group: &Group) -> PropertyKeys {
        let each = 1_u64.checked_shl(self.level).unwrap_or(u64::MAX);
        let sampled = group.seen.len() as u64;
        let estimate = sampled.saturating_mul(each).min(group.uses);
        let distinct = (self.bytes > 0).then_some(estimate);
        let keys = distinct.unwrap_or(group.uses);
        let call = match group.kind {
            KeyKind::Domain => LookupCall::Search,
            KeyKind::Email | KeyKind::Text => LookupCall::BatchRead,
        };
        let by_length = match call {
            LookupCall::BatchRead => 0,
            LookupCall::Search => {
                let length = group.seen_bytes.checked_div(sampled).unwrap_or(0);
                (keys * (length + SEARCH_BYTES_PER_KEY)).div_ceil(SEARCH_BYTES)
            }
        };
        let property = self.properties[group.side].as_ref();
        PropertyKeys {
            object_type: group.object_type.to_string(),
            property: property.map(ToString::to_string).unwrap_or_default(),
            uses: group.uses,
            distinct,
            exact: self.bytes > 0 && self.level == 0,
            call,
            calls: keys.div_ceil(KEYS_PER_CALL).max(by_length),
        }
    }
}

impl LookupPlan {
    /// The time of the batch reads at each quota of [`LOOKUP_TIERS`].
    #[must_use]
    pub fn times(&self) -> [TimeNeeded; LOOKUP_TIERS.len()] {
        LOOKUP_TIERS.map(|tier| tier.time_for(self.batch_reads))
    }
}

/// The same in every run, so that estimates are reproducible.
fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::{Record, RecordId};
    use proptest::prelude::*;

    fn key(object_type: &str, cell: &str) -> RecordName {
        RecordName::Key {
            object_type: ObjectType::new(object_type).unwrap(),
            cell: cell.into(),
        }
    }

    fn deal(id: u64) -> RecordName {
        RecordName::Id(Record {
            object_type: ObjectType::new("deals").unwrap(),
            id: RecordId::new(&id.to_string()).unwrap(),
        })
    }

    fn count(bytes: usize) -> KeyCount {
        KeyCount::within(
            bytes,
            [PropertyName::new("email"), PropertyName::new("domain")],
        )
    }

    #[test]
    fn each_spelling_of_a_key_is_looked_up_once() {
        let mut keys = count(1 << 20);
        let mut hashes = Vec::new();
        for (email, domain) in [
            ("Ann@b.c", "acme.com"),
            ("ann@b.c", "https://www.Acme.com/x"),
            ("bob@b.c", "acme.com"),
        ] {
            let (from, to) = (key("contacts", email), key("companies", domain));
            hashes.push(keys.add(&KeyedPair { from, to }));
        }
        assert_eq!(hashes[0], hashes[1]);
        assert_ne!(hashes[0], hashes[2]);
        // Another spelling of the type is the same property.
        let pair = KeyedPair {
            from: key("0-1", "BOB@b.c"),
            to: deal(7),
        };
        keys.add(&pair);
        let plan = keys.plan().unwrap();
        let shown: Vec<_> = plan
            .properties
            .iter()
            .map(|keys| {
                (
                    keys.property.as_str(),
                    keys.uses,
                    keys.distinct,
                    keys.exact,
                    keys.call,
                    keys.calls,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("email", 4, Some(2), true, LookupCall::BatchRead, 1),
                ("domain", 3, Some(1), true, LookupCall::Search, 1),
            ]
        );
        assert_eq!(
            (
                plan.pairs,
                plan.batch_reads,
                plan.searches,
                plan.search_seconds
            ),
            (4, 1, 1, 1)
        );
    }

    #[test]
    fn a_call_has_up_to_a_hundred_keys_and_a_search_up_to_3000_characters() {
        let mut keys = count(1 << 20);
        for number in 0..201 {
            let from = key("contacts", &format!("c{number}@b.c"));
            let to = key("companies", &format!("{number:->100}.com"));
            keys.add(&KeyedPair { from, to });
        }
        let plan = keys.plan().unwrap();
        // 107 characters for each domain, 25 domains in a call.
        assert_eq!(
            (plan.batch_reads, plan.searches, plan.search_seconds),
            (3, 8, 2)
        );
    }

    #[test]
    fn beyond_the_memory_limit_the_number_of_keys_is_an_estimate() {
        let mut keys = count(64 << 10);
        for _ in 0..2 {
            for number in 0..40_000 {
                let from = key("contacts", &format!("c{number}@b.c"));
                keys.add(&KeyedPair { from, to: deal(7) });
            }
        }
        let plan = keys.plan().unwrap();
        let found = &plan.properties[0];
        assert!(!found.exact);
        let distinct = found.distinct.unwrap() as f64;
        assert!((distinct - 40_000.0).abs() < 6_000.0, "{distinct}");
    }

    #[test]
    fn without_memory_the_calls_are_those_of_all_rows() {
        let mut keys = count(0);
        for _ in 0..150 {
            keys.add(&KeyedPair {
                from: key("contacts", "a@b.c"),
                to: deal(7),
            });
        }
        let found = &keys.plan().unwrap().properties[0];
        assert_eq!((found.distinct, found.exact, found.calls), (None, false, 2));
    }

    proptest! {
        #[test]
        fn the_count_is_that_of_a_set_while_it_fits(cells in proptest::collection::vec("[a-c]{1,3}", 0..60)) {
            let mut keys = KeyCount::within(1 << 20, [PropertyName::new("key"), None]);
            for cell in &cells {
                keys.add(&KeyedPair { from: key("contacts", cell), to: deal(7) });
            }
            let expected = cells.iter().collect::<HashSet<_>>().len() as u64;
            let distinct = keys.plan().map_or(0, |plan| plan.properties[0].distinct.unwrap());
            prop_assert_eq!(distinct, expected);
        }
    }
}
