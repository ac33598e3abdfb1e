//! A fold over the rows of an input. Its memory does not grow with the number of rows.

use std::collections::HashMap;

use serde::Serialize;

use crate::check::duplicates::{DuplicateCount, DuplicateHashes, Duplicates};
use crate::check::keys::{KeyCount, LookupPlan};
use crate::check::labels::LabelCount;
use crate::check::tiers::BATCH_SIZE;
use crate::domain::keyed_pair::KeyedPair;
use crate::domain::labels::AskedLabels;
use crate::domain::pair::{ObjectType, Pair, RowKey};
use crate::domain::property_name::PropertyName;
use crate::input::csv::quoted_rows::QuotedRows;
use crate::input::row::{CheckedRow, RowContent, SkippedRow};
use crate::input::validate::problem::RowProblem;

/// Problems that are kept as examples.
const MAX_EXAMPLES: usize = 20;

/// The number of type combinations that are counted by name; a damaged column of types may have any number.
const MAX_TYPES: usize = 1000;

/// One problem of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The row's position.
    pub key: RowKey,
    /// The problem.
    pub problem: RowProblem,
}

/// The number of pairs with these types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypesCount {
    /// The type of the record named first.
    pub from_type: String,
    /// The type of the record named second.
    pub to_type: String,
    /// The number of pairs to send.
    pub pairs: u64,
}

/// Pairs that link a record with itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SelfLinks {
    /// The number of pairs.
    pub pairs: u64,
    /// The line of the first one.
    pub first_line: Option<u64>,
}

/// The findings for an input.
#[derive(Debug)]
pub struct Findings {
    /// Rows of the file.
    pub rows: u64,
    /// Pairs that an import would send.
    pub to_send: u64,
    /// Invalid rows, or ids in their lists, that an import would report.
    pub invalid: u64,
    /// Rows whose list of ids is empty.
    pub nothing_to_link: u64,
    /// Pairs that are skipped because they occur in the input again.
    pub skipped_duplicates: u64,
    /// Pairs that are skipped because an earlier report lists them as associated.
    pub already_associated: u64,
    /// Pairs that link a record with itself.
    pub self_links: SelfLinks,
    /// Rows with a quoted field that contains lines like rows of this file.
    pub quoted_rows: QuotedRows,
    /// The maximum number of pairs in one call of the batch form.
    pub per_call: u64,
    /// The names in the label column.
    pub labels: LabelCount,
    /// The first problems.
    pub examples: Vec<Example>,
    kinds: Vec<(&'static str, u64)>,
    types: HashMap<(ObjectType, ObjectType), u64>,
    /// Pairs of further type combinations.
    other_types: u64,
    /// The types of the last pairs, not yet in `types`.
    current: Option<(ObjectType, ObjectType, u64)>,
    last_row: u64,
    duplicates: Option<DuplicateCount>,
    keys: KeyCount,
    /// The pairs with keys, by their hashes, if duplicates are counted.
    keyed_duplicates: Option<DuplicateHashes>,
}

impl Findings {
    /// Counts duplicates in at most `bytes_for_duplicates` bytes of memory; zero turns the count off.
    #[must_use]
    pub fn new(bytes_for_duplicates: usize) -> Self {
        Self {
            rows: 0,
            to_send: 0,
            invalid: 0,
            nothing_to_link: 0,
            skipped_duplicates: 0,
            already_associated: 0,
            self_links: SelfLinks::default(),
            quoted_rows: QuotedRows::default(),
            per_call: BATCH_SIZE,
            labels: LabelCount::default(),
            examples: Vec::new(),
            kinds: Vec::new(),
            types: HashMap::new(),
            other_types: 0,
            current: None,
            last_row: 0,
            duplicates: (bytes_for_duplicates > 0)
                .then(|| DuplicateCount::within(bytes_for_duplicates)),
            keys: KeyCount::within(0, [None, None]),
            keyed_duplicates: (bytes_for_duplicates > 0)
                .then(|| DuplicateHashes::within(bytes_for_duplicates)),
        }
    }

    /// Counts the keys of these properties too, the distinct ones in at most `bytes` of memory; zero turns that off.
    #[must_use]
    pub fn with_keys(mut self, properties: &[Option<PropertyName>; 2], bytes: usize) -> Self {
        self.keys = KeyCount::within(bytes, properties.clone());
        self
    }

    /// Adds the next row, or the next pair of the last one.
    pub fn add(&mut self, row: &CheckedRow) {
        let CheckedRow {
            key,
            content,
            labels,
        } = row;
        let labels = labels.as_ref();
        if key.row != self.last_row {
            self.rows += 1;
            self.last_row = key.row;
        }
        match content {
            RowContent::Pair(pair) => self.pair(*key, pair, labels),
            RowContent::Keyed(pair) => self.keyed(pair, labels),
            RowContent::Invalid(invalid) => {
                self.invalid += 1;
                for problem in &invalid.problems {
                    self.problem(*key, problem);
                }
            }
            RowContent::Skipped(SkippedRow::NothingToLink(_)) => self.nothing_to_link += 1,
            RowContent::Skipped(SkippedRow::Duplicate(_)) => self.skipped_duplicates += 1,
            RowContent::Skipped(
                SkippedRow::AlreadyAssociated(_) | SkippedRow::AlreadyReported(_),
            ) => {
                self.already_associated += 1;
            }
            // A check asks HubSpot nothing, and undoes nothing.
            RowContent::Skipped(SkippedRow::Exists(_) | SkippedRow::Kept(..))
            | RowContent::LabelsOf(_) => {}
        }
    }

