//! Reading associations back: of one record, or of many.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::api::{bodies, refusals};
use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::labels;
use crate::sandbox::data::labels::{AssociationType, TypeSet};
use crate::sandbox::data::object_types::TypeNumber;
use crate::sandbox::faults::effect::Action;
use crate::sandbox::faults::traits;
use crate::sandbox::faults::traits::LinkTrait;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::settings::BodyForm;
use crate::sandbox::state::world::{Call, World};

/// The most associations of one record in one reply.
const PAGE: usize = 500;
/// The most records of one call.
const MAX_INPUTS: usize = 1_000;

#[derive(Deserialize)]
struct LinksRequest {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    id: String,
    after: Option<String>,
}

/// The types of a call that reads, and what they can be associated by.
struct Between {
    from_type: TypeNumber,
    to_type: TypeNumber,
    types: Vec<AssociationType>,
}

/// One page of a record's associations.
struct Page {
    entries: Vec<Value>,
    /// The last id of the page, if more follow.
    next: Option<String>,
}

impl World {
    /// Lists a record's associations, page by page.
    pub(crate) fn read_call(
        &mut self,
        call: &Call<'_>,
        from_type: &str,
        from_id: &str,
        to_type: &str,
    ) -> Action {
        let between = match self.between(call, from_type, to_type) {
            Ok(between) => between,
            Err(refusal) => return Action::Answer(refusal),
        };
        let Some(from) = RecordId::parse(from_id) else {
            return Action::Answer(refusals::invalid_identifier(from_id, &call.correlation));
        };
        let query = call.request.query;
        let after = parameter(query, "after").and_then(RecordId::parse);
        let limit = parameter(query, "limit")
            .and_then(|limit| limit.parse().ok())
            .unwrap_or(PAGE)
            .clamp(1, PAGE);
        let page = self.page(&between, from, after, limit);
        let mut body = json!({"results": page.entries});
        if let Some(last) = page.next {
            let path = call.request.path;
            let link = format!("https://api.hubapi.com{path}?limit={limit}&after={last}");
            body["paging"] = json!({"next": {"after": last, "link": link}});
        }
        self.read_reply(call, [from], 200, &body)
    }

    /// Lists the associations of many records, one page of each.
    pub(crate) fn links_call(&mut self, call: &Call<'_>, from_type: &str, to_type: &str) -> Action {
        let between = match self.between(call, from_type, to_type) {
            Ok(between) => between,
            Err(refusal) => return Action::Answer(refusal),
        };
        let inputs = match read_inputs(call) {
            Ok(inputs) => inputs,
            Err(refusal) => return Action::Answer(refusal),
        };
        let names = [between.from_type, between.to_type].map(|number| self.types.name(number));
        let form = self.settings.bodies;
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for (id, from, after) in &inputs {
            let page = self.page(&between, *from, *after, PAGE);
            if page.entries.is_empty() {
                errors.push(no_associations(id, names, form));
                continue;
            }
            let mut result = json!({"from": {"id": id}, "to": page.entries});
            if let Some(last) = page.next {
                let path = call.request.path;
                let link = format!("https://api.hubapi.com{path}?after={last}");
                result["paging"] = json!({"next": {"after": last, "link": link}});
            }
            results.push(result);
        }
        let mut body = bodies::complete(&results, &call.span);
        let mut status = 200;
        if !errors.is_empty() {
            status = 207;
            bodies::extend(&mut body, bodies::with_errors(&errors, &call.span, form));
        }
        let records: Vec<RecordId> = inputs.into_iter().map(|(_, from, _)| from).collect();
        self.read_reply(call, records, status, &body)
    }

    fn between(
        &mut self,
        call: &Call<'_>,
        from_type: &str,
        to_type: &str,
    ) -> Result<Between, Reply> {
        let [from_type, to_type] = self.readable_types(call, [from_type, to_type])?;
        let types = labels::between(self.types.name(from_type), self.types.name(to_type));
        Ok(Between {
            from_type,
            to_type,
            types,
        })
    }

    fn page(
        &self,
        between: &Between,
        from: RecordId,
        after: Option<RecordId>,
        limit: usize,
    ) -> Page {
        let after = after.unwrap_or(RecordId::MIN);
        let mut found: Vec<(RecordId, TypeSet)> = self
            .store
            .associated(between.from_type, from, between.to_type, after)
            // A one-sided record does not show from the other side.
            .filter(|(to, _)| traits::of_id(*to) != Some(LinkTrait::OneSided))
            .take(limit + 1)
            .collect();
        let has_more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| has_more);
        let form = self.settings.bodies;
        Page {
            next: last.map(|(to, _)| to.value().to_string()),
            entries: found
                .iter()
                .map(|(to, types)| entry(*to, *types, &between.types, form))
                .collect(),
        }
    }
}

/// The ids of a request, as given and parsed, and after which association each continues.
type ParsedInput = (String, RecordId, Option<RecordId>);

fn read_inputs(call: &Call<'_>) -> Result<Vec<ParsedInput>, Reply> {
    let correlation = &call.correlation;
    let LinksRequest { inputs } = refusals::parse_body(call.request.body, correlation)?;
    let given = inputs.len();
    if !(1..=MAX_INPUTS).contains(&given) {
        let message = format!("inputs must number 1 to {MAX_INPUTS}, but there are {given}");
        return Err(refusals::validation(&message, correlation));
    }
    let parsed = |text: &str| {
        RecordId::parse(text).ok_or_else(|| refusals::invalid_identifier(text, correlation))
    };
    inputs
        .into_iter()
        .map(|Input { id, after }| {
            let after = after.as_deref().map(parsed).transpose()?;
            let from = parsed(&id)?;
            Ok((id, from, after))
        })
        .collect()
}

/// One association as both calls list it.
fn entry(to: RecordId, set: TypeSet, types: &[AssociationType], form: BodyForm) -> Value {
    let kinds: Vec<Value> = types
        .iter()
        .filter(|kind| set.has(kind.set))
        .map(|kind| {
            let mut shown = json!({"category": kind.category, "typeId": kind.number});
            if kind.label.is_some() || form == BodyForm::Captured {
                shown["label"] = json!(kind.label);
            }
            shown
        })
        .collect();
    let id = to.value().to_string();
    let id = match form {
        BodyForm::Schema => json!(id),
        BodyForm::Captured => bodies::number(&id),
    };
    json!({"toObjectId": id, "associationTypes": kinds})
}

/// The entry of `errors` for a record without associations, whether it exists or not.
fn no_associations(id: &str, [from_type, to_type]: [&str; 2], form: BodyForm) -> Value {
    let sub_category = "crm.associations.NO_ASSOCIATIONS_FOUND";
    let message = format!("No {to_type} is associated with {from_type} {id}.");
    let context = json!({
        "fromObjectId": [id],
        "fromObjectType": [from_type],
        "toObjectType": [to_type],
    });
    let mut error = json!({
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": sub_category,
        "message": message,
        "context": context,
    });
    if form == BodyForm::Schema {
        let nested = json!([{"message": message, "subCategory": sub_category, "context": context}]);
        error["subCategory"] = json!({"name": sub_category});
        error["links"] = json!({});
        error["errors"] = nested;
    }
    error
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|field| field.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}
