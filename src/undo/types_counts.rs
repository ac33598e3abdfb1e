//! Counts links by the types of their records. Pure.

use crate::domain::pair::{ObjectType, Pair};

/// Pairs of types that are counted on their own. Without this limit, a report with a new type in each row would make
/// memory grow with it.
const MAX_TYPES: usize = 100;

/// The types beyond the limit, as in the JSON of `verify`.
const OTHER: &str = "(other)";

/// Links by the types of their records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypesCounts {
    counts: Vec<([ObjectType; 2], u64)>,
    /// Links of further types.
    others: u64,
}

impl TypesCounts {
    /// Counts a link. Spellings of the same type are counted together.
    pub fn add(&mut self, pair: &Pair) {
        let types = [&pair.from.object_type, &pair.to.object_type];
        let is_same = |counted: &[ObjectType; 2]| {
            counted[0].is_same_as(types[0]) && counted[1].is_same_as(types[1])
        };
        let found = self.counts.iter_mut().find(|(types, _)| is_same(types));
        if let Some((_, count)) = found {
            *count += 1;
        } else if self.counts.len() < MAX_TYPES {
            self.counts.push((types.map(ObjectType::clone), 1));
        } else {
            self.others += 1;
        }
    }

    /// The types of the records named first and second, with their links, in the order in which they were first counted;
    /// both `(other)` beyond the limit.
    #[must_use]
    pub fn listed(&self) -> Vec<([String; 2], u64)> {
        let counts = self.counts.iter();
        let mut listed: Vec<_> = counts
            .map(|(types, count)| (types.each_ref().map(ToString::to_string), *count))
            .collect();
        if self.others > 0 {
            listed.push(([OTHER; 2].map(str::to_owned), self.others));
        }
        listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::pair;

    #[test]
    fn spellings_of_a_type_are_counted_together_and_directions_apart() {
        let mut counts = TypesCounts::default();
        for (from, to) in [
            ("contacts 1", "companies 2"),
            ("0-1 3", "COMPANY 4"),
            ("companies 2", "contacts 1"),
        ] {
            counts.add(&pair(from, to));
        }
        let types = |from: &str, to: &str| [from, to].map(str::to_owned);
        assert_eq!(
            counts.listed(),
            [
                (types("contacts", "companies"), 2),
                (types("companies", "contacts"), 1)
            ]
        );
    }

    #[test]
    fn types_beyond_the_limit_are_counted_together() {
        let mut counts = TypesCounts::default();
        for number in 0..MAX_TYPES + 5 {
            counts.add(&pair(&format!("2-{} 1", number + 1), "companies 2"));
        }
        let listed = counts.listed();
        assert_eq!(listed.len(), MAX_TYPES + 1);
        assert_eq!(listed.last(), Some(&([OTHER; 2].map(str::to_owned), 5)));
    }
}
