//! The links that the reply to a batch confirms, by the ids of their records. Pure.

use std::collections::HashMap;

use smol_str::SmolStr;

use crate::api::response::envelope::Linked;
use crate::domain::link_request::LinkRequest;
use crate::domain::pair::{Pair, RecordId};
use crate::verdict::labels::missing_labels;

/// The associations that a reply confirms, by the numeric values of their ids: leading zeros are
/// ignored.
#[derive(Default)]
pub(crate) struct Links<'e> {
    types: HashMap<[u128; 2], Option<&'e SmolStr>>,
    /// The results that list labels, ordered by the ids of their records.
    labelled: Vec<([u128; 2], &'e Linked)>,
}

impl<'e> Links<'e> {
    pub(crate) fn of(results: &'e [Linked]) -> Self {
        let number = |id: &str| RecordId::new(id).map(|id| id.number());
        let mut types = HashMap::with_capacity(results.len());
        let mut labelled = Vec::new();
        for link in results {
            if let (Some(from), Some(to)) = (number(&link.from), number(&link.to)) {
                types.entry([from, to]).or_insert(link.type_id.as_ref());
                if link.labels.is_some() {
                    labelled.push(([from, to], link));
                }
            }
        }
        labelled.sort_by_key(|(ids, _)| *ids);
        Self { types, labelled }
    }

    /// The association types of a confirmed pair, the requested direction first.
    pub(crate) fn types_of(&self, pair: &Pair) -> Option<Vec<SmolStr>> {
        let [from, to] = ids_of(pair);
        let forward = self.types.get(&[from, to]);
        let inverse = self.types.get(&[to, from]);
        forward.or(inverse)?;
        let mut types: Vec<SmolStr> = Vec::new();
        for type_id in [forward, inverse].into_iter().flatten().copied().flatten() {
            if !types.contains(type_id) {
                types.push(type_id.clone());
            }
        }
        Some(types)
    }

    /// Whether the results list all labels of the row.
    pub(crate) fn have_labels_of(&self, row: &impl LinkRequest) -> bool {
        if row.labels().is_none() {
            return true;
        }
        let [from, to] = ids_of(row.pair());
        missing_labels(row, self.between([from, to]), self.between([to, from])).is_empty()
    }

    /// The results in this direction that list labels.
    fn between(&self, ids: [u128; 2]) -> impl Iterator<Item = &'e Linked> {
        let start = self.labelled.partition_point(|(other, _)| *other < ids);
        let rest = self.labelled[start..].iter();
        let same = rest.take_while(move |(other, _)| *other == ids);
        same.map(|(_, link)| *link)
    }
}

fn ids_of(Pair { from, to }: &Pair) -> [u128; 2] {
    [from.id.number(), to.id.number()]
}
