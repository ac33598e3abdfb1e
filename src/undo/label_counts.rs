//! Counts links by their labels. Pure.

use crate::domain::association_type::AssociationType;
use crate::domain::label_set::LabelSet;

/// Labels that are counted on their own. Two types have at most 50.
const MAX_LABELS: usize = 200;

/// The labels beyond the limit.
const OTHER: &str = "(other)";

/// Links by their labels. A link with several labels is counted for each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelCounts {
    counts: Vec<(AssociationType, u64)>,
    /// Of further labels.
    others: u64,
}

impl LabelCounts {
    /// Counts a link for each of these labels.
    pub fn add(&mut self, labels: &LabelSet) {
        for label in labels.iter() {
            let found = self.counts.iter_mut().find(|(known, _)| known == label);
            if let Some((_, count)) = found {
                *count += 1;
            } else if self.counts.len() < MAX_LABELS {
                self.counts.push((label.clone(), 1));
            } else {
                self.others += 1;
            }
        }
    }

    /// `CATEGORY:ID:label` with the number of links, in the order in which they were first counted; `(other)` beyond the
    /// limit.
    #[must_use]
    pub fn listed(&self) -> Vec<(String, u64)> {
        let counts = self.counts.iter();
        let mut listed: Vec<_> = counts
            .map(|(label, count)| (label.to_string(), *count))
            .collect();
        if self.others > 0 {
            listed.push((OTHER.to_owned(), self.others));
        }
        listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_counted_for_each_of_their_labels_and_those_beyond_the_limit_together() {
        let mut counts = LabelCounts::default();
        for text in ["USER_DEFINED:1:A;USER_DEFINED:2:B", "USER_DEFINED:1:A"] {
            counts.add(&LabelSet::parse(text).unwrap());
        }
        let expected = [("USER_DEFINED:1:A", 2), ("USER_DEFINED:2:B", 1)];
        assert_eq!(
            counts.listed(),
            expected.map(|(label, links)| (label.to_owned(), links))
        );
        for id in 10..MAX_LABELS + 15 {
            counts.add(&LabelSet::parse(&format!("USER_DEFINED:{id}:X")).unwrap());
        }
        assert_eq!(counts.listed().len(), MAX_LABELS + 1);
        assert_eq!(counts.listed().last(), Some(&(OTHER.to_owned(), 7)));
    }
}
