//! What the API in memory knows: links, records, and the replies about them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::api::link_call::LinkCall;
use crate::api::lookup_call::LookupCall;
use crate::api::response::body::Body;
use crate::api::response::headers::{Answer, Reply, ReplyHeaders};
use crate::domain::association_type::AssociationType;
use crate::run::tests::links::writes::{inverse as inverse_of, is_inverse};

/// A contact and a company.
pub(super) type Ids = (u64, u64);

/// The ids of the pair of a row.
pub(super) fn ids(row: u64) -> Ids {
    (row, row + 1_000_000)
}

/// The type of a link as the PUT makes it.
pub(super) fn unlabelled() -> AssociationType {
    AssociationType {
        category: "HUBSPOT_DEFINED".into(),
        type_id: 279,
        label: None,
    }
}

/// A type that a user gave to a link.
pub(super) fn label(name: &str) -> AssociationType {
    AssociationType {
        category: "USER_DEFINED".into(),
        type_id: 37,
        label: Some(name.into()),
    }
}

/// What the API knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct World {
    pub(super) links: BTreeMap<Ids, Vec<AssociationType>>,
    /// Records that were deleted.
    pub(super) deleted: BTreeSet<u64>,
    /// Records that were merged into another.
    pub(super) merged: BTreeMap<u64, u64>,
    /// Links that are listed for the contact and not for the company.
    pub(super) one_sided: BTreeSet<Ids>,
    /// Links that stay when they are removed.
    pub(super) staying: BTreeSet<Ids>,
    /// The types that writes of other labels have removed.
    pub(super) lost: Vec<(Ids, AssociationType)>,
}

fn reply(status: u16, body: Vec<u8>) -> Reply {
    Reply::Answered(Answer {
        status,
        headers: ReplyHeaders::default(),
        body: Body::Raw(body),
    })
}

/// A reply to a call that does not link.
pub(super) fn raw(status: u16, body: &Value) -> Reply {
    reply(status, body.to_string().into_bytes())
}

pub(super) fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

/// `user7@x.de` is contact 7.
pub(super) fn id_of_email(key: &str) -> Option<u64> {
    key.strip_prefix("user")?
        .strip_suffix("@x.de")?
        .parse()
        .ok()
}

pub(super) fn inputs(body: &[u8]) -> Vec<Value> {
    let body: Value = serde_json::from_slice(body).unwrap();
    body["inputs"].as_array().unwrap().clone()
}

fn shown(types: &[AssociationType]) -> Vec<Value> {
    let one = |kind: &AssociationType| json!({"category": kind.category.as_str(), "typeId": kind.type_id, "label": kind.label.as_deref()});
    types.iter().map(one).collect()
}

/// The link that a call names by its two records.
fn link_of(call: &LinkCall, from: &Value, to: &Value) -> Ids {
    let (from, to) = (number(&from["id"]), number(&to["id"]));
    if is_inverse(call.from_type.as_str()) {
        (to, from)
    } else {
        (from, to)
    }
}

impl World {
    /// The API after these rows were imported.
    pub(super) fn linked(rows: impl IntoIterator<Item = u64>) -> Self {
        let links = rows.into_iter().map(|row| (ids(row), vec![unlabelled()]));
        Self {
            links: links.collect(),
            ..Self::default()
        }
    }

