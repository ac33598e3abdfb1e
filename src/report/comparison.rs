//! Compares an input with the report that was made from it, and finds the rows that are still to be sent. Pure.

use crate::domain::pair::RowKey;
use crate::report::checkpoint::{Checkpoint, RowStatus};
use crate::report::layout::Layout;
use crate::report::row_identity::RowIdentity;

/// Compares the rows of an input, in order, with the lines of a report.
#[derive(Debug)]
pub struct Comparison {
    checkpoint: Checkpoint,
    /// Whether a row can have several lines.
    splits: bool,
    /// The columns of the report.
    layout: Layout,
    /// The current row, and how many of its lines were matched.
    current: Option<(RowKey, usize)>,
}

/// What a report of an earlier version has no columns for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingColumns {
    /// The keys in place of ids.
    Keys,
    /// The labels asked for.
    Labels,
}

/// The first row that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The row number in the report.
    pub row: u64,
    /// The position in the input; `None` if the input ended before this row.
    pub key: Option<RowKey>,
    /// What the row of the input has, and the report has no columns for.
    pub lacks: Option<MissingColumns>,
}

impl Mismatch {
    /// The input has another pair in this row.
    pub(crate) fn at(key: RowKey) -> Self {
        Self {
            row: key.row,
            key: Some(key),
            lacks: None,
        }
    }

    /// The input ends before this row.
    pub(crate) fn end_before(row: u64) -> Self {
        Self {
            row,
            key: None,
            lacks: None,
        }
    }
}

impl Comparison {
    /// `splits` is true if a row of the input can hold several pairs; `layout` is that of the report.
    #[must_use]
    pub fn new(checkpoint: Checkpoint, splits: bool, layout: Layout) -> Self {
        Self {
            checkpoint,
            splits,
            layout,
            current: None,
        }
    }

    /// The last row that has a line: there is nothing to compare after it.
    #[must_use]
    pub fn last_row(&self) -> u64 {
        self.checkpoint.last_row()
    }

    /// Restarts at the first row.
    pub fn rewind(&mut self) {
        self.current = None;
    }

    /// Returns the status of the next pair of the input. Fails if the report has another pair in its place or no columns
    /// for its keys or labels, or if the row before had a line that no pair matched.
    pub fn check(&mut self, key: RowKey, identity: &RowIdentity) -> Result<RowStatus, Mismatch> {
        if self
            .current
            .is_none_or(|(current, _)| current.row != key.row)
        {
            self.leave()?;
            self.current = Some((key, 0));
        }
        let lacks = self.lacks_columns(identity);
        if lacks.is_some() {
            return Err(Mismatch {
                lacks,
                ..Mismatch::at(key)
            });
        }
        if key.row > self.checkpoint.last_row() {
            return Ok(RowStatus::ToBeSent);
        }
        let Some(status) = identity.status_in(&self.checkpoint, key.row) else {
            if !self.splits && self.checkpoint.lines_of(key.row) > 0 {
                return Err(Mismatch::at(key));
            }
            return Ok(RowStatus::ToBeSent);
        };
        if let Some((_, matched)) = &mut self.current {
            *matched += 1;
        }
        Ok(status)
    }

    fn lacks_columns(&self, identity: &RowIdentity) -> Option<MissingColumns> {
        if identity.has_keys() && !self.layout.has_keys() {
            Some(MissingColumns::Keys)
        } else if identity.has_labels() && !self.layout.has_labels() {
            Some(MissingColumns::Labels)
        } else {
            None
        }
    }

    /// Ends the input. Fails if the report has more rows.
    pub fn end(&mut self) -> Result<(), Mismatch> {
        self.leave()?;
        let reached = self.current.map_or(0, |(key, _)| key.row);
        match self.checkpoint.next_row(reached) {
            Some(row) => Err(Mismatch::end_before(row)),
            None => Ok(()),
        }
    }

