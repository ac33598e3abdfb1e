//! The number of pairs that occur in the input again, with no other labels than before: exact as long as the pairs fit in a memory limit, then
//! estimated from a sample, which is halved as often as needed.
//!
//! A hash of the pair decides which pairs are in the sample, so that either all occurrences of a pair are in it
//! or none (P. Gibbons, "Distinct sampling for highly-accurate answers to distinct values queries and event
//! reports", VLDB 2001).

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use crate::domain::known_links::KnownLinks;
use crate::domain::labels::AskedLabels;
use crate::domain::pair::Pair;

/// The number of pairs that occurred in the input before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// The number of pairs.
    pub pairs: u64,
    /// Whether they were counted; otherwise it is an estimate.
    pub exact: bool,
}

/// Counts duplicate pairs.
#[derive(Debug)]
pub struct DuplicateCount {
    seen: KnownLinks,
    /// The maximum size of `seen`.
    bytes: usize,
    /// A pair is in the sample if its hash ends with at least this many zeros: one in 2^level.
    level: u32,
    /// Duplicates by the number of zeros at the end of their hash.
    found: [u64; u64::BITS as usize + 1],
}

impl DuplicateCount {
    /// `bytes` limits the memory.
    #[must_use]
    pub fn within(bytes: usize) -> Self {
        Self {
            seen: KnownLinks::by_name(),
            bytes,
            level: 0,
            found: [0; u64::BITS as usize + 1],
        }
    }

    /// Adds the next pair of the input.
    pub fn add(&mut self, pair: &Pair, labels: Option<&AskedLabels>) {
        // As long as all pairs are counted, only a duplicate needs its hash.
        if self.level > 0 && zeros_of(pair) < self.level {
            return;
        }
        if !self.seen.insert(pair, labels) {
            self.found[zeros_of(pair) as usize] += 1;
            return;
        }
        while self.seen.max_bytes() > self.bytes && self.level < u64::BITS {
            self.level += 1;
            let level = self.level;
            self.seen.retain(|_, ids| zeros(ids) >= level);
        }
    }

    /// The duplicates so far.
    #[must_use]
    pub fn duplicates(&self) -> Duplicates {
        estimate(&self.found, self.level)
    }
}

/// Counts duplicates by hashes of pairs, for pairs whose ids are not known yet.
#[derive(Debug)]
pub struct DuplicateHashes {
    seen: HashSet<u64>,
    /// The maximum size of `seen`.
    bytes: usize,
    /// A pair is in the sample if its hash ends with at least this many zeros.
    level: u32,
    /// Duplicates by the number of zeros at the end of their hash.
    found: [u64; u64::BITS as usize + 1],
}

impl DuplicateHashes {
    /// The maximum size of a hash: while the set grows, one of twice its size exists beside it.
    const HASH_BYTES: usize = 32;

    /// `bytes` limits the memory.
    #[must_use]
    pub fn within(bytes: usize) -> Self {
        Self {
            seen: HashSet::new(),
            bytes,
            level: 0,
            found: [0; u64::BITS as usize + 1],
        }
    }

    /// Adds the hash of the next pair of the input, and its labels.
    pub fn add(&mut self, hash: u64, labels: Option<&AskedLabels>) {
        if hash.trailing_zeros() < self.level {
            return;
        }
        let is_new = match labels {
            Some(AskedLabels::Named(names)) => {
                let mut is_new = false;
                for name in names.iter() {
                    is_new |= self.seen.insert(with_label(hash, name));
                }
                is_new
            }
            // The labels of an input are only known by name before they are resolved.
            Some(AskedLabels::Known(_)) | None => self.seen.insert(hash),
        };
        if !is_new {
            self.found[hash.trailing_zeros() as usize] += 1;
            return;
        }
        while self.seen.len() * Self::HASH_BYTES > self.bytes && self.level < u64::BITS {
            self.level += 1;
            let level = self.level;
            self.seen.retain(|hash| hash.trailing_zeros() >= level);
            self.seen.shrink_to_fit();
        }
    }

    /// The duplicates so far.
    #[must_use]
    pub fn duplicates(&self) -> Duplicates {
        estimate(&self.found, self.level)
    }
}

/// The hash of a pair with a label; case has no meaning. The lower half is that of the pair, so that all labels of a pair
/// are in the sample together.
fn with_label(hash: u64, name: &str) -> u64 {
    const LOWER: u64 = u32::MAX as u64;
    let mut hasher = DefaultHasher::new();
    hash.hash(&mut hasher);
    let characters = name.chars().flat_map(char::to_lowercase);
    characters.for_each(|character| character.hash(&mut hasher));
    (hasher.finish() & !LOWER) | (hash & LOWER)
}

/// The duplicates of a sample, for all pairs.
fn estimate(found: &[u64], level: u32) -> Duplicates {
    let sampled: u64 = found[level as usize..].iter().sum();
    let each = 1_u64.checked_shl(level).unwrap_or(u64::MAX);
    Duplicates {
        pairs: sampled.saturating_mul(each),
        exact: level == 0,
    }
}

