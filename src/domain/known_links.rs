//! What is known about links: which pairs are linked, and which labels their links have. Exact: a link or a label that
//! is mistaken for another one would never be written.
//!
//! A fact is that a pair is linked, or that its link has a label. A row without labels asks for the first, a row with
//! labels for one fact per label. Each label has a [`PairSet`] of its own, so that a run without labels costs nothing
//! more, and a label of a pair takes what a pair takes.

use std::collections::HashMap;

use smol_str::{SmolStr, SmolStrBuilder};

use crate::domain::association_type::AssociationType;
use crate::domain::label_id::LabelId;
use crate::domain::label_set::LabelSet;
use crate::domain::labels::AskedLabels;
use crate::domain::pair::{Pair, RecordId};
use crate::domain::pair_set::PairSet;

/// Facts about links.
#[derive(Debug, Default)]
pub struct KnownLinks {
    links: PairSet,
    labels: HashMap<LabelKey, PairSet>,
    /// An upper bound for the memory of `labels` in bytes.
    label_bytes: usize,
    /// Whether resolved labels are compared by name too.
    by_name: bool,
}

/// What a label is compared by.
#[derive(Debug, PartialEq, Eq, Hash)]
enum LabelKey {
    /// A label can be renamed, so a resolved label is compared by its category and id.
    Id(LabelId),
    /// The name in lower case.
    Name(SmolStr),
}

impl KnownLinks {
    /// Facts that compare all labels by name, for an input whose labels are never resolved.
    #[must_use]
    pub fn by_name() -> Self {
        Self {
            by_name: true,
            ..Self::default()
        }
    }

    /// Adds what a row asks for; `false` if all of it was known.
    pub fn insert(&mut self, pair: &Pair, labels: Option<&AskedLabels>) -> bool {
        match labels {
            None => self.links.insert(pair),
            Some(labels) => {
                let (types, ids) = (pair.types(), [pair.from.id, pair.to.id]);
                let mut is_new = false;
                all_keys(labels, self.by_name, |key| {
                    is_new |= self.insert_label(key, types, ids);
                    true
                });
                is_new
            }
        }
    }

    /// Whether all that a row asks for is known.
    #[must_use]
    pub fn contains(&self, pair: &Pair, labels: Option<&AskedLabels>) -> bool {
        match labels {
            None => self.links.contains(pair),
            Some(_) if self.labels.is_empty() => false,
            Some(labels) => all_keys(labels, self.by_name, |key| {
                self.labels
                    .get(&key)
                    .is_some_and(|pairs| pairs.contains(pair))
            }),
        }
    }

    /// Adds a link by its types and ids, with the labels that it is known to have.
    pub fn insert_known(
        &mut self,
        types: [&str; 2],
        ids: [RecordId; 2],
        labels: Option<&LabelSet>,
    ) {
        self.links.insert_ids(types, ids);
        for label in labels.into_iter().flat_map(LabelSet::iter) {
            self.insert_label(key_of(label, self.by_name), types, ids);
            if self.by_name {
                // A row that is not resolved can name a label by its id.
                let id = LabelId::of(label).to_string();
                self.insert_label(of_name(&id), types, ids);
            }
        }
    }

    /// The number of pairs that are known to be linked.
    #[must_use]
    pub fn link_count(&self) -> usize {
        self.links.len()
    }

    /// Whether no fact is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty() && self.labels.is_empty()
    }

    /// Keeps only the facts about pairs for which `keep`, called with their types and the numbers of their ids, returns
    /// `true`, and frees the memory of the others.
    pub fn retain(&mut self, mut keep: impl FnMut([&str; 2], [u128; 2]) -> bool) {
        self.links.retain(&mut keep);
        self.labels.retain(|_, pairs| {
            pairs.retain(&mut keep);
            !pairs.is_empty()
        });
        self.labels.shrink_to_fit();
        self.label_bytes = self.labels.values().map(PairSet::max_bytes).sum();
    }

    /// An upper bound for the memory of the facts in bytes.
    #[must_use]
    pub fn max_bytes(&self) -> usize {
        self.links.max_bytes() + self.label_bytes
    }

    fn insert_label(&mut self, key: LabelKey, types: [&str; 2], ids: [RecordId; 2]) -> bool {
        let pairs = self.labels.entry(key).or_default();
        let before = pairs.max_bytes();
        let is_new = pairs.insert_ids(types, ids);
        self.label_bytes += pairs.max_bytes() - before;
        is_new
    }
}

/// Whether `check` is true for the keys of all labels; ends at the first for which it is not.
fn all_keys(labels: &AskedLabels, by_name: bool, check: impl FnMut(LabelKey) -> bool) -> bool {
    match labels {
        AskedLabels::Known(labels) => labels.iter().map(|label| key_of(label, by_name)).all(check),
        AskedLabels::Named(names) => names.iter().map(|name| of_name(name)).all(check),
    }
}

fn key_of(label: &AssociationType, by_name: bool) -> LabelKey {
    match &label.label {
        Some(name) if by_name => of_name(name),
        _ => LabelKey::Id(LabelId::of(label)),
    }
}

