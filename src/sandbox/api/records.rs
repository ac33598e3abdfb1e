//! The batch read of records, by id or by a property that identifies them.
//!
//! How HubSpot replies to keys without a record is not established; the settings and the keys choose among the plausible
//! forms.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::sandbox::api::{bodies, refusals};
use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::keys;
use crate::sandbox::data::keys::Absence;
use crate::sandbox::data::properties;
use crate::sandbox::data::properties::PropertyKind;
use crate::sandbox::faults::effect::Action;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::read_settings::MissingKeys;
use crate::sandbox::settings::BodyForm;
use crate::sandbox::state::directory::{Found, Lookup};
use crate::sandbox::state::world::{Call, World};

/// The most inputs of one call.
const MAX_INPUTS: usize = 100;
/// When every record was created; no call depends on it.
const CREATED: &str = "2024-01-15T08:00:00.000Z";
/// When every record was changed last.
const UPDATED: &str = "2026-01-15T08:00:00.000Z";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadRequest {
    id_property: Option<String>,
    inputs: Vec<Input>,
    #[serde(default)]
    properties: Vec<String>,
}

#[derive(Deserialize)]
struct Input {
    id: String,
}

/// A key without a record, and how its absence is answered.
type Missing<'a> = (&'a str, Absence);

impl World {
    /// Reads records by id, or by the property that the request names.
    pub(crate) fn records_call(&mut self, call: &Call<'_>, object_type: &str) -> Action {
        let object_type = match self.readable_types(call, [object_type]) {
            Ok([object_type]) => object_type,
            Err(refusal) => return Action::Answer(refusal),
        };
        let type_name = self.types.name(object_type).to_owned();
        let (request, kind) = match self.read_request(call, &type_name) {
            Ok(read) => read,
            Err(refusal) => return Action::Answer(refusal),
        };
        self.records_asked += request.inputs.len() as u64;
        let lookup = Lookup {
            object_type,
            type_name: &type_name,
            property: request.id_property.as_deref().unwrap_or("hs_object_id"),
            kind,
        };
        let (found, missing) = self.find_all(lookup, &request.inputs);
        // In descending order: it is not the order of the request.
        let results: Vec<Value> = found
            .values()
            .rev()
            .map(|record| self.result(record, lookup, &request.properties))
            .collect();
        let form = self.settings.bodies;
        let absent = absent_answer(
            &missing,
            self.settings.reads.missing_keys,
            results.is_empty(),
        );
        let (results, named) = match absent {
            Absent::NotFound => {
                let message = "The requested records do not exist";
                return Action::Answer(refusals::not_found(message, form, &call.correlation));
            }
            Absent::NoResults { named } => (Vec::new(), vec![named]),
            Absent::Listed { named } => (results, named),
        };
        let mut body = bodies::complete(&results, &call.span);
        let mut status = 200;
        if !named.is_empty() {
            status = 207;
            let errors = [not_found(&type_name, &named, form)];
            bodies::extend(&mut body, bodies::with_errors(&errors, &call.span, form));
        }
        self.read_reply(call, found.into_keys(), status, &body)
    }

    /// A record with these properties and those that every reply has.
    pub(crate) fn result(&self, record: &Found, lookup: Lookup<'_>, requested: &[String]) -> Value {
        let id = record.id.value();
        let mut values = Map::new();
        for property in requested {
            let value = match property.as_str() {
                name if name == lookup.property => Some(record.value.clone()),
                "hs_additional_emails" if !record.additional.is_empty() => {
                    Some(record.additional.join(";"))
                }
                properties::MERGED_IDS => {
                    let merged = self.directory.merged_ids(lookup.object_type, record.id);
                    let ids: Vec<String> = merged.iter().map(|id| id.value().to_string()).collect();
                    (!ids.is_empty()).then(|| ids.join(";"))
                }
                name => properties::kind(lookup.type_name, name)
                    .and_then(|kind| keys::value_of(kind, id)),
            };
            // HubSpot leaves properties out that do not exist; those without a value are null.
            if value.is_some() || properties::kind(lookup.type_name, property).is_some() {
                values.insert(property.clone(), json!(value));
            }
        }
        values.insert("createdate".to_owned(), json!(CREATED));
        values.insert("hs_lastmodifieddate".to_owned(), json!(UPDATED));
        values.insert("hs_object_id".to_owned(), json!(id.to_string()));
        json!({
            "id": id.to_string(),
            "properties": values,
            "createdAt": CREATED,
            "updatedAt": UPDATED,
            "archived": false,
        })
    }