    /// The links of these records, from either side, in pages of 500.
    pub(super) fn read(&self, call: &LinkCall) -> Reply {
        let is_inverse = is_inverse(call.from_type.as_str());
        let mut inverse: BTreeMap<u64, Vec<Ids>> = BTreeMap::new();
        let listed = |link: &&Ids| is_inverse && !self.one_sided.contains(*link);
        for &link in self.links.keys().filter(listed) {
            inverse.entry(link.1).or_default().push(link);
        }
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for input in inputs(&call.body) {
            let id = number(&input["id"]);
            let skipped = input["after"]
                .as_str()
                .map_or(0, |after| after.parse().unwrap());
            let of_record: Vec<Ids> = if is_inverse {
                inverse.get(&id).cloned().unwrap_or_default()
            } else {
                let range = self.links.range((id, 0)..=(id, u64::MAX));
                range.map(|(&link, _)| link).collect()
            };
            let links = of_record.into_iter().skip(skipped).map(|link| {
                let types = &self.links[&link];
                let (to, types) = if is_inverse {
                    (link.0, types.iter().map(inverse_of).collect())
                } else {
                    (link.1, types.clone())
                };
                json!({"toObjectId": to, "associationTypes": shown(&types)})
            });
            let links: Vec<Value> = links.collect();
            if links.is_empty() {
                let context = json!({"fromObjectId": [id.to_string()], "fromObjectType": ["x"], "toObjectType": ["y"]});
                errors.push(
                    json!({"status": "error", "category": "OBJECT_NOT_FOUND", "message": "No links",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND", "context": context}),
                );
                continue;
            }
            let mut result =
                json!({"from": {"id": id.to_string()}, "to": &links[..links.len().min(500)]});
            if links.len() > 500 {
                result["paging"] = json!({"next": {"after": (skipped + 500).to_string()}});
            }
            results.push(result);
        }
        let mut body = json!({"status": "COMPLETE", "results": results});
        if errors.is_empty() {
            return raw(200, &body);
        }
        body["numErrors"] = errors.len().into();
        body["errors"] = errors.into();
        raw(207, &body)
    }

    pub(super) fn remove(&mut self, call: &LinkCall) -> Reply {
        for input in inputs(&call.body) {
            for to in input["to"].as_array().unwrap() {
                let link = link_of(call, &input["from"], to);
                if !self.staying.contains(&link) {
                    self.links.remove(&link);
                }
            }
        }
        reply(204, Vec::new())
    }

    /// Removes types of links. The removal of the unlabelled type would remove all labels.
    pub(super) fn remove_labels(&mut self, call: &LinkCall) -> Reply {
        for input in inputs(&call.body) {
            let link = link_of(call, &input["from"], &input["to"]);
            let Some(types) = self.links.get_mut(&link) else {
                continue;
            };
            for of in input["types"].as_array().unwrap() {
                let category = of["associationCategory"].as_str().unwrap();
                let is_meant = |kind: &AssociationType| {
                    let kind = if is_inverse(call.from_type.as_str()) {
                        inverse_of(kind)
                    } else {
                        kind.clone()
                    };
                    kind.category == category && of["associationTypeId"] == kind.type_id
                };
                let removed = types.extract_if(.., |kind| is_meant(kind));
                assert!(removed.into_iter().all(|kind| kind.label.is_some()));
            }
        }
        reply(204, Vec::new())
    }

    pub(super) fn records(&self, call: &LookupCall) -> Reply {
        let (mut results, mut missing) = (Vec::new(), Vec::new());
        for input in inputs(&call.body) {
            let key = input["id"].as_str().unwrap();
            if let Some(id) = id_of_email(key) {
                results.push(json!({"id": id.to_string(), "properties": {"email": key}}));
                continue;
            }
            let id = number(&input["id"]);
            if self.deleted.contains(&id) {
                missing.push(id.to_string());
                continue;
            }
            let survivor = self.merged.get(&id).copied().unwrap_or(id);
            let merged = if survivor == id {
                String::new()
            } else {
                id.to_string()
            };
            results.push(
                json!({"id": survivor.to_string(), "properties": {"hs_merged_object_ids": merged}}),
            );
        }
        let mut body = json!({"status": "COMPLETE", "results": results});
        if missing.is_empty() {
            return raw(200, &body);
        }
        body["numErrors"] = 1.into();
        body["errors"] =
            json!([{"category": "OBJECT_NOT_FOUND", "message": "m", "context": {"ids": missing}}]);
        raw(207, &body)
    }
}
