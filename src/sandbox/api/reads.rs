//! What all calls that read have in common: types, scopes, and faults.

use serde_json::Value;

use crate::sandbox::api::refusals;
use crate::sandbox::api::refusals::{ScopesForm, WRITE_SCOPES};
use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::object_types;
use crate::sandbox::data::object_types::TypeNumber;
use crate::sandbox::faults::effect::{Action, FaultContext, OwnBody};
use crate::sandbox::faults::fault::Fault;
use crate::sandbox::faults::random::Purpose;
use crate::sandbox::faults::table::{fault_of_reading, names_a_read_fault};
use crate::sandbox::faults::{odd_responses, random};
use crate::sandbox::http::reply::Reply;
use crate::sandbox::state::world::{Call, World};

impl World {
    /// The types of a call, or the refusal of one. Types are resolved before scopes are checked.
    pub(crate) fn readable_types<const N: usize>(
        &mut self,
        call: &Call<'_>,
        segments: [&str; N],
    ) -> Result<[TypeNumber; N], Reply> {
        let correlation = &call.correlation;
        let form = self.settings.bodies;
        let mut types = Vec::with_capacity(N);
        for segment in segments {
            let resolved = self.types.resolve(segment);
            types.push(
                resolved.map_err(|unknown| refusals::unknown_type(&unknown, form, correlation))?,
            );
        }
        if self.settings.missing_scopes || self.settings.reads.missing_scopes {
            let names = types.iter().map(|number| self.types.name(*number));
            let mut scopes: Vec<String> = names.map(read_scope).collect();
            // Any scope of the types suffices for calls about associations; those for writing are listed if all lack.
            if N == 2 && self.settings.missing_scopes {
                scopes = WRITE_SCOPES.map(str::to_owned).to_vec();
            }
            scopes.dedup();
            let form = ScopesForm::Granular;
            return Err(refusals::missing_scopes(form, &scopes, correlation));
        }
        types
            .try_into()
            .map_err(|_| refusals::bare(500, "internal error", correlation))
    }

    /// The reply with this status and body, unless one of the records or a draw brings a fault.
    pub(crate) fn read_reply(
        &mut self,
        call: &Call<'_>,
        records: impl IntoIterator<Item = RecordId>,
        status: u16,
        body: &Value,
    ) -> Action {
        let fault = self.named_read_fault(records).or_else(|| {
            let faults = &self.settings.reads.faults;
            let draw = || {
                let seed = self.settings.seed;
                random::generator(seed, Purpose::Fault, call.subject, call.nth).f64()
            };
            (!faults.is_empty())
                .then(draw)
                .and_then(|draw| faults.at(draw))
        });
        let Some(fault) = fault.filter(|fault| fault.applies_to_reads()) else {
            return Action::Answer(Reply::json(status, body));
        };
        let context = FaultContext {
            pairs: &[],
            culprits: &[],
            span: &call.span,
            correlation: &call.correlation,
            settings: &self.settings,
            wall: self.clock.wall(call.now),
            own: Some(OwnBody::of(body)),
        };
        odd_responses::build_response(fault, &context).1
    }

    /// The first fault that a record's id names. Counts one read of every such record.
    fn named_read_fault(&mut self, records: impl IntoIterator<Item = RecordId>) -> Option<Fault> {
        let mut first = None;
        for record in records {
            let id = record.value().to_string();
            if !names_a_read_fault(&id) {
                continue;
            }
            let before = self.faulty_reads.entry(record).or_default();
            first = first.or(fault_of_reading(&id, *before));
            *before = before.saturating_add(1);
        }
        first
    }
}

/// The scope to read records of a type, given by its singular name.
fn read_scope(type_name: &str) -> String {
    match type_name {
        "ticket" => "tickets".to_owned(),
        name if object_types::is_custom(name) => "crm.objects.custom.read".to_owned(),
        name => format!("crm.objects.{}.read", object_types::plural(name)),
    }
}