    /// The records of the inputs, and the keys without one, each once.
    fn find_all<'a>(
        &self,
        lookup: Lookup<'_>,
        inputs: &'a [Input],
    ) -> (BTreeMap<RecordId, Found>, Vec<Missing<'a>>) {
        let mut found = BTreeMap::new();
        let mut missing: Vec<Missing<'_>> = Vec::new();
        for Input { id } in inputs {
            match self.directory.find(lookup, id) {
                Ok(records) => found.extend(records.into_iter().map(|record| (record.id, record))),
                Err(absence) if missing.iter().all(|(key, _)| key != id) => {
                    missing.push((id, absence));
                }
                Err(_) => {}
            }
        }
        (found, missing)
    }

    /// Sets the records of a key; `None` if the type, the property or an id is invalid.
    pub(crate) fn assign_key(
        &mut self,
        object_type: &str,
        property: &str,
        key: &str,
        ids: &[&str],
    ) -> Option<()> {
        let object_type = self.types.resolve(object_type).ok()?;
        let type_name = self.types.name(object_type);
        let lookup = Lookup {
            object_type,
            type_name,
            property,
            kind: properties::kind(type_name, property)?,
        };
        let ids = ids.iter().map(|id| RecordId::parse(id));
        self.directory
            .assign(lookup, key, ids.collect::<Option<_>>()?);
        Some(())
    }

    /// The request's body and the kind of the property that it asks by.
    fn read_request(
        &self,
        call: &Call<'_>,
        type_name: &str,
    ) -> Result<(ReadRequest, PropertyKind), Reply> {
        let correlation = &call.correlation;
        let request: ReadRequest = refusals::parse_body(call.request.body, correlation)?;
        let given = request.inputs.len();
        if !(1..=MAX_INPUTS).contains(&given) {
            let message = format!("inputs must number 1 to {MAX_INPUTS}, but there are {given}");
            return Err(refusals::validation(&message, correlation));
        }
        let Some(property) = &request.id_property else {
            let bad = request
                .inputs
                .iter()
                .find(|input| RecordId::parse(&input.id).is_none());
            return match bad {
                Some(input) => Err(refusals::invalid_identifier(&input.id, correlation)),
                None => Ok((request, PropertyKind::RecordId)),
            };
        };
        match properties::kind(type_name, property) {
            None => Err(refusals::unknown_property(property, correlation)),
            Some(kind) if kind.identifies() => Ok((request, kind)),
            Some(_) => Err(refusals::not_unique(
                self.settings.reads.not_unique_status,
                type_name,
                property,
                self.settings.portal_id,
                correlation,
            )),
        }
    }
}

/// The reply to the keys without a record.
#[derive(Debug, PartialEq, Eq)]
enum Absent<'a> {
    NotFound,
    NoResults { named: &'a str },
    Listed { named: Vec<&'a str> },
}

fn absent_answer<'a>(missing: &[Missing<'a>], usual: MissingKeys, none_found: bool) -> Absent<'a> {
    let usual = match usual {
        MissingKeys::Listed => Absence::Usual,
        MissingKeys::Fewer => Absence::Unlisted,
        MissingKeys::NotFound => Absence::NotFound,
        MissingKeys::Unnamed => Absence::Unnamed,
    };
    let effective = |absence| match absence {
        Absence::Usual => usual,
        chosen => chosen,
    };
    let first = |wanted| {
        let found = missing
            .iter()
            .find(|(_, absence)| effective(*absence) == wanted);
        found.map(|(key, _)| *key)
    };
    if none_found && first(Absence::NotFound).is_some() {
        return Absent::NotFound;
    }
    if let Some(named) = first(Absence::Unnamed) {
        return Absent::NoResults { named };
    }
    let named = missing
        .iter()
        .filter(|(_, absence)| effective(*absence) != Absence::Unlisted);
    Absent::Listed {
        named: named.map(|(key, _)| *key).collect(),
    }
}

/// The one error that lists all keys without a record.
fn not_found(type_name: &str, keys: &[&str], form: BodyForm) -> Value {
    let mut error = json!({
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": format!(
            "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
            type_name.to_uppercase()
        ),
        "context": {"ids": keys},
    });
    if form == BodyForm::Schema {
        error["links"] = json!({});
        error["errors"] = json!([]);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_or_the_key_chooses_the_answer_to_missing_keys() {
        let [usual, unlisted, unnamed, not_found] = [
            ("a", Absence::Usual),
            ("b", Absence::Unlisted),
            ("c", Absence::Unnamed),
            ("d", Absence::NotFound),
        ];
        let listed = |named: &[&'static str]| Absent::Listed {
            named: named.to_vec(),
        };
        for (missing, setting, none_found, expected) in [
            (&[][..], MissingKeys::Unnamed, true, listed(&[])),
            (
                &[usual, unlisted],
                MissingKeys::Listed,
                true,
                listed(&["a"]),
            ),
            (&[usual], MissingKeys::Fewer, true, listed(&[])),
            (&[usual], MissingKeys::NotFound, true, Absent::NotFound),
            (&[usual], MissingKeys::NotFound, false, listed(&["a"])),
            (
                &[usual, unnamed],
                MissingKeys::Listed,
                false,
                Absent::NoResults { named: "c" },
            ),
            (
                &[usual, unnamed],
                MissingKeys::Unnamed,
                false,
                Absent::NoResults { named: "a" },
            ),
            (
                &[unlisted, not_found],
                MissingKeys::Listed,
                true,
                Absent::NotFound,
            ),
            (&[not_found], MissingKeys::Fewer, false, listed(&["d"])),
        ] {
            let answer = absent_answer(missing, setting, none_found);
            assert_eq!(answer, expected, "{missing:?} {setting:?} {none_found}");
        }
    }
}
