//! Reads the reply to a batch read of records by their ids. Pure.
//!
//! | a record that was asked for | its state |
//! |---|---|
//! | has a result of its own | exists |
//! | is among the merged ids of a result | merged into the record of that result |
//! | is named by an error `OBJECT_NOT_FOUND` | deleted |
//! | is named by another error | unknown |
//! | is the only one left, and one result of another id is left | merged into the record of that result |
//! | is the only one in the request, and there is no other error | deleted |
//! | any other | open: to be asked for again with fewer others |
//!
//! A merged record answers with the record that it was merged into, and without an error. Where that one is in the same
//! request, both have a single result: so a record that has neither a result nor an error proves nothing, until it is alone.
//! (<https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/batch/post-crm-v3-objects-contacts-batch-read>)

use std::collections::HashMap;

use crate::domain::cause::refuses_type;
use crate::domain::pair::RecordId;
use crate::domain::proof::RecordState;
use crate::lookup::reply::refusal::{Common, is_not_found, refused_for_all};
use crate::lookup::reply::wire::{WireError, WireRecord, WireReply, read_body};

/// The property with the ids of the records that were merged into a record, separated by `;`.
pub(crate) const MERGED_IDS: &str = "hs_merged_object_ids";

/// What a reply means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecordReply {
    /// The state of each record, in the order of the request; `None` if it is open.
    Records(Vec<Option<RecordState>>),
    /// The type has no property [`MERGED_IDS`].
    WithoutMergedIds,
    /// A 2xx that cannot be read: why.
    Unreadable(&'static str),
    /// The status alone decides, by the same rules as for other requests.
    ByStatus,
}

impl RecordReply {
    const NOT_JSON: Self =
        Self::Unreadable("the reply to the read of records is not JSON of the HubSpot API");
}

/// Reads the reply to the request for the records with these numbers, which are distinct.
pub(crate) fn read(asked: &[u128], status: u16, body: &[u8]) -> RecordReply {
    let is_success = (200..=299).contains(&status);
    if !is_success && !matches!(status, 400 | 404) {
        return RecordReply::ByStatus;
    }
    let read = read_body(body, |reply| {
        let mut open = States::new(asked);
        if is_success {
            open.read_success(reply)
        } else {
            open.read_refusal(status, reply)
        }
    });
    match read {
        Some(reply) => reply,
        None if is_success => RecordReply::NOT_JSON,
        None => RecordReply::ByStatus,
    }
}

struct States {
    /// The place of each number in the request.
    places: HashMap<u128, usize>,
    states: Vec<Option<RecordState>>,
}

impl States {
    fn new(asked: &[u128]) -> Self {
        Self {
            places: asked.iter().copied().zip(0..).collect(),
            states: vec![None; asked.len()],
        }
    }

    fn read_success(&mut self, mut reply: WireReply<'_>) -> RecordReply {
        if reply.is_incomplete() {
            let why = "the reply to the read of records has a status other than COMPLETE";
            return RecordReply::Unreadable(why);
        }
        let errors = reply.take_errors();
        if reply.results.is_none() && errors.is_empty() {
            return RecordReply::NOT_JSON;
        }
        let mut others = Vec::new();
        let results = reply.results.unwrap_or_default();
        for record in &results {
            let Some(id) = RecordId::new(record.id_text().trim()) else {
                let why = "the reply to the read of records has a record without a usable id";
                return RecordReply::Unreadable(why);
            };
            match self.places.get(&id.number()) {
                Some(&place) if record.is_archived() => {
                    self.states[place] = Some(RecordState::Deleted);
                }
                Some(&place) => self.states[place] = Some(RecordState::Exists),
                None if record.is_archived() => {}
                None => others.push(id),
            }
        }
        self.read_errors(&errors);
        for record in results.iter().filter(|record| !record.is_archived()) {
            self.read_merged(record, &mut others);
        }
        self.read_rest(&errors, &others)
    }

