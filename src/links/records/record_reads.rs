//! The rows whose records are being asked for, and the requests that ask. Pure: the caller sends the requests and passes the
//! time.
//!
//! A record is asked for once, however many rows have it: again only where a reply leaves it open, or after many others. A
//! record that has a link in a reply exists, and is not asked for at all.

mod replies;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::api::lookup_call::{LookupCall, Route};
use crate::domain::pair::{ObjectType, Pair, Record};
use crate::domain::proof::RecordState;
use crate::links::records::record_read::RecordRead;
use crate::links::records::reply::MERGED_IDS;
use crate::links::records::states::{RecordKey, RecordStates, TypeNumber};
use crate::links::request_queue::RequestQueue;
use crate::links::slab::Slab;

/// Maximum number of records in a request
/// (<https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/batch/post-crm-v3-objects-contacts-batch-read>).
const MAX_RECORDS: usize = 100;

/// A type is not asked for any more after the API has refused this many of its records, each alone, and has read none.
const MAX_REFUSED: u32 = 3;

/// A row and its states as far as they are known.
#[derive(Debug)]
struct WaitingRow<R> {
    row: R,
    states: [RecordState; 2],
    /// For each side, the next row that waits for the same record.
    next: [Option<Waiter>; 2],
    /// The number of records that are not known.
    open: u8,
}

/// The side of a row that waits for a record.
#[derive(Clone, Copy, Debug)]
struct Waiter(u32);

impl Waiter {
    fn new(place: u32, side: usize) -> Self {
        Self((place << 1) | u32::from(side == 1))
    }

    fn place(self) -> u32 {
        self.0 >> 1
    }

    fn side(self) -> usize {
        usize::from(self.0 & 1 == 1)
    }
}

/// A type of records.
#[derive(Debug)]
struct TypeState {
    object_type: ObjectType,
    /// Records for the next request.
    group: Vec<RecordKey>,
    has_merged_ids: bool,
    is_read: bool,
    refused: u32,
}

impl TypeState {
    fn is_refused(&self) -> bool {
        !self.is_read && self.refused >= MAX_REFUSED
    }
}

/// The reads of records of a run. `R` is a row.
#[derive(Debug)]
pub(crate) struct RecordReads<R> {
    types: Vec<TypeState>,
    states: RecordStates,
    /// The records that are in a group or a request, each with the last row that waits for it.
    open: HashMap<RecordKey, Waiter>,
    rows: Slab<WaitingRow<R>>,
    requests: RequestQueue<RecordRead>,
    done: VecDeque<(R, [RecordState; 2])>,
}

impl<R> RecordReads<R> {
    pub(crate) fn new() -> Self {
        Self::with_states(RecordStates::new())
    }

    pub(super) fn with_states(states: RecordStates) -> Self {
        Self {
            types: Vec::new(),
            states,
            open: HashMap::new(),
            rows: Slab::default(),
            requests: RequestQueue::default(),
            done: VecDeque::new(),
        }
    }

    /// Adds a row. `seen` says which records of its pair are known to exist, in the order of the pair.
    pub(crate) fn push(&mut self, row: R, pair: &Pair, seen: [bool; 2]) {
        let place = self.rows.insert(WaitingRow {
            row,
            states: [RecordState::Unknown; 2],
            next: [None; 2],
            open: 1,
        });
        for (side, record) in [&pair.from, &pair.to].into_iter().enumerate() {
            if let Some(key) = self.key(record) {
                self.add(key, Waiter::new(place, side), seen[side]);
            }
        }
        self.settle_one(place);
    }

    fn add(&mut self, key: RecordKey, waiter: Waiter, is_seen: bool) {
        if is_seen {
            self.settle(key, RecordState::Exists);
        }
        let known = self.states.get(key);
        let Some(waiting) = self.rows.get_mut(waiter.place()) else {
            return;
        };
        if let Some(state) = known {
            waiting.states[waiter.side()] = state;
            return;
        }
        let kind = &mut self.types[usize::from(key.object_type())];
        if kind.is_refused() {
            return;
        }
        waiting.open += 1;
        waiting.next[waiter.side()] = self.open.insert(key, waiter);
        if waiting.next[waiter.side()].is_some() {
            return;
        }
        kind.group.push(key);
        if kind.group.len() == MAX_RECORDS {
            self.flush_type(key.object_type());
        }
    }

    /// The key of a record. Spellings of a type name the same records.
    fn key(&mut self, record: &Record) -> Option<RecordKey> {
        let mut types = self.types.iter();
        let is_same = |known: &TypeState| known.object_type.is_same_as(&record.object_type);
        let place = types.position(is_same).unwrap_or_else(|| {
            self.types.push(TypeState {
                object_type: record.object_type.clone(),
                group: Vec::new(),
                has_merged_ids: true,
                is_read: false,
                refused: 0,
            });
            self.types.len() - 1
        });
        let number = TypeNumber::try_from(place).ok()?;
        Some(RecordKey::new(number, &record.id))
    }

    /// Records that no more rows come: makes requests of the groups that are not full.
    pub(crate) fn end_input(&mut self) {
        self.flush();
    }

    /// Makes requests of the groups that are not full.
    pub(crate) fn flush(&mut self) {
        for number in 0..self.types.len() {
            if let Ok(number) = TypeNumber::try_from(number) {
                self.flush_type(number);
            }
        }
    }

    fn flush_type(&mut self, number: TypeNumber) {
        let group = std::mem::take(&mut self.types[usize::from(number)].group);
        if !group.is_empty() {
            self.requests.push(RecordRead::new(number, group));
        }
    }

    /// Whether a request can be sent now.
    pub(crate) fn is_ready(&self) -> bool {
        self.requests.is_ready()
    }

    /// Takes the next request.
    pub(crate) fn pop_request(&mut self) -> Option<RecordRead> {
        let mut request = self.requests.pop()?;
        request.asks_merged_ids = self.kind(&request).has_merged_ids;
        Some(request)
    }

    /// The call of a request.
    pub(crate) fn call(&self, request: &RecordRead) -> LookupCall {
        let inputs = request.records.iter().map(|record| Input {
            id: record.number().to_string(),
        });
        let body = Body {
            inputs: inputs.collect(),
            properties: if request.asks_merged_ids {
                &[MERGED_IDS]
            } else {
                &[]
            },
            properties_with_history: [],
        };
        LookupCall {
            object_type: self.kind(request).object_type.clone(),
            route: Route::BatchRead,
            // Texts can always be serialized.
            body: serde_json::to_vec(&body).unwrap_or_default(),
        }
    }

    fn kind(&self, request: &RecordRead) -> &TypeState {
        &self.types[usize::from(request.object_type)]
    }

    /// Sends a request again after a delay.
    pub(crate) fn retry(&mut self, request: RecordRead, after: Duration, now: Instant) {
        self.requests.push_delayed(request, now + after);
    }

    /// The time of the next scheduled action, for [`Self::advance`].
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.requests.next_due()
    }

    /// Makes the requests ready that have waited long enough.
    pub(crate) fn advance(&mut self, now: Instant) {
        self.requests.release_due(now);
    }

    /// Takes a row whose records have their states, in the order of its pair. Rows leave in any order.
    pub(crate) fn pop_row(&mut self) -> Option<(R, [RecordState; 2])> {
        self.done.pop_front()
    }

    /// The number of rows that wait, or are ready to leave.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.done.len()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'b> {
    inputs: Vec<Input>,
    properties: &'b [&'b str],
    properties_with_history: [&'b str; 0],
}

#[derive(Serialize)]
struct Input {
    id: String,
}
