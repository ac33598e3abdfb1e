//! The state of each row according to the lines of a report, in a few bytes per row. Pure.
//!
//! A resume needs to know for every row whether it is finished, and whether it is still the same row. Ten million
//! rows take 80 MB: 63 bits are a fingerprint of the pair with its labels, one bit says whether the line is kept. Two different pairs
//! have the same fingerprint with a probability of one in 10^18 per row; a changed row would then count as unchanged.
//! A damaged report can contain any row number: memory grows with the number of lines, not with the distance between
//! their rows.

use std::collections::HashMap;

use crate::report::checkpoint_chunk::{CHUNK_ROWS, Chunk, Mark};

/// The bit of a mark that is set if the line is kept.
const IS_KEPT: Mark = 1;

/// The state of a pair in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowStatus {
    /// Its line is kept: the row is not sent again.
    Reported,
    /// Its line is dropped: the row is sent again.
    ToBeSent,
}

/// The rows that have lines, with the content of these lines.
#[derive(Debug, Default)]
pub struct Checkpoint {
    chunks: HashMap<u64, Chunk>,
    /// The second and further lines of each row, sorted by row once all are inserted.
    more: Vec<(u64, Mark)>,
    last_row: u64,
}

impl Checkpoint {
    /// Adds a line.
    pub(crate) fn insert(&mut self, row: u64, fingerprint: u64, is_kept: bool) {
        let mark = mark(fingerprint, is_kept);
        let (chunk, place) = place(row);
        if !self.chunks.entry(chunk).or_default().insert(place, mark) {
            self.more.push((row, mark));
        }
        self.last_row = self.last_row.max(row);
    }

    /// Prepares the checkpoint for lookups; fails with the row if it has two lines for the same pair.
    pub(crate) fn finish(&mut self) -> Result<(), u64> {
        self.more.sort_unstable();
        let alike = |one: Mark, other: Mark| one | IS_KEPT == other | IS_KEPT;
        let neighbours = self.more.windows(2);
        let mut among_more =
            neighbours.filter(|two| two[0].0 == two[1].0 && alike(two[0].1, two[1].1));
        if let Some(two) = among_more.next() {
            return Err(two[0].0);
        }
        let mut like_first = self
            .more
            .iter()
            .filter(|&&(row, mark)| alike(self.first(row), mark));
        if let Some(&(row, _)) = like_first.next() {
            return Err(row);
        }
        Ok(())
    }

    /// The last row that has a line.
    #[must_use]
    pub fn last_row(&self) -> u64 {
        self.last_row
    }

    /// The first row after `row` that has a line.
    #[must_use]
    pub fn next_row(&self, row: u64) -> Option<u64> {
        let next = row.checked_add(1)?;
        let (own, place) = place(next);
        let in_own = self.chunks.get(&own);
        if let Some(found) = in_own.and_then(|marks| marks.first_from(place)) {
            return Some(row_at(own, found));
        }
        // Called once, for an input that ended too early: not worth a sorted index.
        let behind = self.chunks.iter().filter(|&(&chunk, _)| chunk > own);
        let (&chunk, marks) = behind.min_by_key(|&(&chunk, _)| chunk)?;
        Some(row_at(chunk, marks.first_from(0)?))
    }

    /// The number of lines of a row.
    #[must_use]
    pub fn lines_of(&self, row: u64) -> usize {
        usize::from(self.first(row) != 0) + self.others(row).len()
    }

    /// The state of this pair in this row; `None` if the report has no such line.
    #[must_use]
    pub fn status(&self, row: u64, fingerprint: u64) -> Option<RowStatus> {
        let wanted = mark(fingerprint, true);
        let first = self.first(row);
        let found = if first | IS_KEPT == wanted {
            first
        } else {
            let others = self.others(row);
            let place = others.binary_search_by_key(&wanted, |&(_, mark)| mark | IS_KEPT);
            others[place.ok()?].1
        };
        Some(if found & IS_KEPT == IS_KEPT {
            RowStatus::Reported
        } else {
            RowStatus::ToBeSent
        })
    }

