//! The calls for one record: associate it with another, and list its associations.

use serde_json::{Value, json};

use crate::sandbox::api::bodies::{Directions, Pair, Record, Side};
use crate::sandbox::api::{bodies, refusals};
use crate::sandbox::data::association_types;
use crate::sandbox::data::ids::RecordId;
use crate::sandbox::faults::effect::{Action, Effect, FaultContext};
use crate::sandbox::faults::fault::Fault;
use crate::sandbox::faults::random::Purpose;
use crate::sandbox::faults::table::{fault_of_id, names_a_fault};
use crate::sandbox::faults::{odd_responses, random};
use crate::sandbox::http::reply::Reply;
use crate::sandbox::settings::BodyForm;
use crate::sandbox::state::store::Link;
use crate::sandbox::state::world::{Call, World};

/// The page size if the request does not set one.
const PAGE: usize = 500;

impl World {
    /// Associates two records, given as type and id, unless a fault applies.
    pub(crate) fn pair_call(&mut self, call: &Call<'_>, ends: [(&String, &String); 2]) -> Action {
        let link = match self.read_link(call, ends) {
            Ok(link) => link,
            Err(refusal) => return Action::Answer(refusal),
        };
        let before = self.store.admit(link);
        let [(_, from_id), (_, to_id)] = ends;
        let pair = Pair {
            from: Record {
                type_name: self.types.name(link.from_type),
                id: from_id,
            },
            to: Record {
                type_name: self.types.name(link.to_type),
                id: to_id,
            },
        };
        let Some((fault, sides)) = self.fault_for(call, pair, before) else {
            let results = bodies::results(&[pair], Directions::Usual);
            let body = bodies::complete(&results, &call.span);
            self.store.associate(link);
            return Action::Answer(Reply::json(200, &body));
        };
        let culprits: Vec<(usize, Side)> = sides.into_iter().map(|side| (0, side)).collect();
        let (effect, action) = odd_responses::build_response(
            fault,
            &FaultContext {
                pairs: &[pair],
                culprits: &culprits,
                span: &call.span,
                correlation: &call.correlation,
                settings: &self.settings,
                wall: self.clock.wall(call.now),
                read: None,
            },
        );
        self.take_effect(&effect, &[link], &culprits);
        action
    }

    fn read_link(
        &mut self,
        call: &Call<'_>,
        [(from_type, from_id), (to_type, to_id)]: [(&String, &String); 2],
    ) -> Result<Link, Reply> {
        let correlation = &call.correlation;
        let form = self.settings.bodies;
        let mut type_of = |segment: &str| {
            let resolved = self.types.resolve(segment);
            resolved.map_err(|unknown| refusals::unknown_type(&unknown, form, correlation))
        };
        let id_of = |id: &str| {
            RecordId::parse(id).ok_or_else(|| refusals::invalid_identifier(id, correlation))
        };
        Ok(Link {
            from_type: type_of(from_type)?,
            to_type: type_of(to_type)?,
            from: id_of(from_id)?,
            to: id_of(to_id)?,
        })
    }

    /// The fault for a pair, and the affected sides. A pair with an id that names a fault draws none, so that such ids
    /// have exactly the named effect.
    fn fault_for(
        &self,
        call: &Call<'_>,
        pair: Pair<'_>,
        before: u32,
    ) -> Option<(Fault, Vec<Side>)> {
        let sides = [Side::From, Side::To];
        let named = |side: &Side| fault_of_id(pair.side(*side).id, before);
        if let Some(fault) = sides.iter().find_map(named) {
            let about = sides.into_iter().filter(|side| named(side) == Some(fault));
            return Some((fault, about.collect()));
        }
        if sides.iter().any(|side| names_a_fault(pair.side(*side).id)) {
            return None;
        }
        let (fault, from) = self.drawn_fault(call, before)?;
        Some((fault, vec![if from { Side::From } else { Side::To }]))
    }

    /// A fault drawn for this call, and a random bit that chooses the side.
    pub(crate) fn drawn_fault(&self, call: &Call<'_>, before: u32) -> Option<(Fault, bool)> {
        if self.settings.faults.is_empty() {
            return None;
        }
        let seed = self.settings.seed;
        let mut draws = random::generator(seed, Purpose::Fault, call.subject, before);
        let fault = self.settings.faults.at(draws.f64())?;
        Some((fault, draws.bool()))
    }

    /// Applies a fault's effect on the pairs to the store.
    pub(crate) fn take_effect(
        &mut self,
        effect: &Effect,
        links: &[Link],
        culprits: &[(usize, Side)],
    ) {
        if *effect == Effect::Nothing {
            return;
        }
        for (index, link) in links.iter().enumerate() {
            let mut link = *link;
            if let (Effect::AssociateOther(id), Some((culprit, side))) = (effect, culprits.first())
                && *culprit == index
                && let Some(id) = RecordId::parse(id)
            {
                match side {
                    Side::From => link.from = id,
                    Side::To => link.to = id,
                }
            }
            self.store.associate(link);
        }
    }

    /// Lists a record's associations, page by page.
    pub(crate) fn read_call(
        &mut self,
        call: &Call<'_>,
        from_type: &str,
        from_id: &str,
        to_type: &str,
    ) -> Reply {
        let correlation = &call.correlation;
        let form = self.settings.bodies;
        let types = (self.types.resolve(from_type), self.types.resolve(to_type));
        let (from_type, to_type) = match types {
            (Ok(from_type), Ok(to_type)) => (from_type, to_type),
            (Err(unknown), _) | (_, Err(unknown)) => {
                return refusals::unknown_type(&unknown, form, correlation);
            }
        };
        let Some(from) = RecordId::parse(from_id) else {
            return refusals::invalid_identifier(from_id, correlation);
        };
        let query = call.request.query;
        let after = parameter(query, "after").and_then(RecordId::parse);
        let limit = parameter(query, "limit")
            .and_then(|limit| limit.parse().ok())
            .unwrap_or(PAGE)
            .clamp(1, PAGE);
        let (from_name, to_name) = (self.types.name(from_type), self.types.name(to_type));
        let mut found: Vec<String> = self
            .store
            .associated(from_type, from, to_type, after.unwrap_or(RecordId::MIN))
            .take(limit + 1)
            .map(|id| id.value().to_string())
            .collect();
        let more = found.len() > limit;
        found.truncate(limit);
        let results: Vec<_> = found
            .iter()
            .map(|id| {
                let mut kind = json!({
                    "category": association_types::category(from_name, to_name),
                    "typeId": association_types::number(from_name, to_name),
                });
                let id = match form {
                    BodyForm::Schema => json!(id),
                    BodyForm::Captured => {
                        kind["label"] = Value::Null;
                        bodies::number(id)
                    }
                };
                json!({"toObjectId": id, "associationTypes": [kind]})
            })
            .collect();
        let mut body = json!({"results": results});
        if let (true, Some(last)) = (more, found.last()) {
            let path = call.request.path;
            let link = format!("https://api.hubapi.com{path}?limit={limit}&after={last}");
            body["paging"] = json!({"next": {"after": last, "link": link}});
        }
        Reply::json(200, &body)
    }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|field| field.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}
