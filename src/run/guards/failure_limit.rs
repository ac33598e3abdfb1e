//! The failure limit: how many rows may end badly before the run stops by itself. Pure.
//!
//! If a run uses the wrong column, its first hundred rows already fail. Without this limit the run would
//! still send two million rows, and the failures would count against the error share of the account.

use std::collections::VecDeque;
use std::num::NonZeroU64;

use crate::domain::category::shows_link;
use crate::domain::cause::Cause;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::run_counts::{CategoryCount, Example};

/// The share of bad rows is computed over this number of latest rows.
const WINDOW_ROWS: usize = 1000;

/// The share is not evaluated before this number of rows has ended.
const MIN_ROWS: usize = 100;

/// Maximum number of distinct shapes.
const MAX_SHAPES: usize = 200;

/// How many rows may end badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureLimit {
    /// The run stops at this number of rejected, failed or invalid rows.
    pub max_failed: Option<NonZeroU64>,
    /// The run stops when this percentage of the latest rows ended badly; 100 disables the check.
    pub max_failed_percent: u8,
}

impl Default for FailureLimit {
    fn default() -> Self {
        Self {
            max_failed: None,
            max_failed_percent: 50,
        }
    }
}

/// Which part of the limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReachedLimit {
    /// The number of bad rows.
    Rows(NonZeroU64),
    /// The percentage of the latest rows.
    Percent(u8),
}

/// The failure limit was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureLimitReached {
    /// Which part of it.
    pub limit: ReachedLimit,
    /// Number of rows that ended badly.
    pub bad: u64,
    /// Number of rows among which they were counted.
    pub of: u64,
    /// The most frequent shape of the bad rows among the latest rows; its example is the first row with
    /// that shape.
    pub common: Option<CategoryCount>,
    /// Whether most of the bad rows among the latest rows failed, for any cause: then the API has
    /// problems or is unreachable, and the rows may be valid.
    pub transient: bool,
}

/// The shape of an error: outcome, category, and the message without its digits.
#[derive(Debug)]
struct ErrorShape {
    text: String,
    count: CategoryCount,
}

fn first_category(outcome: &Outcome) -> &str {
    outcome
        .details
        .categories
        .first()
        .map_or("", String::as_str)
}

/// Tracks how rows end. A row that was skipped because its pair is already linked is a good row; other
/// skipped rows do not count.
#[derive(Debug)]
pub(crate) struct FailureTracker {
    allowed: FailureLimit,
    /// The latest rows; a bad row has the index of its shape.
    last: VecDeque<Option<usize>>,
    bad_among_last: usize,
    bad: u64,
    rows: u64,
    shapes: Vec<ErrorShape>,
}

impl FailureTracker {
    pub(crate) fn new(allowed: FailureLimit) -> Self {
        Self {
            allowed,
            last: VecDeque::with_capacity(WINDOW_ROWS),
            bad_among_last: 0,
            bad: 0,
            rows: 0,
            shapes: Vec::new(),
        }
    }

    /// Records how a row ended; returns the details if that reaches the limit. `open` is the number of rows that were
    /// taken before and have no outcome yet, because they share a request: a row that is never sent ends before them,
    /// so until they end, they count as good.
    pub(crate) fn note(
        &mut self,
        outcome: &Outcome,
        open: impl FnOnce() -> usize,
    ) -> Option<FailureLimitReached> {
        if outcome.kind.is_good() {
            if shows_link(outcome.kind, first_category(outcome)) {
                self.note_good();
            }
            return None;
        }
        let shape = self.shape(outcome);
        self.push(Some(shape));
        self.bad += 1;
        self.bad_among_last += 1;
        self.shapes[shape].count.rows += 1;
        self.exceeded(open)
    }

    /// Records a row whose pair is linked.
    pub(crate) fn note_good(&mut self) {
        self.push(None);
    }

    fn push(&mut self, shape: Option<usize>) {
        self.rows += 1;
        if self.last.len() == WINDOW_ROWS
            && let Some(Some(left)) = self.last.pop_front()
        {
            self.bad_among_last -= 1;
            self.shapes[left].count.rows -= 1;
        }
        self.last.push_back(shape);
    }

