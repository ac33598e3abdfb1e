//! What the API in memory does with requests that link: a labelled write replaces the labels of the link, and leaves the
//! unlabelled and the primary type; the default association leaves all types.

use serde_json::{Value, json};

use crate::domain::association_type::AssociationType;
use crate::domain::link_request::LinkRequest;
use crate::domain::pair::Pair;
use crate::domain::standard_type::canonical;
use crate::run::tests::links::world::{Ids, World, unlabelled};

/// Whether these are the types of links from companies to contacts.
pub(super) fn is_inverse(from_type: &str) -> bool {
    canonical(from_type) == "companies"
}

/// The contact and the company of a pair in either direction.
pub(super) fn ids_of(pair: &Pair) -> Ids {
    let [from, to] = [&pair.from, &pair.to].map(|record| record.id.as_str().parse().unwrap());
    if is_inverse(pair.from.object_type.as_str()) {
        (to, from)
    } else {
        (from, to)
    }
}

/// The same type in the other direction. Types of small numbers have two ids, and one of them has two names.
pub(super) fn inverse(kind: &AssociationType) -> AssociationType {
    let has_two_ids = (1..30).contains(&kind.type_id);
    let type_id = if has_two_ids {
        ((kind.type_id - 1) ^ 1) + 1
    } else {
        kind.type_id
    };
    let label = kind.label.as_deref().map(|name| match name {
        "Manager" => "Employee",
        "Employee" => "Manager",
        name => name,
    });
    AssociationType {
        category: kind.category.clone(),
        type_id,
        label: label.map(Into::into),
    }
}

impl World {
    /// The types of a link in the direction of a pair.
    pub(super) fn types(&self, pair: &Pair) -> Vec<AssociationType> {
        let types = self.links.get(&ids_of(pair)).cloned().unwrap_or_default();
        if is_inverse(pair.from.object_type.as_str()) {
            types.iter().map(inverse).collect()
        } else {
            types
        }
    }

    /// Links a pair, and returns the result for its reply.
    pub(super) fn write(&mut self, row: &impl LinkRequest) -> Value {
        let pair = row.pair();
        let ids = ids_of(pair);
        let types = self.links.entry(ids).or_insert_with(|| vec![unlabelled()]);
        if let Some(labels) = row.labels() {
            let before = types.clone();
            types.retain(|kind| !kind.is_label());
            for label in labels.sent.iter() {
                let forward = if is_inverse(pair.from.object_type.as_str()) {
                    inverse(label)
                } else {
                    label.clone()
                };
                if !types.iter().any(|kind| kind.is_same_as(&forward)) {
                    types.push(forward);
                }
            }
            let is_lost = |kind: &AssociationType| !types.iter().any(|now| now.is_same_as(kind));
            self.lost
                .extend(before.into_iter().filter(is_lost).map(|kind| (ids, kind)));
        }
        let types = self.types(pair);
        let labels: Vec<_> = types
            .iter()
            .filter_map(|kind| kind.label.as_deref())
            .collect();
        let [from, to] = [&pair.from, &pair.to].map(|record| record.id.as_str());
        if row.labels().is_none() {
            return json!({"from": {"id": from}, "to": {"id": to}});
        }
        json!({"fromObjectId": from, "toObjectId": to, "labels": labels})
    }
}