    /// The records that the errors name. An error inside another one has the category of that one.
    fn read_errors(&mut self, errors: &[WireError<'_>]) {
        for error in errors {
            let each = error.each();
            let state = if each.iter().any(|error| is_not_found(error)) {
                RecordState::Deleted
            } else {
                RecordState::Unknown
            };
            for value in each.iter().flat_map(|error| error.named()) {
                let place = RecordId::new(value.trim()).and_then(|id| self.place(&id));
                if let Some(place) = place {
                    self.states[place].get_or_insert(state);
                }
            }
        }
    }

    /// The records that were merged into that of a result. If there are any, it is no longer one of `others`.
    fn read_merged(&mut self, record: &WireRecord<'_>, others: &mut Vec<RecordId>) {
        let Some(survivor) = RecordId::new(record.id_text().trim()) else {
            return;
        };
        for merged in merged_ids(record) {
            let Some(place) = self.place(&merged) else {
                continue;
            };
            others.retain(|other| other.number() != survivor.number());
            let state = &mut self.states[place];
            let is_merged = matches!(state, Some(RecordState::MergedInto(_)));
            if *state != Some(RecordState::Exists) && !is_merged {
                *state = Some(RecordState::MergedInto(survivor));
            }
        }
    }

    /// The records that neither a result nor an error names. `others` are the results of other ids.
    fn read_rest(&mut self, errors: &[WireError<'_>], others: &[RecordId]) -> RecordReply {
        let is_alone = self.states.len() == 1;
        let mut open = self.states.iter_mut().filter(|state| state.is_none());
        if let (Some(state), None) = (open.next(), open.next()) {
            let is_missing = |error: &WireError<'_>| error.each().into_iter().any(is_not_found);
            match others {
                [survivor] => *state = Some(RecordState::MergedInto(*survivor)),
                [] if is_alone && errors.iter().all(is_missing) => {
                    *state = Some(RecordState::Deleted);
                }
                [] if is_alone => *state = Some(RecordState::Unknown),
                _ if is_alone => {
                    let why = "the reply to the read of a record has several others";
                    return RecordReply::Unreadable(why);
                }
                _ => {}
            }
        }
        RecordReply::Records(std::mem::take(&mut self.states))
    }

    fn read_refusal(&mut self, status: u16, mut reply: WireReply<'_>) -> RecordReply {
        let errors = reply.take_errors();
        let each: Vec<&WireError<'_>> = errors.iter().flat_map(WireError::each).collect();
        let message = |error: &WireError<'_>| {
            let message = error.message.as_ref();
            message.is_some_and(|message| refuses_type(&message.0))
        };
        if each.iter().any(|error| message(error)) {
            return RecordReply::ByStatus;
        }
        if refused_for_all(&errors, MERGED_IDS) == Some(Common::UnknownProperty) {
            return RecordReply::WithoutMergedIds;
        }
        let is_missing = each.iter().any(|error| is_not_found(error));
        if status == 404 && !is_missing {
            // The path is not known: wrong base URL, or no such type.
            return RecordReply::ByStatus;
        }
        self.read_errors(&errors);
        if let [state @ None] = self.states.as_mut_slice()
            && is_missing
        {
            *state = Some(RecordState::Deleted);
        }
        let is_open = self.states.iter().all(Option::is_none);
        if is_open && !is_missing {
            return RecordReply::ByStatus;
        }
        RecordReply::Records(std::mem::take(&mut self.states))
    }

    fn place(&self, id: &RecordId) -> Option<usize> {
        self.places.get(&id.number()).copied()
    }
}

/// The records that were merged into that of a result; none if the value is not a list of ids.
fn merged_ids(record: &WireRecord<'_>) -> Vec<RecordId> {
    let Some(list) = record.property(MERGED_IDS) else {
        return Vec::new();
    };
    let ids = list.split(';').map(str::trim).filter(|id| !id.is_empty());
    let ids: Option<Vec<RecordId>> = ids.map(RecordId::new).collect();
    ids.unwrap_or_default()
}
