//! The body of the call that removes links. Pure.

use std::collections::HashMap;

use serde::Serialize;

use crate::domain::pair::RecordId;

/// The body of the call for these pairs. Those with the same first record share an input.
pub(super) fn body<'r>(pairs: impl Iterator<Item = (&'r RecordId, &'r RecordId)>) -> Vec<u8> {
    let mut places: HashMap<RecordId, usize> = HashMap::new();
    let mut inputs: Vec<Input<'r>> = Vec::new();
    for (from, to) in pairs {
        let place = *places.entry(*from).or_insert(inputs.len());
        if place == inputs.len() {
            inputs.push(Input {
                from: Id::of(from),
                to: Vec::new(),
            });
        }
        inputs[place].to.push(Id::of(to));
    }
    // Texts can always be serialized.
    serde_json::to_vec(&Inputs { inputs }).unwrap_or_default()
}

#[derive(Serialize)]
struct Inputs<'r> {
    inputs: Vec<Input<'r>>,
}

#[derive(Serialize)]
struct Input<'r> {
    from: Id<'r>,
    to: Vec<Id<'r>>,
}

#[derive(Serialize)]
struct Id<'r> {
    id: &'r str,
}

impl<'r> Id<'r> {
    fn of(id: &'r RecordId) -> Self {
        Self { id: id.as_str() }
    }
}
