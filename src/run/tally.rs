//! What was counted: a fold over outcomes and replies. Pure.

use crate::exit::ExitStatus;
use crate::outcome::{Finding, Outcome, OutcomeKind};
use crate::pace::Usage;

/// How many distinct categories are counted by name. Categories come from a server: without a bound,
/// one that invents a new one per row would grow the memory with the input.
const MAX_CATEGORIES: usize = 100;

/// The name under which categories beyond the bound are counted.
const OTHER: &str = "(other)";

/// How many rows ended with a category, and an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryCount {
    /// The category; rows with several count under their first.
    pub category: String,
    /// How such a row ended, of the first one.
    pub kind: OutcomeKind,
    /// How many.
    pub rows: u64,
    /// The first message seen with it.
    pub example: String,
}

/// What was counted so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    kinds: [u64; OutcomeKind::ALL.len()],
    categories: Vec<CategoryCount>,
    /// How many of the rows ended in earlier runs.
    pub earlier: u64,
    /// Requests that were answered, or given up on.
    pub requests: u64,
    /// How many of them were answered 429.
    pub throttled: u64,
    /// How much of the quota was there, and why less was used.
    pub usage: Usage,
    /// Rows that were read but have no line: a stop came first.
    pub unsettled: u64,
}

impl Tally {
    /// Counts an outcome.
    pub fn count(&mut self, outcome: &Outcome) {
        let Finding {
            categories,
            message,
            ..
        } = &outcome.finding;
        self.count_line(
            outcome.kind,
            categories.first().map(String::as_str),
            message,
        );
    }

    /// Counts a row that ended in an earlier run, by its line.
    pub fn count_earlier(&mut self, kind: OutcomeKind, category: Option<&str>, message: &str) {
        self.earlier += 1;
        self.count_line(kind, category, message);
    }

    fn count_line(&mut self, kind: OutcomeKind, category: Option<&str>, message: &str) {
        self.kinds[kind as usize] += 1;
        let Some(category) = category.filter(|_| !kind.is_good()) else {
            return;
        };
        let known = |entry: &CategoryCount, category: &str| {
            entry.category == category && entry.kind == kind
        };
        let full = self.categories.len() >= MAX_CATEGORIES;
        let seen = self.categories.iter().any(|entry| known(entry, category));
        let category = if full && !seen { OTHER } else { category };
        match self
            .categories
            .iter_mut()
            .find(|entry| known(entry, category))
        {
            Some(entry) => entry.rows += 1,
            None => self.categories.push(CategoryCount {
                category: category.to_owned(),
                kind,
                rows: 1,
                example: message.to_owned(),
            }),
        }
    }

    /// Rows that ended like this.
    #[must_use]
    pub fn of(&self, kind: OutcomeKind) -> u64 {
        self.kinds[kind as usize]
    }

    /// Rows that ended, however.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.kinds.iter().sum()
    }

    /// Rows that need somebody's attention.
    #[must_use]
    pub fn not_good(&self) -> u64 {
        let not_good = OutcomeKind::ALL.into_iter().filter(|kind| !kind.is_good());
        not_good.map(|kind| self.of(kind)).sum()
    }

    /// The categories, most frequent first.
    #[must_use]
    pub fn categories(&self) -> Vec<&CategoryCount> {
        let mut categories: Vec<_> = self.categories.iter().collect();
        categories.sort_by_key(|entry| std::cmp::Reverse(entry.rows));
        categories
    }

    /// How a run ends in which every row got its outcome.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        if self.not_good() == 0 {
            ExitStatus::Done
        } else {
            ExitStatus::SomeRowsNot
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Subject;
    use crate::pair::RowKey;
    use jiff::Timestamp;
    use std::time::Duration;

    fn outcome(kind: OutcomeKind, category: &str) -> Outcome {
        Outcome {
            key: RowKey { row: 1, line: 2 },
            subject: Subject::Raw(Default::default()),
            kind,
            finding: Finding {
                categories: vec![category.to_owned()],
                message: format!("about {category}"),
                ..Finding::default()
            },
            attempts: 1,
            duration: Duration::ZERO,
            finished_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn rows_are_counted_by_outcome_and_categories_by_frequency() {
        let mut tally = Tally::default();
        tally.count(&outcome(OutcomeKind::Associated, ""));
        tally.count(&outcome(OutcomeKind::Skipped, "CLIENT_DUPLICATE"));
        assert_eq!(tally.exit_status(), ExitStatus::Done);
        tally.count(&outcome(OutcomeKind::Failed, "A"));
        tally.count(&outcome(OutcomeKind::Rejected, "B"));
        tally.count(&outcome(OutcomeKind::Rejected, "B"));
        tally.count(&outcome(OutcomeKind::Failed, "B"));
        assert_eq!(tally.exit_status(), ExitStatus::SomeRowsNot);
        assert_eq!((tally.settled(), tally.not_good()), (6, 4));
        let categories: Vec<_> = tally
            .categories()
            .into_iter()
            .map(|entry| {
                (
                    entry.category.as_str(),
                    entry.kind,
                    entry.rows,
                    entry.example.as_str(),
                )
            })
            .collect();
        assert_eq!(
            categories,
            [
                ("B", OutcomeKind::Rejected, 2, "about B"),
                ("A", OutcomeKind::Failed, 1, "about A"),
                ("B", OutcomeKind::Failed, 1, "about B"),
            ]
        );
    }

    #[test]
    fn a_server_that_invents_categories_does_not_grow_the_tally() {
        let mut tally = Tally::default();
        for index in 0..1000 {
            tally.count(&outcome(OutcomeKind::Rejected, &format!("C{index}")));
            tally.count(&outcome(OutcomeKind::Rejected, "C0"));
        }
        let categories = tally.categories();
        assert_eq!(categories.len(), MAX_CATEGORIES + 1);
        assert_eq!(
            (categories[0].category.as_str(), categories[0].rows),
            ("C0", 1001)
        );
        assert_eq!(
            (categories[1].category.as_str(), categories[1].rows),
            (OTHER, 900)
        );
    }

    #[test]
    fn the_kinds_are_counted_where_they_are_listed() {
        for (index, kind) in OutcomeKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
        }
    }
}
