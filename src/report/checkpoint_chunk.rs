//! A chunk of the checkpoint: the marks of the lines of some thousand rows, one mark per row. Pure.
//!
//! A chunk is sparse until it has many lines: a genuine report fills one chunk after the other, but a damaged one may
//! have a single line in each. So a chunk takes at most 64 bytes per line, and 8 when it is full.

/// The number of rows that share one chunk.
pub(crate) const CHUNK_ROWS: u64 = 4096;

#[expect(
    clippy::cast_possible_truncation,
    reason = "`CHUNK_ROWS` fits in any `usize`"
)]
const LENGTH: usize = CHUNK_ROWS as usize;

/// With more lines than this, one slot per row takes at most 64 bytes per line.
const MAX_SPARSE: usize = LENGTH / 8;

/// The mark of one line: never 0, which means no line.
pub(crate) type Mark = u64;

/// The marks of the rows of one chunk.
#[derive(Debug)]
pub(crate) enum Chunk {
    /// Sorted by position.
    Sparse(Vec<(u16, Mark)>),
    /// One for each row.
    Dense(Box<[Mark]>),
}

impl Default for Chunk {
    fn default() -> Self {
        Self::Sparse(Vec::new())
    }
}

impl Chunk {
    /// Inserts a mark at a position; `false` if there is one already.
    pub(crate) fn insert(&mut self, place: u16, mark: Mark) -> bool {
        if let Self::Sparse(marks) = self
            && marks.len() >= MAX_SPARSE
        {
            let mut dense = vec![0; LENGTH].into_boxed_slice();
            for &(place, mark) in &*marks {
                dense[usize::from(place)] = mark;
            }
            *self = Self::Dense(dense);
        }
        match self {
            Self::Dense(marks) => match &mut marks[usize::from(place)] {
                free @ 0 => {
                    *free = mark;
                    true
                }
                _ => false,
            },
            Self::Sparse(marks) => match marks.binary_search_by_key(&place, |&(place, _)| place) {
                Ok(_) => false,
                Err(index) => {
                    marks.insert(index, (place, mark));
                    true
                }
            },
        }
    }

    /// The mark at a position; 0 if there is none.
    pub(crate) fn get(&self, place: u16) -> Mark {
        match self {
            Self::Dense(marks) => marks[usize::from(place)],
            Self::Sparse(marks) => {
                let index = marks.binary_search_by_key(&place, |&(place, _)| place);
                index.map_or(0, |index| marks[index].1)
            }
        }
    }

    /// The first position from `start` on that has a mark.
    pub(crate) fn first_from(&self, start: u16) -> Option<u16> {
        match self {
            Self::Dense(marks) => {
                let mut places = (0_u16..).zip(&**marks).skip(start.into());
                places.find_map(|(place, &mark)| (mark != 0).then_some(place))
            }
            Self::Sparse(marks) => {
                let index = marks.partition_point(|&(place, _)| place < start);
                marks.get(index).map(|&(place, _)| place)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn few_lines_take_little_memory_and_many_take_a_place_for_each_row() {
        let mut marks = Chunk::default();
        for place in 0..u16::try_from(LENGTH).unwrap() {
            let Chunk::Sparse(sparse) = &marks else {
                assert!(usize::from(place) > MAX_SPARSE);
                return;
            };
            assert!(size_of_val(&sparse[..]) <= usize::from(place) * 16);
            assert!(marks.insert(place, 7));
        }
        panic!("it stays sparse");
    }

    proptest! {
        #[test]
        fn it_behaves_like_a_map(
            marks in prop::collection::vec((0..4096_u16, 1..9_u64), 0..900),
            places in prop::collection::vec(0..4096_u16, 50),
        ) {
            let mut known = Chunk::default();
            let mut map = BTreeMap::new();
            for (place, mark) in marks {
                let is_new = !map.contains_key(&place);
                map.entry(place).or_insert(mark);
                prop_assert_eq!(known.insert(place, mark), is_new);
            }
            for place in places {
                prop_assert_eq!(known.get(place), map.get(&place).copied().unwrap_or(0));
                let next = map.range(place..).next().map(|(&place, _)| place);
                prop_assert_eq!(known.first_from(place), next);
            }
        }
    }
}