fn zeros_of(pair: &Pair) -> u32 {
    zeros([pair.from.id.number(), pair.to.id.number()])
}

/// The number of zeros at the end of a pair's hash. It ignores types: pairs of the same two ids are in the
/// sample together. It is the same in every run, so estimates are reproducible.
fn zeros([from, to]: [u128; 2]) -> u32 {
    mixed(u128::from(mixed(from)) ^ to).trailing_zeros()
}

/// Spreads neighbouring numbers over the whole range: the last step of `SplitMix64`
/// (<https://prng.di.unimi.it/splitmix64.c>).
fn mixed(number: u128) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
    let mut mixed = (number as u64 ^ (number >> 64) as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::label_names::LabelNames;
    use crate::domain::pair::{ObjectType, Record, RecordId};

    fn pair(to_type: &str, to: u64) -> Pair {
        let record = |object_type, id: u64| Record {
            object_type: ObjectType::new(object_type).unwrap(),
            id: RecordId::new(&id.to_string()).unwrap(),
        };
        Pair {
            from: record("contacts", 7),
            to: record(to_type, to),
        }
    }

    #[test]
    fn duplicates_are_counted_exactly_while_the_pairs_fit() {
        let mut count = DuplicateCount::within(1024 * 1024);
        for id in (1..=1000).chain(501..=600).chain(501..=600) {
            count.add(&pair("deals", id), None);
        }
        let expected = Duplicates {
            pairs: 200,
            exact: true,
        };
        assert_eq!(count.duplicates(), expected);
    }

    #[test]
    fn beyond_the_memory_limit_the_count_is_marked_as_an_estimate() {
        for times in [1, 2, 5] {
            let bytes = 64 * 1024;
            let mut count = DuplicateCount::within(bytes);
            for _ in 0..times {
                for id in 1..=40_000 {
                    count.add(&pair("deals", id), None);
                    assert!(count.seen.max_bytes() <= bytes);
                }
            }
            let Duplicates { pairs, exact } = count.duplicates();
            assert!(!exact);
            let expected = 40_000.0 * f64::from(times - 1);
            let error = (pairs as f64 - expected).abs();
            assert!(error <= expected * 0.2, "{pairs} of {expected}");
        }
    }

    #[test]
    fn hashes_of_pairs_are_counted_in_the_same_way() {
        for (bytes, is_exact) in [(1 << 20, true), (16 << 10, false)] {
            let mut count = DuplicateHashes::within(bytes);
            for _ in 0..2 {
                (1..=10_000_u128).for_each(|number| count.add(mixed(number), None));
            }
            let Duplicates { pairs, exact } = count.duplicates();
            assert_eq!(exact, is_exact);
            let error = (pairs as f64 - 10_000.0).abs();
            assert!(error <= if is_exact { 0.0 } else { 2_500.0 }, "{pairs}");
        }
    }

    #[test]
    fn a_file_with_many_types_stays_within_the_memory_limit() {
        let mut count = DuplicateCount::within(64 * 1024);
        for id in 1..=5_000 {
            count.add(&pair(&format!("p_{id}"), id), None);
            assert!(count.seen.max_bytes() <= 64 * 1024);
        }
        assert_eq!(count.duplicates().pairs, 0);
    }

    fn labels(text: &str) -> Option<AskedLabels> {
        LabelNames::new(text.split(';')).map(AskedLabels::Named)
    }

    #[test]
    fn a_pair_with_another_label_is_no_duplicate() {
        let mut pairs = DuplicateCount::within(1 << 20);
        let mut hashes = DuplicateHashes::within(1 << 20);
        for (cell, duplicates) in [
            ("CEO", 0),
            ("CFO", 0),
            ("ceo", 1),
            ("CEO;CFO", 2),
            ("CEO;COO", 2),
            ("", 2),
            ("", 3),
        ] {
            pairs.add(&pair("deals", 1), labels(cell).as_ref());
            hashes.add(mixed(1), labels(cell).as_ref());
            assert_eq!(pairs.duplicates().pairs, duplicates, "{cell}");
            assert_eq!(hashes.duplicates().pairs, duplicates, "{cell}");
        }
        hashes.add(mixed(2), labels("CEO").as_ref());
        pairs.add(&pair("deals", 2), labels("CEO").as_ref());
        assert_eq!(pairs.duplicates(), hashes.duplicates());
    }

    #[test]
    fn a_file_with_many_labels_stays_within_the_memory_limit() {
        let mut count = DuplicateCount::within(64 * 1024);
        for _ in 0..2 {
            for id in 1..=5_000 {
                let label = labels(&format!("Role {}", id % 7));
                count.add(&pair("deals", id), label.as_ref());
                assert!(count.seen.max_bytes() <= 64 * 1024);
            }
        }
        let Duplicates { pairs, exact } = count.duplicates();
        assert!(!exact && (3_000..7_000).contains(&pairs), "{pairs}");
    }
}