    /// Checks that every line of the current row was matched.
    fn leave(&self) -> Result<(), Mismatch> {
        match self.current {
            Some((key, matched)) if matched < self.checkpoint.lines_of(key.row) => {
                Err(Mismatch::at(key))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{from_key, key, label_set, raw};

    fn identity(name: &str) -> RowIdentity {
        RowIdentity::new(raw(["contacts", name, "companies", "1"]), None)
    }

    fn comparison(lines: &[(u64, &str, bool)], splits: bool) -> Comparison {
        let mut checkpoint = Checkpoint::default();
        for &(row, name, is_kept) in lines {
            checkpoint.insert(row, identity(name).fingerprint(), is_kept);
        }
        checkpoint.finish().unwrap();
        Comparison::new(checkpoint, splits, Layout::Current)
    }

    /// The pairs of an input that are sent, or the first row that differs.
    fn sent(comparison: &mut Comparison, input: &[(u64, &str)]) -> Result<Vec<String>, Mismatch> {
        let mut sent = Vec::new();
        for &(row, name) in input {
            if comparison.check(key(row), &identity(name))? == RowStatus::ToBeSent {
                sent.push(format!("{row}{name}"));
            }
        }
        comparison.end().map(|()| sent)
    }

    fn differs(row: u64, in_input: bool) -> Result<Vec<String>, Mismatch> {
        Err(if in_input {
            Mismatch::at(key(row))
        } else {
            Mismatch::end_before(row)
        })
    }

    #[test]
    fn reported_rows_are_left_out_and_changed_ones_found() {
        let report = [(1, "a", true), (2, "b", false), (4, "d", true)];
        for (input, expected) in [
            // Unchanged, and grown.
            (
                &[(1, "a"), (2, "b"), (3, "c"), (4, "d")][..],
                Ok(vec!["2b", "3c"]),
            ),
            (
                &[(1, "a"), (2, "b"), (3, "x"), (4, "d"), (5, "e")],
                Ok(vec!["2b", "3x", "5e"]),
            ),
            // Changed, whether the line is kept or not; shorter.
            (&[(1, "x"), (2, "b")], Err(differs(1, true))),
            (&[(1, "a"), (2, "x")], Err(differs(2, true))),
            (&[(1, "a"), (2, "b"), (3, "c")], Err(differs(4, false))),
            (&[], Err(differs(1, false))),
        ] {
            let expected = match expected {
                Ok(names) => Ok(names.into_iter().map(str::to_owned).collect()),
                Err(error) => error,
            };
            let mut comparison = comparison(&report, false);
            assert_eq!(sent(&mut comparison, input), expected, "{input:?}");
            comparison.rewind();
            assert_eq!(
                sent(&mut comparison, input),
                expected,
                "once more: {input:?}"
            );
        }
    }

    #[test]
    fn a_row_of_several_pairs_may_be_reported_in_part() {
        let report = [
            (1, "a", true),
            (1, "b", false),
            (2, "c", true),
            (2, "d", true),
        ];
        for (input, expected) in [
            (
                &[(1, "a"), (1, "b"), (1, "x"), (2, "d"), (2, "c")][..],
                Ok(vec!["1b", "1x"]),
            ),
            (&[(1, "a"), (1, "x"), (2, "c")], Err(differs(1, true))),
            (&[(1, "a"), (1, "b"), (2, "c")], Err(differs(2, true))),
        ] {
            let expected = match expected {
                Ok(names) => Ok(names.into_iter().map(str::to_owned).collect()),
                Err(error) => error,
            };
            assert_eq!(
                sent(&mut comparison(&report, true), input),
                expected,
                "{input:?}"
            );
        }
        // Without splitting, the second line of a row has no pair in the input.
        let once = sent(&mut comparison(&report, false), &[(1, "a"), (2, "c")]);
        assert_eq!(once, differs(1, true));
    }

    #[test]
    fn keys_and_labels_need_a_report_with_columns_for_them() {
        let target = raw(["contacts", "", "companies", "1"]);
        let keyed = RowIdentity::new(target, Some(from_key("a", None).into()));
        for row in [1, 2] {
            let mut checkpoint = Checkpoint::default();
            checkpoint.insert(1, identity("a").fingerprint(), true);
            let mut comparison = Comparison::new(checkpoint, false, Layout::WithoutKeys);
            let refused = comparison.check(key(row), &keyed).unwrap_err();
            assert_eq!(
                (refused.row, refused.lacks),
                (row, Some(MissingColumns::Keys))
            );
        }
        let labels = Some(label_set("USER_DEFINED:1:A"));
        let labelled = identity("a").with_labels(labels);
        for (layout, lacks) in [
            (Layout::WithoutKeys, Some(MissingColumns::Labels)),
            (Layout::Undo, Some(MissingColumns::Labels)),
            (Layout::WithoutPortal, None),
            (Layout::Current, None),
            (Layout::Verify, None),
        ] {
            let mut comparison = Comparison::new(Checkpoint::default(), false, layout);
            let refused = comparison.check(key(1), &labelled).err();
            assert_eq!(
                refused.and_then(|refused| refused.lacks),
                lacks,
                "{layout:?}"
            );
        }
        let by_id = comparison(&[(1, "a", true)], false).check(key(1), &keyed);
        assert_eq!(by_id, Err(Mismatch::at(key(1))), "an id is not a key");
    }
}