fn of_name(name: &str) -> LabelKey {
    let mut folded = SmolStrBuilder::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        folded.push(character);
    }
    LabelKey::Name(folded.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::pair;
    use crate::domain::label_names::LabelNames;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn of(type_id: u64, name: &str) -> AssociationType {
        AssociationType {
            category: "USER_DEFINED".into(),
            type_id,
            label: Some(name.into()),
        }
    }

    fn known(labels: impl IntoIterator<Item = u64>) -> AskedLabels {
        let labels = labels.into_iter().map(|id| of(id, &format!("Label {id}")));
        AskedLabels::Known(LabelSet::new(labels).unwrap())
    }

    fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> AskedLabels {
        AskedLabels::Named(LabelNames::new(names).unwrap())
    }

    fn ids(pair: &Pair) -> [RecordId; 2] {
        [pair.from.id, pair.to.id]
    }

    #[test]
    fn a_row_is_known_if_every_label_that_it_asks_for_is() {
        let pair = pair("contacts 1", "companies 2");
        let mut seen = KnownLinks::default();
        assert!(seen.insert(&pair, Some(&known([37]))));
        assert!(!seen.insert(&pair, Some(&known([37]))));
        assert!(!seen.contains(&pair, Some(&known([37, 39]))));
        assert!(
            !seen.contains(&pair, None),
            "it says nothing about a row without labels"
        );
        assert!(seen.insert(&pair, Some(&known([37, 39]))));
        assert!(!seen.insert(&pair, Some(&known([39]))));
        assert!(!seen.insert(&pair, Some(&known([39, 37]))));
        assert!(seen.insert(&pair, None));
    }

    #[test]
    fn a_link_of_a_report_is_known_with_its_labels() {
        let linked = pair("contacts 1", "companies 2");
        let mut facts = KnownLinks::default();
        let AskedLabels::Known(labels) = known([37, 39]) else {
            unreachable!()
        };
        facts.insert_known(linked.types(), ids(&linked), Some(&labels));
        let other = pair("contacts 1", "companies 3");
        facts.insert_known(other.types(), ids(&other), None);
        let renamed = LabelSet::new([of(39, "Another name")]).unwrap();
        for (of, labels, is_known) in [
            (&linked, None, true),
            (&linked, Some(known([37])), true),
            (&linked, Some(AskedLabels::Known(renamed)), true),
            (&linked, Some(known([37, 39, 41])), false),
            (&other, None, true),
            (&other, Some(known([37])), false),
        ] {
            assert_eq!(
                facts.contains(of, labels.as_ref()),
                is_known,
                "{of} {labels:?}"
            );
        }
        assert_eq!(facts.link_count(), 2);
        let inverse = pair("companies 2", "contacts 1");
        assert!(
            !facts.contains(&inverse, Some(&known([37]))),
            "an id is of one direction"
        );
    }

    #[test]
    fn names_are_compared_without_case_and_also_with_the_names_of_resolved_labels() {
        let linked = pair("contacts 1", "companies 2");
        let AskedLabels::Known(labels) = known([37]) else {
            unreachable!()
        };
        let mut facts = KnownLinks::by_name();
        facts.insert_known(linked.types(), ids(&linked), Some(&labels));
        assert!(facts.contains(&linked, Some(&named(["LABEL 37"]))));
        assert!(!facts.contains(&linked, Some(&named(["label 37", "Label 39"]))));
        assert!(facts.insert(&linked, Some(&named(["Übergabe"]))));
        assert!(!facts.insert(&linked, Some(&named(["ÜBERGABE"]))));
        let mut by_id = KnownLinks::default();
        by_id.insert_known(linked.types(), ids(&linked), Some(&labels));
        assert!(!by_id.contains(&linked, Some(&named(["Label 37"]))));
    }

    #[test]
    fn memory_is_bounded_from_above_and_given_back() {
        let mut facts = KnownLinks::default();
        let label = |id: u64| known([id]);
        for id in 1..=500 {
            let pair = pair(&format!("contacts {id}"), "companies 2");
            facts.insert(&pair, None);
            facts.insert(&pair, Some(&label(id)));
            facts.insert(&pair, Some(&label(1)));
        }
        let sets = 1 + facts.labels.len();
        assert!(facts.max_bytes() >= sets * 1024 + 64 * (500 + 500 + 499));
        facts.retain(|_, [from, _]| from == 7);
        assert!(facts.max_bytes() <= 3 * 1024 + 64 * 3);
        let kept = pair("contacts 7", "companies 2");
        for labels in [None, Some(label(7)), Some(label(1))] {
            assert!(facts.contains(&kept, labels.as_ref()));
        }
        facts.retain(|_, _| false);
        assert!(facts.is_empty());
        assert_eq!(facts.max_bytes(), 0);
    }

    proptest! {
        #[test]
        fn it_behaves_like_a_set_of_facts(
            rows in prop::collection::vec(
                (1_u64..4, 1_u64..4, prop::collection::btree_set(1_u64..5, 0..4)),
                0..60,
            ),
        ) {
            let mut facts = KnownLinks::default();
            let mut simple = BTreeSet::new();
            for (from, to, labels) in rows {
                let pair = pair(&format!("contacts {from}"), &format!("companies {to}"));
                let asked = (!labels.is_empty()).then(|| known(labels.iter().copied()));
                // The label 0 stands for the link itself.
                let own = if labels.is_empty() { BTreeSet::from([0]) } else { labels };
                let is_known = own.iter().all(|&label| simple.contains(&(from, to, label)));
                prop_assert_eq!(facts.contains(&pair, asked.as_ref()), is_known);
                prop_assert_eq!(facts.insert(&pair, asked.as_ref()), !is_known);
                simple.extend(own.iter().map(|&label| (from, to, label)));
            }
        }
    }
}
