//! Counts outcomes and replies. Pure.

use crate::domain::category::Category;
use crate::domain::cause::Cause;
use crate::domain::link_counts::{ExistedCounts, LinkCounts};
use crate::domain::lookup_counts::LookupCounts;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::pair::RowKey;
use crate::domain::row_keys::RowKeys;
use crate::domain::utilization::{LimitingFactor, Utilization};
use crate::exit_status::ExitStatus;

/// Maximum number of distinct categories that are counted by name. Categories come from a server:
/// without this limit, a server that invents a new one for each row would make memory grow with the
/// input.
const MAX_CATEGORIES: usize = 100;

/// The name under which categories beyond the limit are counted.
const OTHER: &str = "(other)";

/// Number of rows of each category that are kept as examples.
const EXAMPLES: usize = 3;

/// An example of a row that ended with a category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Row and line number.
    pub key: RowKey,
    /// The values of the four pair columns of its report line.
    pub values: [String; 4],
    /// The keys that stood in its id cells, first and second record; empty where an id stood.
    pub keys: [String; 2],
    /// The status of the last reply, if there was one.
    pub http_status: Option<u16>,
    /// What went wrong.
    pub message: String,
    /// The correlation id, which HubSpot's support needs.
    pub correlation_id: Option<String>,
}

impl Example {
    /// Makes an example from an outcome.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        Self {
            key: outcome.key,
            values: outcome.target.values(),
            keys: outcome.keys.as_deref().map(cells).unwrap_or_default(),
            http_status: outcome.details.http_status,
            message: outcome.details.message.clone(),
            correlation_id: outcome.details.correlation_id.clone(),
        }
    }
}

/// The texts of the keys, in the order of the records.
fn cells(keys: &RowKeys) -> [String; 2] {
    [&keys.from, &keys.to].map(|key| {
        let cell = key.as_ref().map(|key| key.cell.to_string());
        cell.unwrap_or_default()
    })
}

/// How many rows ended with a category and for the same cause, with examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryCount {
    /// The category; rows with several are counted under their first.
    pub category: String,
    /// The cause, where the category does not say it.
    pub cause: Cause,
    /// The outcome of these rows.
    pub kind: OutcomeKind,
    /// The number of rows.
    pub rows: u64,
    /// The first of these rows.
    pub examples: Vec<Example>,
}

impl CategoryCount {
    /// The first message seen with this category.
    #[must_use]
    pub fn message(&self) -> &str {
        self.examples.first().map_or("", |example| &example.message)
    }
}

/// The daily limit, as the reply headers state it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Daily {
    /// Requests per day.
    pub limit: u64,
    /// Requests that are left today.
    pub remaining: u64,
}

/// The counts of a run so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunCounts {
    kinds: [u64; OutcomeKind::ALL.len()],
    categories: Vec<CategoryCount>,
    /// Rows that ended in earlier runs.
    pub already_reported: u64,
    /// Rows that were skipped because a list of ids is empty.
    pub nothing_to_link: u64,
    /// Rows that were skipped because HubSpot shows their pair as linked.
    pub skipped_as_linked: u64,
    /// Rows by whether their pair was linked before.
    pub existed: ExistedCounts,
    /// Requests that got a reply or were given up, lookups included.
    pub requests: u64,
    /// Requests that got a 429.
    pub throttled: u64,
    /// How much of the quota was available, and why less was used.
    pub utilization: Utilization,
    /// The daily limit according to the last reply that states it.
    pub daily: Option<Daily>,
    /// Rows that were read but have no report line, because the run stopped first.
    pub without_outcome: u64,
    /// The keys that were looked up instead of ids, by their answers.
    pub lookup: LookupCounts,
    /// The calls that read or remove links.
    pub links: LinkCounts,
}

impl RunCounts {
    /// Counts an outcome.
    pub fn count(&mut self, outcome: &Outcome) {
        self.existed.add(outcome.existed_before);
        let details = &outcome.details;
        let category = details.categories.first();
        let category =
            category.map(|category| (category.as_str(), Cause::of(category, &details.message)));
        self.count_row(outcome.kind, category, || Example::of(outcome));
    }

    /// Counts a row by its outcome, first category and cause; calls `example` only if the example is
    /// kept.
    pub fn count_row(
        &mut self,
        kind: OutcomeKind,
        category: Option<(&str, Cause)>,
        example: impl FnOnce() -> Example,
    ) {
        self.kinds[kind as usize] += 1;
        if let (OutcomeKind::Skipped, Some((category, _))) = (kind, category) {
            self.nothing_to_link += u64::from(category == Category::NothingToLink.as_str());
            self.skipped_as_linked += u64::from(category == Category::Exists.as_str());
        }
        let Some((category, cause)) = category.filter(|_| !kind.is_good()) else {
            return;
        };
        let full = self.categories.len() >= MAX_CATEGORIES;
        let (category, cause) = if full && self.place(category, cause, kind).is_none() {
            (OTHER, Cause::Category)
        } else {
            (category, cause)
        };
        let place = self.place(category, cause, kind).unwrap_or_else(|| {
            self.categories.push(CategoryCount {
                category: category.to_owned(),
                cause,
                kind,
                rows: 0,
                examples: Vec::new(),
            });
            self.categories.len() - 1
        });
        let entry = &mut self.categories[place];
        entry.rows += 1;
        if entry.examples.len() < EXAMPLES {
            entry.examples.push(example());
        }
    }

