//! The call that associates two records.

use crate::sandbox::api::bodies::{Directions, Pair, Record, Side};
use crate::sandbox::api::{bodies, refusals};
use crate::sandbox::data::ids::RecordId;
use crate::sandbox::faults::effect::{Action, Effect, FaultContext};
use crate::sandbox::faults::fault::Fault;
use crate::sandbox::faults::random::Purpose;
use crate::sandbox::faults::table::{fault_of_id, names_a_fault};
use crate::sandbox::faults::{odd_responses, random};
use crate::sandbox::http::reply::Reply;
use crate::sandbox::state::associating::Write;
use crate::sandbox::state::store::Link;
use crate::sandbox::state::world::{Call, World};

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
        let Some((fault, sides)) = self.fault_for(call, link, pair, before) else {
            let results = bodies::results(&[pair], Directions::Usual);
            let body = bodies::complete(&results, &call.span);
            self.associate(link, Write::Unlabelled);
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
                own: None,
            },
        );
        self.take_effect(&effect, &[(link, Write::Unlabelled)], &culprits);
        action
    }

    pub(crate) fn read_link(
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

    /// Whether the record at this side was deleted or merged by a call about the sandbox.
    pub(crate) fn is_removed(&self, link: Link, side: Side) -> bool {
        match side {
            Side::From => self.directory.is_removed(link.from_type, link.from),
            Side::To => self.directory.is_removed(link.to_type, link.to),
        }
    }

    /// The fault for a pair, and the affected sides. A pair with an id that names a fault draws none, so that such ids
    /// have exactly the named effect.
    pub(crate) fn fault_for(
        &self,
        call: &Call<'_>,
        link: Link,
        pair: Pair<'_>,
        before: u32,
    ) -> Option<(Fault, Vec<Side>)> {
        let sides = [Side::From, Side::To];
        let removed: Vec<Side> = sides
            .into_iter()
            .filter(|side| self.is_removed(link, *side))
            .collect();
        if !removed.is_empty() {
            return Some((Fault::Missing, removed));
        }
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
        writes: &[(Link, Write)],
        culprits: &[(usize, Side)],
    ) {
        if *effect == Effect::Nothing {
            return;
        }
        for (index, (link, write)) in writes.iter().enumerate() {
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
            self.associate(link, *write);
        }
    }
}