    fn exceeded(&self, open: impl FnOnce() -> usize) -> Option<FailureLimitReached> {
        let exceeded = |limit, bad, of| FailureLimitReached {
            limit,
            bad,
            of,
            common: self.common(),
            transient: self.is_transient(),
        };
        if let Some(max) = self.allowed.max_failed
            && self.bad >= max.get()
        {
            return Some(exceeded(ReachedLimit::Rows(max), self.bad, self.rows));
        }
        let percent = self.allowed.max_failed_percent;
        let enough = self.last.len() >= MIN_ROWS;
        let is_bad_among = |rows| self.bad_among_last * 100 >= rows * usize::from(percent);
        let rows = self.last.len();
        let is_exceeded = enough && is_bad_among(rows) && is_bad_among(rows + open());
        (percent < 100 && is_exceeded).then(|| {
            let (bad, of) = (self.bad_among_last as u64, self.last.len() as u64);
            exceeded(ReachedLimit::Percent(percent), bad, of)
        })
    }

    fn common(&self) -> Option<CategoryCount> {
        let max = self.shapes.iter().max_by_key(|shape| shape.count.rows)?;
        Some(max.count.clone())
    }

    fn is_transient(&self) -> bool {
        let of_kind = |kind| {
            let counts = self.shapes.iter().map(|shape| &shape.count);
            let rows = counts
                .filter(|count| count.kind == kind)
                .map(|count| count.rows);
            rows.sum::<u64>()
        };
        of_kind(OutcomeKind::Failed) * 2 > self.bad_among_last as u64
    }