    fn place(&self, category: &str, cause: Cause, kind: OutcomeKind) -> Option<usize> {
        self.categories.iter().position(|entry| {
            entry.category == category && entry.cause == cause && entry.kind == kind
        })
    }

    /// Rows with this outcome.
    #[must_use]
    pub fn of(&self, kind: OutcomeKind) -> u64 {
        self.kinds[kind as usize]
    }

    /// Rows with any outcome.
    #[must_use]
    pub fn finished(&self) -> u64 {
        self.kinds.iter().sum()
    }

    /// Rows that need attention: rejected, failed or invalid.
    #[must_use]
    pub fn with_problems(&self) -> u64 {
        let with_problems = OutcomeKind::ALL.into_iter().filter(|kind| !kind.is_good());
        with_problems.map(|kind| self.of(kind)).sum()
    }

    /// The used share of the rate limit for associations, which lookups and reads of links do not use, and the
    /// longest-lasting limiting factor; `None` as in [`Utilization::of`].
    #[must_use]
    pub fn quota_use(&self) -> Option<(f64, Option<LimitingFactor>)> {
        let others = self.lookup.calls + self.links.calls();
        let requests = self.requests.saturating_sub(others);
        self.utilization.of(requests)
    }

    /// The categories, most frequent first.
    #[must_use]
    pub fn categories(&self) -> Vec<&CategoryCount> {
        let mut categories: Vec<_> = self.categories.iter().collect();
        categories.sort_by_key(|entry| std::cmp::Reverse(entry.rows));
        categories
    }

    /// Whether there were rows and each of them has an empty list: this indicates the wrong column
    /// rather than a file in which no record is linked with any other.
    #[must_use]
    pub fn has_only_empty_lists(&self) -> bool {
        self.nothing_to_link > 0 && self.nothing_to_link == self.finished()
    }

