//! A sorted map in chunks of a few hundred entries.
//!
//! Keys that arrive in ascending order, as most do, fill every chunk; the nodes of a `BTreeMap` would stay half empty.

/// The most entries of a chunk.
const CHUNK: usize = 256;

/// A map whose entries are sorted by key.
#[derive(Clone)]
pub(crate) struct SortedChunks<K, V> {
    /// None is empty, and the keys of each are below those of the next.
    chunks: Vec<Vec<(K, V)>>,
}

impl<K, V> Default for SortedChunks<K, V> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<K: Ord + Copy, V: Default> SortedChunks<K, V> {
    /// The first chunk that does not end before `key`.
    fn chunk_of(&self, key: K) -> usize {
        let ends_before = |chunk: &Vec<(K, V)>| chunk.last().is_some_and(|(last, _)| *last < key);
        self.chunks.partition_point(ends_before)
    }

    /// The value of `key`, if it was stored.
    pub(crate) fn get(&self, key: K) -> Option<&V> {
        let chunk = self.chunks.get(self.chunk_of(key))?;
        let place = chunk.binary_search_by_key(&key, |(other, _)| *other).ok()?;
        Some(&chunk[place].1)
    }

    /// The value of `key`, stored with a default first if it is new.
    pub(crate) fn entry(&mut self, key: K) -> &mut V {
        let mut index = self.chunk_of(key);
        let is_last = index == self.chunks.len();
        // A key above all others is appended to the last chunk, or begins a new one if that is full.
        if is_last && self.chunks.last().is_some_and(|last| last.len() < CHUNK) {
            index -= 1;
        } else if is_last {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let place = self.chunks[index].binary_search_by_key(&key, |(other, _)| *other);
        let place = match place {
            Ok(place) => place,
            Err(mut place) => {
                if self.chunks[index].len() == CHUNK {
                    let upper = self.chunks[index].split_off(CHUNK / 2);
                    self.chunks.insert(index + 1, upper);
                    if place > CHUNK / 2 {
                        place -= CHUNK / 2;
                        index += 1;
                    }
                }
                self.chunks[index].insert(place, (key, V::default()));
                place
            }
        };
        &mut self.chunks[index][place].1
    }

    /// The entries from `key` on, in ascending order.
    pub(crate) fn from(&self, key: K) -> impl Iterator<Item = (K, &V)> {
        self.chunks[self.chunk_of(key)..]
            .iter()
            .flatten()
            .map(|(other, value)| (*other, value))
            .skip_while(move |(other, _)| *other < key)
    }

    /// All entries in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.chunks
            .iter()
            .flatten()
            .map(|(key, value)| (*key, value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_in_ascending_order_fill_every_chunk() {
        let mut map: SortedChunks<usize, u8> = SortedChunks::default();
        for key in 0..10 * CHUNK {
            *map.entry(key) = 1;
        }
        assert_eq!(map.chunks.len(), 10);
        assert!(map.chunks.iter().all(|chunk| chunk.capacity() == CHUNK));
    }

    proptest! {
        #[test]
        fn it_holds_what_a_sorted_map_holds(
            keys in prop::collection::vec(0u32..2_000, 0..3_000),
            from in 0u32..2_100,
        ) {
            let mut map: SortedChunks<u32, u32> = SortedChunks::default();
            let mut model: BTreeMap<u32, u32> = BTreeMap::new();
            for key in keys {
                *map.entry(key) += 1;
                *model.entry(key).or_default() += 1;
            }
            prop_assert!(map.iter().eq(model.iter().map(|(key, value)| (*key, value))));
            let range = model.range(from..).map(|(key, value)| (*key, value));
            prop_assert!(map.from(from).eq(range));
            prop_assert_eq!(map.get(from), model.get(&from));
            prop_assert!(map.chunks.iter().all(|chunk| (1..=CHUNK).contains(&chunk.len())));
        }
    }
}
