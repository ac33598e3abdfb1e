//! Chooses a sample of pairs: those with the smallest hashes of seed, row and pair. Pure.
//!
//! The pairs are read twice. The first pass finds the largest hash of the sample, and takes 8 bytes per pair of it; the
//! second compares each pair with that hash. The hash is the same on every machine and in every version, so the same input
//! and seed give the same sample.

use std::collections::BinaryHeap;

use crate::verify::totals::Sample;

/// How a sample is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleSettings {
    /// The number of pairs.
    pub size: u64,
    /// Another seed chooses other pairs.
    pub seed: u64,
}

/// The first pass.
#[derive(Debug)]
pub struct Sampler {
    settings: SampleSettings,
    /// The smallest hashes so far.
    chosen: BinaryHeap<u64>,
    /// The number of pairs so far.
    pairs: u64,
}

impl Sampler {
    /// Begins the first pass.
    #[must_use]
    pub fn new(settings: SampleSettings) -> Self {
        Self {
            settings,
            chosen: BinaryHeap::new(),
            pairs: 0,
        }
    }

    /// Adds the next pair: the number of its row, and its types and ids in the order of the columns.
    pub fn add(&mut self, row: u64, values: [&str; 4]) {
        let hash = hash(self.settings.seed, row, values);
        self.pairs += 1;
        if (self.chosen.len() as u64) < self.settings.size {
            self.chosen.push(hash);
        } else if let Some(mut largest) = self.chosen.peek_mut()
            && hash < *largest
        {
            *largest = hash;
        }
    }

    /// The sample of the pairs that were added.
    #[must_use]
    pub fn finish(self) -> Chosen {
        Chosen {
            settings: self.settings,
            largest: self.chosen.peek().copied(),
            of: self.pairs,
        }
    }
}

/// The second pass.
#[derive(Clone, Copy, Debug)]
pub struct Chosen {
    settings: SampleSettings,
    /// The largest hash of the sample; `None` if there are no pairs.
    largest: Option<u64>,
    of: u64,
}

impl Chosen {
    /// The number of pairs, and of those from which they are chosen.
    #[must_use]
    pub fn sample(&self) -> Sample {
        Sample {
            seed: self.settings.seed,
            pairs: self.settings.size.min(self.of),
            of: self.of,
        }
    }

    /// Whether a pair is in the sample.
    #[must_use]
    pub fn contains(&self, row: u64, values: [&str; 4]) -> bool {
        let hash = hash(self.settings.seed, row, values);
        self.largest.is_some_and(|largest| hash <= largest)
    }
}

/// FNV-1a of the seed, the row and the values, with the final mix of `SplitMix64`, which spreads similar rows.
fn hash(seed: u64, row: u64, values: [&str; 4]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let add = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    let mut hash = seed.to_le_bytes().iter().fold(OFFSET, add);
    hash = row.to_le_bytes().iter().fold(hash, add);
    for value in values {
        // No value contains this byte: values are UTF-8.
        hash = add(value.as_bytes().iter().fold(hash, add), &0xff);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(id: &str) -> [&str; 4] {
        ["contacts", id, "companies", "9"]
    }

    /// The numbers of the chosen pairs. `ids` are those of the pairs, in order; each has its own row.
    fn chosen(ids: &[u8], size: u64, seed: u64) -> Vec<usize> {
        let mut sampler = Sampler::new(SampleSettings { size, seed });
        let ids: Vec<String> = ids.iter().map(u8::to_string).collect();
        for (row, id) in (1..).zip(&ids) {
            sampler.add(row, values(id));
        }
        let chosen = sampler.finish();
        let found: Vec<usize> = (0..ids.len())
            .filter(|&place| chosen.contains(place as u64 + 1, values(&ids[place])))
            .collect();
        let expected = Sample {
            seed,
            pairs: found.len() as u64,
            of: ids.len() as u64,
        };
        assert_eq!(chosen.sample(), expected);
        found
    }

    #[test]
    fn the_hash_is_the_same_on_every_machine_and_in_every_version() {
        assert_eq!(hash(0, 1, values("1")), 0x9f86_bf4a_eb91_1b80);
        assert_eq!(hash(7, 1, values("1")), 0xa224_b072_7cdb_bee7);
    }

    #[test]
    fn another_seed_chooses_other_pairs_and_no_part_of_the_input_is_left_out() {
        let ids = vec![1; 1000];
        let of_seeds: Vec<_> = (0..40).map(|seed| chosen(&ids, 100, seed)).collect();
        assert_ne!(of_seeds[0], of_seeds[1]);
        let all: Vec<usize> = of_seeds.concat();
        for tenth in 0..10 {
            let places = tenth * 100..tenth * 100 + 100;
            let count = all.iter().filter(|&place| places.contains(place)).count();
            // 400 on average, with a standard deviation of 19.
            assert!((300..=500).contains(&count), "{tenth}: {count}");
        }
    }

    proptest! {
        #[test]
        fn a_sample_has_the_wanted_size_and_is_part_of_every_larger_one(
            ids in prop::collection::vec(0_u8..4, 0..60),
            size in 1_u64..70,
            seed in any::<u64>(),
        ) {
            let small = chosen(&ids, size, seed);
            prop_assert_eq!(small.len() as u64, size.min(ids.len() as u64));
            let large = chosen(&ids, size + 5, seed);
            prop_assert!(small.iter().all(|place| large.contains(place)));
        }
    }
}
