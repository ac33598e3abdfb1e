//! The batch call for several pairs of two types.
//!
//! How HubSpot replies when some pairs are invalid is not established; the settings choose among the plausible forms.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::api::bodies::{Directions, Pair, Record, Side};
use crate::sandbox::api::{bodies, refusals};
use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::object_types::TypeNumber;
use crate::sandbox::faults::effect::{Action, FaultContext};
use crate::sandbox::faults::fault::Fault;
use crate::sandbox::faults::odd_responses;
use crate::sandbox::faults::table::{fault_of_id, names_a_fault};
use crate::sandbox::http::reply::Reply;
use crate::sandbox::settings::{BatchErrors, BodyForm};
use crate::sandbox::state::store::Link;
use crate::sandbox::state::world::{Call, World};

#[derive(Deserialize)]
struct BatchRequest {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    from: Reference,
    to: Reference,
}

#[derive(Deserialize)]
struct Reference {
    id: String,
}

/// A problem in a batch.
enum BatchFault {
    /// A fault of the whole reply, for these records.
    Whole(Fault, (usize, Side)),
    /// Records that do not exist.
    Bad(Vec<(usize, Side)>),
}

impl World {
    /// Associates several pairs, unless a fault applies.
    pub(crate) fn batch_call(&mut self, call: &Call<'_>, from_type: &str, to_type: &str) -> Action {
        let (inputs, links) = match self.read_inputs(call, from_type, to_type) {
            Ok(read) => read,
            Err(refusal) => return Action::Answer(refusal),
        };
        let before: Vec<u32> = links.iter().map(|link| self.store.admit(*link)).collect();
        let fault = self.batch_fault(call, &inputs, &before);
        let (culprits, whole) = match fault {
            BatchFault::Whole(fault, culprit) => (vec![culprit], Some(fault)),
            BatchFault::Bad(bad) => (bad, None),
        };
        let pairs: Vec<Pair<'_>> = inputs
            .iter()
            .zip(&links)
            .map(|(input, link)| Pair {
                from: Record {
                    type_name: self.types.name(link.from_type),
                    id: &input.from.id,
                },
                to: Record {
                    type_name: self.types.name(link.to_type),
                    id: &input.to.id,
                },
            })
            .collect();
        let context = FaultContext {
            pairs: &pairs,
            culprits: &culprits,
            span: &call.span,
            correlation: &call.correlation,
            settings: &self.settings,
            wall: self.clock.wall(call.now),
            read: None,
        };
        if let Some(fault) = whole {
            let (effect, action) = odd_responses::build_response(fault, &context);
            self.take_effect(&effect, &links, &culprits);
            return action;
        }
        let (reply, all_refused) = answer_with_bad(&context);
        if !all_refused {
            for (index, link) in links.iter().enumerate() {
                if !is_bad(&culprits, index) {
                    self.store.associate(*link);
                }
            }
        }
        Action::Answer(reply)
    }

    fn read_inputs(
        &mut self,
        call: &Call<'_>,
        from_type: &str,
        to_type: &str,
    ) -> Result<(Vec<Input>, Vec<Link>), Reply> {
        let correlation = &call.correlation;
        let form = self.settings.bodies;
        let mut type_of = |segment: &str| -> Result<TypeNumber, Reply> {
            let resolved = self.types.resolve(segment);
            resolved.map_err(|unknown| refusals::unknown_type(&unknown, form, correlation))
        };
        let (from_type, to_type) = (type_of(from_type)?, type_of(to_type)?);
        let BatchRequest { inputs } = refusals::parse_body(call.request.body, correlation)?;
        let max = self.settings.batch_limit;
        if inputs.is_empty() || inputs.len() > max {
            let given = inputs.len();
            let message = format!("inputs must number 1 to {max}, but there are {given}");
            return Err(refusals::validation(&message, correlation));
        }
        let id_of = |id: &str| {
            RecordId::parse(id).ok_or_else(|| refusals::invalid_identifier(id, correlation))
        };
        let links = inputs
            .iter()
            .map(|input| {
                Ok(Link {
                    from_type,
                    from: id_of(&input.from.id)?,
                    to_type,
                    to: id_of(&input.to.id)?,
                })
            })
            .collect::<Result<Vec<Link>, Reply>>()?;
        Ok((inputs, links))
    }

    /// Ids that name a fault take precedence; a batch without any may draw one, for one of its pairs.
    fn batch_fault(&self, call: &Call<'_>, inputs: &[Input], before: &[u32]) -> BatchFault {
        let mut bad = Vec::new();
        let mut any_named = false;
        for (index, (input, before)) in inputs.iter().zip(before).enumerate() {
            for (side, id) in [(Side::From, &input.from.id), (Side::To, &input.to.id)] {
                any_named |= names_a_fault(id);
                match fault_of_id(id, *before) {
                    Some(Fault::Missing | Fault::MissingOldForm) => bad.push((index, side)),
                    Some(fault) => return BatchFault::Whole(fault, (index, side)),
                    None => {}
                }
            }
        }
        let asked_before = before.iter().copied().max().unwrap_or_default();
        if !any_named && let Some((fault, from)) = self.drawn_fault(call, asked_before) {
            let index = usize::try_from(call.subject).unwrap_or_default() % inputs.len();
            let culprit = (index, if from { Side::From } else { Side::To });
            if !matches!(fault, Fault::Missing | Fault::MissingOldForm) {
                return BatchFault::Whole(fault, culprit);
            }
            bad.push(culprit);
        }
        BatchFault::Bad(bad)
    }
}

fn is_bad(culprits: &[(usize, Side)], index: usize) -> bool {
    // Found in the order of the inputs, so they are already sorted.
    culprits
        .binary_search_by_key(&index, |(culprit, _)| *culprit)
        .is_ok()
}

/// The reply to a batch with invalid pairs, and whether nothing was associated.
fn answer_with_bad(context: &FaultContext<'_>) -> (Reply, bool) {
    let good: Vec<Pair<'_>> = context
        .pairs
        .iter()
        .enumerate()
        .filter(|(index, _)| !is_bad(context.culprits, *index))
        .map(|(_, pair)| *pair)
        .collect();
    let results = bodies::results(&good, Directions::Usual);
    let mut body = bodies::complete(&results, context.span);
    if context.culprits.is_empty() {
        return (Reply::json(200, &body), false);
    }
    let status = match context.settings.batch_errors {
        BatchErrors::Listed | BatchErrors::ListedUnnamed => 207,
        BatchErrors::ListedWithOk => 200,
        BatchErrors::LeftOut => return (Reply::json(200, &body), false),
        way @ (BatchErrors::Named | BatchErrors::NamedFirst) => {
            let mut culprits = odd_responses::culprits(context);
            if way == BatchErrors::NamedFirst {
                culprits.truncate(1);
            }
            let reply = refusals::invalid_object_ids(&culprits, false, context.correlation);
            return (reply, true);
        }
        BatchErrors::Unnamed => return (refusals::associations_invalid(context.correlation), true),
    };
    let mut errors = odd_responses::errors(context);
    if context.settings.batch_errors == BatchErrors::ListedUnnamed {
        for error in &mut errors {
            error["message"] = json!("A record does not exist");
            error["context"] = json!({});
            if context.settings.bodies == BodyForm::Schema {
                error["errors"] = json!([]);
            }
        }
    }
    let fields = bodies::with_errors(&errors, context.span, context.settings.bodies);
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    (Reply::json(status, &body), false)
}
