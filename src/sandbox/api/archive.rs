//! Removing associations: all types of several pairs, some types of several pairs, or one pair.

use serde::Deserialize;

use crate::sandbox::api::bodies::{Pair, Record};
use crate::sandbox::api::labels::{TypeReference, set_of, types_of};
use crate::sandbox::api::{bodies, refusals};
use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::labels::TypeSet;
use crate::sandbox::data::object_types::TypeNumber;
use crate::sandbox::faults::effect::{Action, Effect, FaultContext, OwnBody};
use crate::sandbox::faults::odd_responses;
use crate::sandbox::http::reply::Reply;
use crate::sandbox::state::store::Link;
use crate::sandbox::state::world::{Call, World};

#[derive(Deserialize)]
struct Inputs<T> {
    inputs: Vec<T>,
}

#[derive(Deserialize)]
struct Reference {
    id: String,
}

/// All associations of one record with several others.
#[derive(Deserialize)]
struct WholePairs {
    from: Reference,
    to: Vec<Reference>,
}

/// Some types of one pair.
#[derive(Deserialize)]
struct TypesOfPair {
    from: Reference,
    to: Reference,
    types: Vec<TypeReference>,
}

/// What to remove: the types of a link, all of them if the unlabelled one is included.
type Removal = (Link, TypeSet);

impl World {
    /// Removes all associations of several pairs.
    pub(crate) fn archive_call(
        &mut self,
        call: &Call<'_>,
        types: [&str; 2],
        is_dated: bool,
    ) -> Action {
        let removals = self.archive_types(call, types).and_then(|ends| {
            let Inputs { inputs } =
                refusals::parse_body::<Inputs<WholePairs>>(call.request.body, &call.correlation)?;
            let mut removals = Vec::new();
            for WholePairs { from, to } in &inputs {
                for to in to {
                    let link = link_of(ends, &from.id, &to.id, call)?;
                    removals.push((link, TypeSet::UNLABELLED));
                }
            }
            Ok(removals)
        });
        self.remove(call, removals, is_dated)
    }

    /// Removes some types of several pairs.
    pub(crate) fn archive_labels_call(
        &mut self,
        call: &Call<'_>,
        types: [&str; 2],
        is_dated: bool,
    ) -> Action {
        let removals = self.archive_types(call, types).and_then(|ends| {
            let Inputs { inputs } =
                refusals::parse_body::<Inputs<TypesOfPair>>(call.request.body, &call.correlation)?;
            let [from_name, to_name] = ends.map(|number| self.types.name(number));
            let removal = |input: &TypesOfPair| {
                let link = link_of(ends, &input.from.id, &input.to.id, call)?;
                let record = |type_name, id| Record { type_name, id };
                let pair = Pair {
                    from: record(from_name, &input.from.id),
                    to: record(to_name, &input.to.id),
                };
                let types = types_of(pair, &input.types, &call.correlation)?;
                Ok((link, set_of(&types)))
            };
            inputs.iter().map(removal).collect()
        });
        self.remove(call, removals, is_dated)
    }

    /// Removes all associations between two records, given as type and id.
    pub(crate) fn unlink_call(&mut self, call: &Call<'_>, ends: [(&String, &String); 2]) -> Action {
        let link = self.read_link(call, ends);
        let removals = link.map(|link| vec![(link, TypeSet::UNLABELLED)]);
        self.remove(call, removals, false)
    }

    fn archive_types(
        &mut self,
        call: &Call<'_>,
        [from_type, to_type]: [&str; 2],
    ) -> Result<[TypeNumber; 2], Reply> {
        let form = self.settings.bodies;
        let mut resolve = |segment| {
            let resolved = self.types.resolve(segment);
            resolved.map_err(|unknown| refusals::unknown_type(&unknown, form, &call.correlation))
        };
        Ok([resolve(from_type)?, resolve(to_type)?])
    }

    /// Removes what a valid request asks for, unless a fault applies. Associations that are absent are no error.
    fn remove(
        &mut self,
        call: &Call<'_>,
        removals: Result<Vec<Removal>, Reply>,
        is_dated: bool,
    ) -> Action {
        let removals = match removals {
            Ok(removals) => removals,
            Err(refusal) => return Action::Answer(refusal),
        };
        let (given, max) = (removals.len(), self.settings.archive_limit);
        if !(1..=max).contains(&given) {
            let message = format!("inputs must have 1 to {max} pairs, but there are {given}");
            return Action::Answer(refusals::validation(&message, &call.correlation));
        }
        let body = bodies::complete(&[], &call.span);
        let fault = self.drawn_fault(call, call.nth);
        let fault = fault.filter(|(fault, _)| fault.applies_to_reads());
        let (effect, action) = match fault {
            Some((fault, _)) => odd_responses::build_response(
                fault,
                &FaultContext {
                    pairs: &[],
                    culprits: &[],
                    span: &call.span,
                    correlation: &call.correlation,
                    settings: &self.settings,
                    wall: self.clock.wall(call.now),
                    own: Some(OwnBody::of(&body)),
                },
            ),
            None if is_dated => (Effect::Associate, Action::Answer(Reply::json(200, &body))),
            None => (Effect::Associate, Action::Answer(Reply::empty(204))),
        };
        if effect != Effect::Nothing {
            for (link, types) in removals {
                self.archive(link, types);
            }
        }
        action
    }
}

fn link_of(
    [from_type, to_type]: [TypeNumber; 2],
    from: &str,
    to: &str,
    call: &Call<'_>,
) -> Result<Link, Reply> {
    let parsed = |id: &str| {
        RecordId::parse(id).ok_or_else(|| refusals::invalid_identifier(id, &call.correlation))
    };
    Ok(Link {
        from_type,
        from: parsed(from)?,
        to_type,
        to: parsed(to)?,
    })
}