    /// A pair with keys. Whether it links a record with itself is not known before the lookup.
    fn keyed(&mut self, pair: &KeyedPair, labels: Option<&AskedLabels>) {
        self.to_send += 1;
        self.count_types(pair.from.object_type(), pair.to.object_type());
        let hash = self.keys.add(pair);
        if let Some(duplicates) = &mut self.keyed_duplicates {
            duplicates.add(hash, labels);
        }
    }

    fn count_types(&mut self, from: &ObjectType, to: &ObjectType) {
        match &mut self.current {
            Some((from_type, to_type, count)) if from_type == from && to_type == to => *count += 1,
            _ => {
                self.leave_types();
                self.current = Some((from.clone(), to.clone(), 1));
            }
        }
    }

    fn pair(&mut self, key: RowKey, pair: &Pair, labels: Option<&AskedLabels>) {
        self.to_send += 1;
        let (from, to) = (&pair.from.object_type, &pair.to.object_type);
        self.count_types(from, to);
        // Ids first: they are hardly ever the same, and types have several spellings.
        if pair.from.id.is_same_as(pair.to.id.as_str()) && from.is_same_as(to) {
            self.self_links.pairs += 1;
            self.self_links.first_line.get_or_insert(key.line);
        }
        if let Some(duplicates) = &mut self.duplicates {
            duplicates.add(pair, labels);
        }
    }

    fn leave_types(&mut self) {
        let Some((from, to, count)) = self.current.take() else {
            return;
        };
        let full = self.types.len() >= MAX_TYPES;
        match self.types.get_mut(&(from.clone(), to.clone())) {
            Some(known) => *known += count,
            None if full => self.other_types += count,
            None => {
                self.types.insert((from, to), count);
            }
        }
    }

    fn problem(&mut self, key: RowKey, problem: &RowProblem) {
        let kind = problem.kind();
        match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => self.kinds.push((kind, 1)),
        }
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(Example {
                key,
                problem: problem.clone(),
            });
        }
    }

    /// Whether there are rows and each of them has an empty list.
    #[must_use]
    pub fn has_only_empty_lists(&self) -> bool {
        self.nothing_to_link > 0 && self.nothing_to_link == self.rows
    }

    /// The number of problems of each kind, the most frequent first.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, u64)> {
        let mut kinds = self.kinds.clone();
        kinds.sort_by_key(|&(kind, count)| (std::cmp::Reverse(count), kind));
        kinds
    }

    /// The number of pairs to send for each combination of types, the most frequent first; pairs beyond a
    /// thousand combinations are in none.
    #[must_use]
    pub fn types(&self) -> Vec<TypesCount> {
        let mut counts: HashMap<_, u64> = self
            .types
            .iter()
            .map(|((from, to), &count)| ((from.as_str(), to.as_str()), count))
            .collect();
        if let Some((from, to, count)) = &self.current {
            *counts.entry((from.as_str(), to.as_str())).or_default() += count;
        }
        let mut types: Vec<_> = counts
            .into_iter()
            .map(|((from_type, to_type), pairs)| TypesCount {
                from_type: from_type.to_owned(),
                to_type: to_type.to_owned(),
                pairs,
            })
            .collect();
        types.sort_by(|one, other| {
            let names = |count: &TypesCount| (count.from_type.clone(), count.to_type.clone());
            (other.pairs, names(one)).cmp(&(one.pairs, names(other)))
        });
        types
    }

    /// The number of calls of the batch form for the pairs: each has pairs of the same two types.
    #[must_use]
    pub fn batch_calls(&self) -> u64 {
        let groups = self.types().into_iter().map(|count| count.pairs);
        let calls = groups.chain([self.other_types]);
        calls
            .map(|pairs| pairs.div_ceil(self.per_call.max(1)))
            .sum()
    }

    /// Pairs that occur in the input again and would be sent again; `None` if they were not counted.
    #[must_use]
    pub fn duplicates(&self) -> Option<Duplicates> {
        let of_ids = self.duplicates.as_ref()?.duplicates();
        let of_keys = self.keyed_duplicates.as_ref()?.duplicates();
        Some(Duplicates {
            pairs: of_ids.pairs + of_keys.pairs,
            exact: of_ids.exact && of_keys.exact,
        })
    }

    /// The lookups of the keys; `None` if there are none.
    #[must_use]
    pub fn lookups(&self) -> Option<LookupPlan> {
        self.keys.plan()
    }
}
