//! The labels that the rows of an input ask for, by name: nothing is asked of HubSpot.

use std::cmp::Reverse;
use std::collections::HashMap;

use smol_str::SmolStr;

use crate::domain::label_id::LabelId;
use crate::domain::label_names::LabelNames;
use crate::domain::labels::AskedLabels;

/// The number of names that are counted; a damaged column may have any number.
const MAX_NAMES: usize = 1000;

/// The names in the label column, with the number of pairs that ask for each.
#[derive(Debug, Default)]
pub struct LabelCount {
    pairs: HashMap<SmolStr, u64>,
    has_more: bool,
}

impl LabelCount {
    /// Adds the names of a pair to send.
    pub fn add(&mut self, names: &LabelNames) {
        for name in names.iter() {
            if let Some(count) = self.pairs.get_mut(name) {
                *count += 1;
            } else if self.pairs.len() < MAX_NAMES {
                self.pairs.insert(name.clone(), 1);
            } else {
                self.has_more = true;
            }
        }
    }

    /// The names with their numbers of pairs, the most frequent first, at most `count` of them.
    #[must_use]
    pub fn most_frequent(&self, count: usize) -> Vec<(&str, u64)> {
        let names = self.pairs.iter();
        let mut names: Vec<_> = names.map(|(name, &pairs)| (name.as_str(), pairs)).collect();
        names.sort_unstable_by_key(|&(name, pairs)| (Reverse(pairs), name));
        names.truncate(count);
        names
    }

    /// The number of different names.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.pairs.len()
    }

    /// Whether all names were counted; otherwise there are more.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.has_more
    }
}

/// The labels that flags give all rows: names, and `CATEGORY:ID`.
#[derive(Debug, Default)]
pub struct CommonLabels {
    texts: Vec<SmolStr>,
    /// The names of the last cell, and those together with the common ones.
    last: Option<(Option<LabelNames>, Option<LabelNames>)>,
}

impl CommonLabels {
    /// The labels of these flags.
    #[must_use]
    pub fn new(names: Option<&LabelNames>, ids: &[LabelId]) -> Self {
        let names = names.into_iter().flat_map(LabelNames::iter).cloned();
        let ids = ids.iter().map(|id| id.to_string().into());
        Self {
            texts: names.chain(ids).collect(),
            last: None,
        }
    }

    /// The labels as the flags give them.
    #[must_use]
    pub fn texts(&self) -> &[SmolStr] {
        &self.texts
    }

    /// Adds them to the labels of a row, and returns the names that its cell has.
    pub fn add_to(&mut self, labels: &mut Option<AskedLabels>) -> Option<LabelNames> {
        let of_cell = match labels {
            Some(AskedLabels::Named(names)) => Some(names.clone()),
            Some(AskedLabels::Known(_)) | None => None,
        };
        if self.texts.is_empty() {
            return of_cell;
        }
        let all = match &self.last {
            Some((cell, all)) if *cell == of_cell => all.clone(),
            _ => {
                let names = of_cell.iter().flat_map(LabelNames::iter);
                let all = LabelNames::new(names.chain(&self.texts).map(SmolStr::as_str));
                self.last = Some((of_cell.clone(), all.clone()));
                all
            }
        };
        *labels = all.map(AskedLabels::Named);
        of_cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_counted_up_to_a_thousand() {
        let names = |text: &str| LabelNames::new(text.split(';')).unwrap();
        let mut count = LabelCount::default();
        for cell in ["CEO", "CFO;CEO", "ceo", "B"] {
            count.add(&names(cell));
        }
        assert_eq!(count.most_frequent(2), [("CEO", 2), ("B", 1)]);
        assert_eq!((count.distinct(), count.is_exact()), (4, true));
        for name in 0..997 {
            count.add(&names(&name.to_string()));
        }
        count.add(&names("CEO"));
        assert_eq!((count.distinct(), count.is_exact()), (1000, false));
        assert_eq!(count.most_frequent(1), [("CEO", 3)]);
    }

    #[test]
    fn labels_of_flags_are_added_to_those_of_each_cell() {
        let ids = ["USER_DEFINED:37".parse().unwrap()];
        let mut common = CommonLabels::new(LabelNames::new(["CEO"]).as_ref(), &ids);
        assert_eq!(common.texts(), ["CEO", "USER_DEFINED:37"]);
        for (cell, expected) in [
            ("CFO", ["CFO", "CEO", "USER_DEFINED:37"].as_slice()),
            ("CFO", &["CFO", "CEO", "USER_DEFINED:37"]),
            ("", &["CEO", "USER_DEFINED:37"]),
            ("CEO", &["CEO", "USER_DEFINED:37"]),
        ] {
            let names = LabelNames::new([cell]);
            let mut labels = names.clone().map(AskedLabels::Named);
            assert_eq!(common.add_to(&mut labels), names);
            let expected = LabelNames::new(expected.iter().copied());
            assert_eq!(labels, expected.map(AskedLabels::Named), "{cell}");
        }
        let mut none = None;
        assert_eq!(CommonLabels::default().add_to(&mut none), None);
        assert_eq!(none, None);
    }
}