    /// Messages that differ only in their digits have the same shape.
    fn shape(&mut self, outcome: &Outcome) -> usize {
        let category = first_category(outcome).to_owned();
        let mut text: String = outcome
            .details
            .message
            .chars()
            .filter(|c| !c.is_ascii_digit())
            .collect();
        if self.shapes.len() >= MAX_SHAPES {
            text.clear();
        }
        let same = |shape: &ErrorShape| {
            shape.text == text
                && shape.count.category == category
                && shape.count.kind == outcome.kind
        };
        if let Some(known) = self.shapes.iter().position(same) {
            return known;
        }
        if self.shapes.len() > MAX_SHAPES {
            return MAX_SHAPES;
        }
        self.shapes.push(ErrorShape {
            text,
            count: CategoryCount {
                cause: Cause::of(&category, &outcome.details.message),
                category,
                kind: outcome.kind,
                rows: 0,
                examples: vec![Example::of(outcome)],
            },
        });
        self.shapes.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::category::Category;
    use crate::domain::outcome::{Details, RowTarget};
    use crate::domain::pair::RowKey;
    use jiff::Timestamp;
    use std::time::Duration;

    fn outcome(row: u64, kind: OutcomeKind, message: &str) -> Outcome {
        Outcome {
            key: RowKey { row, line: row + 1 },
            target: RowTarget::Raw(Default::default()),
            keys: None,
            kind,
            details: Details {
                categories: vec!["VALIDATION_ERROR".into()],
                message: message.to_owned(),
                ..Details::default()
            },
            attempts: 1,
            duration: Duration::ZERO,
            finished_at: Timestamp::UNIX_EPOCH,
            existed_before: None,
            labels: None,
            proof: None,
        }
    }

    /// After how many rows the limit is reached; `bad` says which rows end badly.
    fn exceeded_after(limit: FailureLimit, rows: u64, bad: impl Fn(u64) -> bool) -> Option<u64> {
        let mut watch = FailureTracker::new(limit);
        (1..=rows).find(|&row| {
            let kind = if bad(row) {
                OutcomeKind::Rejected
            } else {
                OutcomeKind::Associated
            };
            watch.note(&outcome(row, kind, "x"), || 0).is_some()
        })
    }

    fn percent(max_failed_percent: u8) -> FailureLimit {
        FailureLimit {
            max_failed: None,
            max_failed_percent,
        }
    }

    #[test]
    fn a_share_counts_from_the_hundredth_row_on_and_over_the_last_thousand() {
        for (limit, bad, after) in [
            (percent(50), (|_| true) as fn(u64) -> bool, Some(100)),
            (percent(100), |_| true, None),
            (percent(50), |row| row % 2 == 0, Some(100)),
            (percent(50), |row| row % 3 == 0, None),
            (percent(30), |row| row % 3 == 0, Some(102)),
            // The first 4,000 are good; only the last thousand count.
            (percent(50), |row| row > 4000, Some(4500)),
            (percent(1), |row| row == 100, Some(100)),
            (percent(1), |row| row == 101, None),
        ] {
            assert_eq!(exceeded_after(limit, 6000, bad), after, "{limit:?}");
        }
    }

    #[test]
    fn rows_that_are_open_count_as_good_until_they_end() {
        for (open, bad_rows, is_exceeded) in [
            (0, 100, true),
            (100, 100, true),
            (101, 100, false),
            (101, 101, true),
            (2000, 1000, false),
        ] {
            let mut watch = FailureTracker::new(percent(50));
            let last = (1..=bad_rows)
                .map(|row| watch.note(&outcome(row, OutcomeKind::Invalid, "x"), || open))
                .last();
            assert_eq!(last.unwrap().is_some(), is_exceeded, "{open} {bad_rows}");
        }
    }

    #[test]
    fn max_failed_counts_over_the_whole_run() {
        let limit = FailureLimit {
            max_failed: NonZeroU64::new(3),
            max_failed_percent: 100,
        };
        assert_eq!(
            exceeded_after(limit, 6000, |row| row % 1500 == 0),
            Some(4500)
        );
    }

    fn skipped(row: u64, category: Category) -> Outcome {
        let mut skipped = outcome(row, OutcomeKind::Skipped, "");
        skipped.details.categories = vec![category.as_str().to_owned()];
        skipped
    }

    #[test]
    fn skipped_rows_are_good_if_their_pair_is_linked_and_ignored_otherwise() {
        for (category, of) in [
            (Category::Duplicate, 100),
            (Category::NothingToLink, 100),
            // Half of the last thousand rows are bad.
            (Category::AlreadyAssociated, 1000),
        ] {
            let mut watch = FailureTracker::new(percent(50));
            for row in 0..5000 {
                assert_eq!(watch.note(&skipped(row, category), || 0), None);
            }
            let mut bad = (0..500).map(|row| outcome(row, OutcomeKind::Failed, "x"));
            let exceeded = bad.find_map(|bad| watch.note(&bad, || 0)).unwrap();
            assert_eq!(exceeded.of, of, "{category:?}");
            assert_eq!(exceeded.bad, if of == 100 { 100 } else { 500 });
        }
    }

    #[test]
    fn it_shows_what_most_bad_rows_have_in_common() {
        let mut watch = FailureTracker::new(percent(50));
        let exceeded = (1..=100).find_map(|row| match row % 10 {
            0 => watch.note(&outcome(row, OutcomeKind::Failed, "late"), || 0),
            3 => watch.note(&outcome(row, OutcomeKind::Associated, ""), || 0),
            _ => {
                let message = format!("CONTACT={row} is not valid");
                watch.note(&outcome(row, OutcomeKind::Rejected, &message), || 0)
            }
        });
        let exceeded = exceeded.unwrap();
        assert_eq!(
            (exceeded.bad, exceeded.of, exceeded.limit),
            (90, 100, ReachedLimit::Percent(50))
        );
        let common = exceeded.common.unwrap();
        assert_eq!((common.rows, common.examples[0].key.row), (80, 1));
        assert_eq!(common.message(), "CONTACT=1 is not valid");
        assert!(!exceeded.transient);
    }

    #[test]
    fn rows_that_failed_in_many_ways_together_exceed_the_most_frequent_cause() {
        let one_in = |failed: usize| {
            let mut watch = FailureTracker::new(percent(50));
            let mut rows = (1..=100).zip((0..5).cycle()).map(|(row, way)| {
                if way < failed {
                    outcome(row, OutcomeKind::Failed, &"x".repeat(way))
                } else {
                    outcome(row, OutcomeKind::Rejected, "no")
                }
            });
            let exceeded = rows.find_map(|row| watch.note(&row, || 0));
            exceeded.unwrap().transient
        };
        assert_eq!([0, 2, 3, 5].map(one_in), [false, false, true, true]);
    }

    #[test]
    fn shapes_are_bounded_and_the_last_rows_are_those_that_count() {
        let mut watch = FailureTracker::new(percent(100));
        for row in 0..10_000 {
            let name: String =
                std::iter::repeat_n('x', usize::try_from(row).unwrap() % 900).collect();
            watch.note(&outcome(row, OutcomeKind::Rejected, &name), || 0);
        }
        assert!(watch.shapes.len() <= MAX_SHAPES + 1);
        let counted: u64 = watch.shapes.iter().map(|shape| shape.count.rows).sum();
        assert_eq!((counted, watch.bad_among_last), (1000, 1000));
    }
}
