//! Labels: their list, and associating two records with labels.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::api::bodies::{Pair, Record, Side};
use crate::sandbox::api::{bodies, refusals};
use crate::sandbox::data::labels;
use crate::sandbox::data::labels::{AssociationType, TypeSet};
use crate::sandbox::data::object_types;
use crate::sandbox::faults::effect::{Action, FaultContext, OwnBody};
use crate::sandbox::faults::odd_responses;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::http::route::LabelsPath;
use crate::sandbox::read_settings::LabelsPaths;
use crate::sandbox::settings::BodyForm;
use crate::sandbox::state::associating::Write;
use crate::sandbox::state::world::{Call, World};

/// An association type in a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypeReference {
    association_category: String,
    association_type_id: u32,
}

impl World {
    /// Lists the association types between two object types.
    pub(crate) fn labels_call(
        &mut self,
        call: &Call<'_>,
        from_type: &str,
        to_type: &str,
        path: LabelsPath,
    ) -> Action {
        let is_there = match path {
            LabelsPath::Dated => true,
            LabelsPath::New => self.settings.reads.labels_path != LabelsPaths::Old,
            LabelsPath::Old => self.settings.reads.labels_path != LabelsPaths::New,
        };
        if !is_there {
            let form = self.settings.bodies;
            return Action::Answer(refusals::unknown_path(form, &call.correlation));
        }
        let [from_type, to_type] = match self.readable_types(call, [from_type, to_type]) {
            Ok(types) => types,
            Err(refusal) => return Action::Answer(refusal),
        };
        let results: Vec<Value> = labels::between(
            self.types.name(from_type),
            self.types.name(to_type),
        )
        .into_iter()
        .map(|kind| json!({"category": kind.category, "typeId": kind.number, "label": kind.label}))
        .collect();
        self.read_reply(call, [], 200, &json!({"results": results}))
    }

    /// Associates two records, given as type and id, with labels, unless a fault applies.
    pub(crate) fn labelled_call(
        &mut self,
        call: &Call<'_>,
        ends: [(&String, &String); 2],
    ) -> Action {
        if call.request.body.is_empty() {
            return Action::Answer(refusals::no_body(&call.correlation));
        }
        let link = match self.read_link(call, ends) {
            Ok(link) => link,
            Err(refusal) => return Action::Answer(refusal),
        };
        let [(_, from_id), (_, to_id)] = ends;
        let [from_name, to_name] = [link.from_type, link.to_type].map(|kind| self.types.name(kind));
        let pair = Pair {
            from: Record {
                type_name: from_name,
                id: from_id,
            },
            to: Record {
                type_name: to_name,
                id: to_id,
            },
        };
        let types = refusals::parse_body(call.request.body, &call.correlation)
            .and_then(|types: Vec<TypeReference>| types_of(pair, &types, &call.correlation));
        let types = match types {
            Ok(types) => types,
            Err(refusal) => return Action::Answer(refusal),
        };
        let write = write_of(&types);
        let before = self.store.admit(link);
        let form = self.settings.bodies;
        let success = labelled_result(pair, &types, form);
        let Some((fault, sides)) = self.fault_for(call, link, pair, before) else {
            self.associate(link, write);
            return Action::Answer(Reply::json(201, &success));
        };
        let culprits: Vec<(usize, Side)> = sides.into_iter().map(|side| (0, side)).collect();
        let context = FaultContext {
            pairs: &[pair],
            culprits: &culprits,
            span: &call.span,
            correlation: &call.correlation,
            settings: &self.settings,
            wall: self.clock.wall(call.now),
            own: Some(OwnBody {
                success: &success,
                nothing: &labelled_result(pair, &[], form),
            }),
        };
        let (effect, action) = odd_responses::build_response(fault, &context);
        self.take_effect(&effect, &[(link, write)], &culprits);
        action
    }
}

/// What a write with these types does.
pub(crate) fn write_of(types: &[AssociationType]) -> Write {
    if types.is_empty() {
        return Write::Nothing;
    }
    Write::Labels(set_of(types))
}

/// These types as one set.
pub(crate) fn set_of(types: &[AssociationType]) -> TypeSet {
    let sets = types.iter().map(|kind| kind.set);
    sets.fold(TypeSet::NONE, TypeSet::with)
}

/// The types of a request between the records of a pair, or the refusal of those that do not exist or cannot be written.
pub(crate) fn types_of(
    pair: Pair<'_>,
    references: &[TypeReference],
    correlation: &str,
) -> Result<Vec<AssociationType>, Reply> {
    let (from, to) = (pair.from.type_name, pair.to.type_name);
    let mut types = Vec::with_capacity(references.len());
    let mut unknown = Vec::new();
    for reference in references {
        let (category, number) = (
            &reference.association_category,
            reference.association_type_id,
        );
        match labels::find(from, to, category, number) {
            Some(kind) => types.push(kind),
            None => unknown.push(format!("{category}={number}")),
        }
    }
    if !unknown.is_empty() {
        return Err(refusals::invalid_types(&unknown, correlation));
    }
    if types.iter().any(|kind| kind.label == Some(labels::FULL)) {
        return Err(refusals::association_limit(correlation));
    }
    Ok(types)
}

/// A pair associated with these types, as labelled writes list it: labels by name, without type ids.
pub(crate) fn labelled_result(pair: Pair<'_>, types: &[AssociationType], form: BodyForm) -> Value {
    let labels: Vec<&str> = types
        .iter()
        .filter_map(|kind| kind.label)
        .filter(|label| *label != labels::UNCONFIRMED)
        .collect();
    let id = |id: &str| match form {
        BodyForm::Schema => json!(id),
        BodyForm::Captured => bodies::number(id),
    };
    json!({
        "fromObjectTypeId": object_types::type_id(pair.from.type_name),
        "fromObjectId": id(pair.from.id),
        "toObjectTypeId": object_types::type_id(pair.to.type_name),
        "toObjectId": id(pair.to.id),
        "labels": labels,
    })
}