    fn first(&self, row: u64) -> Mark {
        let (chunk, place) = place(row);
        self.chunks.get(&chunk).map_or(0, |marks| marks.get(place))
    }

    fn others(&self, row: u64) -> &[(u64, Mark)] {
        let start = self.more.partition_point(|&(other, _)| other < row);
        let length = self.more[start..].partition_point(|&(other, _)| other == row);
        &self.more[start..start + length]
    }
}

fn mark(fingerprint: u64, is_kept: bool) -> Mark {
    // At least 2 in the fingerprint's bits, so that no mark is 0.
    (fingerprint & !IS_KEPT).max(2) | if is_kept { IS_KEPT } else { 0 }
}

fn place(row: u64) -> (u64, u16) {
    (row / CHUNK_ROWS, (row % CHUNK_ROWS) as u16)
}

fn row_at(chunk: u64, place: u16) -> u64 {
    chunk * CHUNK_ROWS + u64::from(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn two_lines_for_the_same_pair_of_a_row_are_found() {
        for (marks, twice) in [
            (&[(1, 10), (1, 20), (2, 10)][..], None),
            (&[(1, 10), (2, 10), (1, 10)], Some(1)),
            (&[(7, 10), (7, 20), (7, 30), (7, 20)], Some(7)),
        ] {
            let mut checkpoint = Checkpoint::default();
            for (place, &(row, fingerprint)) in marks.iter().enumerate() {
                checkpoint.insert(row, fingerprint, place % 2 == 0);
            }
            assert_eq!(checkpoint.finish().err(), twice);
        }
    }

    #[test]
    fn the_next_row_with_a_line_is_found_however_far_it_is() {
        let mut checkpoint = Checkpoint::default();
        let rows = [
            1,
            2,
            CHUNK_ROWS - 1,
            CHUNK_ROWS,
            5 * CHUNK_ROWS,
            10_u64.pow(12),
            u64::MAX,
        ];
        for row in rows {
            checkpoint.insert(row, 10, true);
        }
        let mut found = Vec::new();
        let mut last = 0;
        while let Some(row) = checkpoint.next_row(last) {
            found.push(row);
            last = row;
        }
        assert_eq!(found, rows);
        assert_eq!(Checkpoint::default().next_row(0), None);
    }

    proptest! {
        #[test]
        fn it_behaves_like_a_map(
            near in prop::collection::btree_map((1_u64..40, 0_u64..6), any::<bool>(), 0..60),
            far_lines in prop::collection::btree_map((any::<u64>(), 0_u64..6), any::<bool>(), 0..20),
            far in any::<u64>(),
        ) {
            let lines: BTreeMap<_, _> = near.into_iter().chain(far_lines).collect();
            // Fingerprints that differ only in their lowest bit are equal.
            let lines: BTreeMap<(u64, u64), bool> =
                lines.into_iter().map(|((row, print), is_kept)| ((row, print * 4 + 4), is_kept)).collect();
            let mut checkpoint = Checkpoint::default();
            for (&(row, print), &is_kept) in &lines {
                checkpoint.insert(row, print, is_kept);
            }
            checkpoint.finish().unwrap();
            let rows: Vec<u64> = lines.keys().map(|&(row, _)| row).collect();
            for row in (0..42).chain([far]).chain(rows) {
                for print in (0..6).map(|print| print * 4 + 4) {
                    let expected = lines.get(&(row, print)).map(|&is_kept| {
                        if is_kept { RowStatus::Reported } else { RowStatus::ToBeSent }
                    });
                    prop_assert_eq!(checkpoint.status(row, print), expected);
                }
                let count = lines.keys().filter(|(other, _)| *other == row).count();
                prop_assert_eq!(checkpoint.lines_of(row), count);
                let next = lines.keys().map(|&(other, _)| other).find(|&other| other > row);
                prop_assert_eq!(checkpoint.next_row(row), next);
            }
            prop_assert_eq!(checkpoint.last_row(), lines.keys().map(|&(row, _)| row).max().unwrap_or(0));
        }
    }
}
