//! The batch calls that associate several pairs of two types, with or without labels.
//!
//! How HubSpot replies when some pairs are invalid is not established; the settings choose among the plausible forms.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::api::bodies::{Directions, Pair, Record, Side, Span};
use crate::sandbox::api::labels::{TypeReference, labelled_result, types_of, write_of};
use crate::sandbox::api::{bodies, refusals};
use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::labels::AssociationType;
use crate::sandbox::data::object_types::{ObjectTypes, TypeNumber};
use crate::sandbox::faults::effect::{Action, FaultContext, OwnBody};
use crate::sandbox::faults::fault::Fault;
use crate::sandbox::faults::odd_responses;
use crate::sandbox::faults::table::{fault_of_id, names_a_fault};
use crate::sandbox::http::reply::Reply;
use crate::sandbox::settings::{BatchErrors, BodyForm, SandboxSettings};
use crate::sandbox::state::associating::Write;
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
    #[serde(default)]
    types: Vec<TypeReference>,
}

#[derive(Deserialize)]
struct Reference {
    id: String,
}

/// Which of the two batch calls that associate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Default,
    Labelled,
}

/// A valid request: its inputs, what each writes, and the types of each.
struct Batch {
    kind: Kind,
    inputs: Vec<Input>,
    writes: Vec<(Link, Write)>,
    types: Vec<Vec<AssociationType>>,
}

/// A problem in a batch.
enum BatchFault {
    /// A fault of the whole reply, for these records.
    Whole(Fault, (usize, Side)),
    /// Records that do not exist.
    Bad(Vec<(usize, Side)>),
}

impl Batch {
    fn pairs<'a>(&'a self, types: &'a ObjectTypes) -> Vec<Pair<'a>> {
        let record = |object_type, id| Record {
            type_name: types.name(object_type),
            id,
        };
        self.inputs
            .iter()
            .zip(&self.writes)
            .map(|(input, (link, _))| Pair {
                from: record(link.from_type, &input.from.id),
                to: record(link.to_type, &input.to.id),
            })
            .collect()
    }

    /// The body if these pairs are associated, without errors.
    fn success(
        &self,
        pairs: &[Pair<'_>],
        good: &[usize],
        settings: &SandboxSettings,
        span: &Span,
    ) -> Value {
        let results = match self.kind {
            Kind::Default => {
                let pairs: Vec<Pair<'_>> = good.iter().map(|index| pairs[*index]).collect();
                bodies::results(&pairs, Directions::Usual)
            }
            // A write without types does nothing, and is no error.
            Kind::Labelled => good
                .iter()
                .filter(|index| !self.types[**index].is_empty())
                .map(|index| labelled_result(pairs[*index], &self.types[*index], settings.bodies))
                .collect(),
        };
        bodies::complete(&results, span)
    }
}

impl World {
    /// Associates several pairs, unless a fault applies.
    pub(crate) fn batch_call(&mut self, call: &Call<'_>, types: [&str; 2], kind: Kind) -> Action {
        let batch = match self.read_batch(call, types, kind) {
            Ok(batch) => batch,
            Err(refusal) => return Action::Answer(refusal),
        };
        let links = batch.writes.iter().map(|(link, _)| *link);
        let before: Vec<u32> = links.map(|link| self.store.admit(link)).collect();
        let fault = self.batch_fault(call, &batch, &before);
        let (culprits, whole) = match fault {
            BatchFault::Whole(fault, culprit) => (vec![culprit], Some(fault)),
            BatchFault::Bad(bad) => (bad, None),
        };
        let pairs = batch.pairs(&self.types);
        let good: Vec<usize> = (0..pairs.len())
            .filter(|index| whole.is_some() || !is_bad(&culprits, *index))
            .collect();
        let success = batch.success(&pairs, &good, &self.settings, &call.span);
        let context = FaultContext {
            pairs: &pairs,
            culprits: &culprits,
            span: &call.span,
            correlation: &call.correlation,
            settings: &self.settings,
            wall: self.clock.wall(call.now),
            own: (kind == Kind::Labelled).then(|| OwnBody::of(&success)),
        };
        if let Some(fault) = whole {
            let (effect, action) = odd_responses::build_response(fault, &context);
            self.take_effect(&effect, &batch.writes, &culprits);
            return action;
        }
        let ok = match kind {
            Kind::Default => 200,
            Kind::Labelled => 201,
        };
        let (reply, all_refused) = answer_with_bad(&context, success.clone(), ok);
        if !all_refused {
            for index in good {
                let (link, write) = batch.writes[index];
                self.associate(link, write);
            }
        }
        Action::Answer(reply)
    }

    fn read_batch(
        &mut self,
        call: &Call<'_>,
        [from_type, to_type]: [&str; 2],
        kind: Kind,
    ) -> Result<Batch, Reply> {
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
        let mut batch = Batch {
            kind,
            writes: Vec::with_capacity(inputs.len()),
            types: Vec::new(),
            inputs,
        };
        for input in &batch.inputs {
            let link = Link {
                from_type,
                from: id_of(&input.from.id)?,
                to_type,
                to: id_of(&input.to.id)?,
            };
            batch.writes.push((link, Write::Unlabelled));
        }
        if kind == Kind::Labelled {
            let pairs = batch.pairs(&self.types);
            let types = pairs.iter().zip(&batch.inputs);
            let types = types.map(|(pair, input)| types_of(*pair, &input.types, correlation));
            batch.types = types.collect::<Result<_, Reply>>()?;
            for ((_, write), types) in batch.writes.iter_mut().zip(&batch.types) {
                *write = write_of(types);
            }
        }
        Ok(batch)
    }

    /// Ids that name a fault take precedence; a batch without any may draw one, for one of its pairs.
    fn batch_fault(&self, call: &Call<'_>, batch: &Batch, before: &[u32]) -> BatchFault {
        let inputs = &batch.inputs;
        let mut bad = Vec::new();
        let mut any_named = false;
        for (index, (input, before)) in inputs.iter().zip(before).enumerate() {
            let (link, _) = batch.writes[index];
            for (side, id) in [(Side::From, &input.from.id), (Side::To, &input.to.id)] {
                if self.is_removed(link, side) {
                    bad.push((index, side));
                    continue;
                }
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

/// The reply to a batch with invalid pairs, around the body of the valid ones, and whether nothing was associated.
fn answer_with_bad(context: &FaultContext<'_>, mut body: Value, ok: u16) -> (Reply, bool) {
    if context.culprits.is_empty() {
        return (Reply::json(ok, &body), false);
    }
    let status = match context.settings.batch_errors {
        BatchErrors::Listed | BatchErrors::ListedUnnamed => 207,
        BatchErrors::ListedWithOk => 200,
        BatchErrors::LeftOut => return (Reply::json(ok, &body), false),
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
    bodies::extend(&mut body, fields);
    (Reply::json(status, &body), false)
}