    /// The exit status of a run in which every row got an outcome.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        if self.with_problems() == 0 && !self.has_only_empty_lists() {
            ExitStatus::Done
        } else {
            ExitStatus::SomeRowsNot
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures;
    use crate::domain::fixtures::details;
    use crate::domain::proof::ExistedBefore;
    use crate::domain::row_keys::CellKey;
    use std::time::Duration;

    fn outcome(kind: OutcomeKind, category: &str) -> Outcome {
        Outcome {
            details: details(category, &format!("about {category}")),
            ..fixtures::outcome(1, kind)
        }
    }

    #[test]
    fn rows_are_counted_by_outcome_and_categories_by_frequency() {
        let mut counts = RunCounts::default();
        counts.count(&outcome(OutcomeKind::Associated, ""));
        counts.count(&outcome(OutcomeKind::Skipped, "CLIENT_DUPLICATE"));
        assert_eq!(counts.exit_status(), ExitStatus::Done);
        counts.count(&outcome(OutcomeKind::Failed, "A"));
        counts.count(&outcome(OutcomeKind::Rejected, "B"));
        counts.count(&outcome(OutcomeKind::Rejected, "B"));
        counts.count(&outcome(OutcomeKind::Failed, "B"));
        assert_eq!(counts.exit_status(), ExitStatus::SomeRowsNot);
        assert_eq!((counts.finished(), counts.with_problems()), (6, 4));
        let categories: Vec<_> = counts
            .categories()
            .into_iter()
            .map(|entry| {
                (
                    entry.category.as_str(),
                    entry.kind,
                    entry.rows,
                    entry.message(),
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
    fn a_run_of_empty_lists_only_is_not_a_success() {
        let mut counts = RunCounts::default();
        assert_eq!(counts.exit_status(), ExitStatus::Done);
        counts.count(&outcome(OutcomeKind::Skipped, "CLIENT_ALREADY_ASSOCIATED"));
        counts.count(&outcome(OutcomeKind::Skipped, "CLIENT_DUPLICATE"));
        assert_eq!(counts.exit_status(), ExitStatus::Done);
        let mut empty = RunCounts::default();
        empty.count(&outcome(OutcomeKind::Skipped, "CLIENT_NOTHING_TO_LINK"));
        empty.count(&outcome(OutcomeKind::Skipped, "CLIENT_NOTHING_TO_LINK"));
        assert_eq!(empty.exit_status(), ExitStatus::SomeRowsNot);
        counts.count(&outcome(OutcomeKind::Skipped, "CLIENT_NOTHING_TO_LINK"));
        empty.count(&outcome(OutcomeKind::Associated, ""));
        for counts in [counts, empty] {
            assert_eq!(counts.exit_status(), ExitStatus::Done);
        }
    }

    #[test]
    fn rows_are_counted_by_whether_their_pair_was_linked_before() {
        let mut counts = RunCounts::default();
        let of = |kind, category, existed_before| Outcome {
            existed_before,
            ..outcome(kind, category)
        };
        for (kind, category, existed_before) in [
            (OutcomeKind::Associated, "", None),
            (OutcomeKind::Associated, "", Some(ExistedBefore::Yes)),
            (OutcomeKind::Associated, "", Some(ExistedBefore::No)),
            (OutcomeKind::Rejected, "A", Some(ExistedBefore::No)),
            (OutcomeKind::Failed, "B", Some(ExistedBefore::Unknown)),
            (OutcomeKind::Skipped, "CLIENT_DUPLICATE", None),
            (
                OutcomeKind::Skipped,
                "CLIENT_EXISTS",
                Some(ExistedBefore::Yes),
            ),
        ] {
            counts.count(&of(kind, category, existed_before));
        }
        let (yes, no, unknown) = (2, 2, 1);
        assert_eq!(counts.existed, ExistedCounts { yes, no, unknown });
        assert_eq!((counts.skipped_as_linked, counts.finished()), (1, 7));
        // A category of the server does not skip a row.
        counts.count(&outcome(OutcomeKind::Rejected, "CLIENT_EXISTS"));
        assert_eq!(counts.skipped_as_linked, 1);
    }

    #[test]
    fn reads_of_links_use_nothing_of_the_limit_for_associations() {
        let mut counts = RunCounts::default();
        counts.utilization.add(Duration::from_secs(10), 10.0, None);
        counts.requests = 50;
        let without_reads = counts.quota_use();
        counts.requests = 80;
        counts.links.reads = 30;
        assert_eq!(counts.quota_use(), without_reads);
    }

    #[test]
    fn rows_of_one_category_with_different_causes_are_counted_apart() {
        let mut counts = RunCounts::default();
        let example = || Example::of(&outcome(OutcomeKind::Rejected, "A"));
        for cause in [Cause::Category, Cause::Limit, Cause::Category] {
            counts.count_row(OutcomeKind::Rejected, Some(("A", cause)), example);
        }
        let categories = counts.categories();
        let counted: Vec<_> = categories
            .iter()
            .map(|entry| (entry.cause, entry.rows))
            .collect();
        assert_eq!(counted, [(Cause::Category, 2), (Cause::Limit, 1)]);
        assert_eq!(categories[0].examples.len(), 2);
    }

    #[test]
    fn a_server_that_invents_categories_does_not_grow_the_counts() {
        let mut counts = RunCounts::default();
        for index in 0..1000 {
            counts.count(&outcome(OutcomeKind::Rejected, &format!("C{index}")));
            counts.count(&outcome(OutcomeKind::Rejected, "C0"));
        }
        let categories = counts.categories();
        assert_eq!(categories.len(), MAX_CATEGORIES + 1);
        assert_eq!(categories[0].examples.len(), EXAMPLES);
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
    fn lookups_use_nothing_of_the_limit_for_associations() {
        let mut counts = RunCounts::default();
        counts.utilization.add(Duration::from_secs(10), 10.0, None);
        counts.requests = 50;
        let without_lookups = counts.quota_use();
        assert!(without_lookups.is_some());
        counts.requests = 80;
        assert_ne!(counts.quota_use(), without_lookups);
        counts.lookup.calls = 30;
        assert_eq!(counts.quota_use(), without_lookups);
        // A call whose reply has not arrived is no request yet.
        counts.lookup.calls = 90;
        assert_eq!(counts.quota_use(), Some((0.0, None)));
    }

    #[test]
    fn an_example_of_a_row_by_key_has_the_text_of_its_cells() {
        let row = Outcome {
            keys: Some(Box::new(RowKeys {
                from: None,
                to: Some(CellKey {
                    cell: "acme.com".into(),
                    matched: None,
                }),
            })),
            ..outcome(OutcomeKind::Rejected, "CLIENT_KEY_NOT_FOUND")
        };
        assert_eq!(Example::of(&row).keys, ["", "acme.com"]);
        let by_id = outcome(OutcomeKind::Rejected, "A");
        assert_eq!(Example::of(&by_id).keys, ["", ""]);
    }

    #[test]
    fn the_kinds_are_counted_where_they_are_listed() {
        for (index, kind) in OutcomeKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
        }
    }
}
