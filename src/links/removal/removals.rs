//! The rows whose links, or labels of links, are being removed, and the requests that remove them. Pure: the caller sends the
//! requests and passes the time.
//!
//! The maximum number of pairs in a call is not documented. At least one client stops at 100, so that is where this one
//! starts; where HubSpot refuses a request for its size, all later ones are smaller.
//!
//! A request that HubSpot refuses without naming a pair is divided until the pair is found. Most replies name no pair at all
//! (204 without a body), so no result proves that a link is gone: the caller reads every pair again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::api::link_body::labels_to_archive;
use crate::api::link_call::{LinkCall, LinkRoute};
use crate::api::response::body::Body;
use crate::api::response::envelope::Envelope;
use crate::domain::label_set::LabelSet;
use crate::domain::outcome::Details;
use crate::domain::pair::{Pair, RecordId};
use crate::links::after_reply::AfterReply;
use crate::links::removal::body::body;
use crate::links::removal::removal_request::{GroupKey, Removal};
use crate::links::request_queue::RequestQueue;
use crate::links::slab::Slab;
use crate::verdict::batch::error_matching::ErrorMatches;
use crate::verdict::batch::input_limit::max_inputs_of;
use crate::verdict::confirm::has_errors;
use crate::verdict::describe::describe_named;

/// Maximum number of pairs in the first requests.
const MAX_PAIRS: usize = 100;

/// The result of a removal, as its reply has it.
pub(crate) type Removed = Result<(), Arc<Details>>;

#[derive(Debug)]
struct WaitingRow<R> {
    row: R,
    from: RecordId,
    to: RecordId,
    /// The labels that are removed; `None` if the link is.
    labels: Option<LabelSet>,
}

/// Pairs for the next request.
#[derive(Debug, Default)]
struct Group {
    rows: Vec<u32>,
    /// The ids of its pairs. A request has no pair twice: errors would not say which is meant.
    pairs: HashSet<[u128; 2]>,
}

/// The removals of a run. `R` is a row.
#[derive(Debug)]
pub(crate) struct Removals<R> {
    rows: Slab<WaitingRow<R>>,
    groups: HashMap<GroupKey, Group>,
    requests: RequestQueue<Removal>,
    /// Maximum number of pairs in a request.
    max_pairs: usize,
    done: VecDeque<(R, Removed)>,
}

impl<R> Removals<R> {
    pub(crate) fn new() -> Self {
        Self {
            rows: Slab::default(),
            groups: HashMap::new(),
            requests: RequestQueue::default(),
            max_pairs: MAX_PAIRS,
            done: VecDeque::new(),
        }
    }

    /// Adds a row whose link is to be removed, or only these labels of it.
    pub(crate) fn push(&mut self, row: R, pair: &Pair, labels: Option<LabelSet>) {
        let Pair { from, to } = pair;
        let key = GroupKey {
            from_type: from.object_type.clone(),
            to_type: to.object_type.clone(),
            is_for_labels: labels.is_some(),
        };
        let ids = [from.id.number(), to.id.number()];
        let group = self.groups.entry(key.clone()).or_default();
        if group.pairs.contains(&ids) {
            let full = std::mem::take(group);
            self.requests.push(Removal::new(key.clone(), full.rows));
        }
        group.pairs.insert(ids);
        group.rows.push(self.rows.insert(WaitingRow {
            row,
            from: from.id,
            to: to.id,
            labels,
        }));
        if group.rows.len() >= self.max_pairs {
            let full = std::mem::take(group);
            self.requests.push(Removal::new(key, full.rows));
        }
    }

    /// Makes requests of the groups that are not full.
    pub(crate) fn flush(&mut self) {
        for (key, group) in self.groups.drain() {
            if !group.rows.is_empty() {
                self.requests.push(Removal::new(key, group.rows));
            }
        }
    }

    /// Whether a request can be sent now.
    pub(crate) fn is_ready(&self) -> bool {
        self.requests.is_ready()
    }

    /// Takes the next request.
    pub(crate) fn pop_request(&mut self) -> Option<Removal> {
        let request = self.requests.pop()?;
        if request.pairs() <= self.max_pairs {
            return Some(request);
        }
        self.divide(request, self.max_pairs);
        self.requests.pop()
    }

    /// The call of a request.
    pub(crate) fn call(&self, request: &Removal) -> LinkCall {
        let key = &request.key;
        let places = request.rows.iter();
        let rows = places.filter_map(|&place| self.rows.get(place));
        let (route, body) = if key.is_for_labels {
            let labelled =
                rows.filter_map(|row| Some((key.pair(row.from, row.to), row.labels.as_ref()?)));
            let labelled: Vec<(Pair, &LabelSet)> = labelled.collect();
            let types = labelled
                .iter()
                .map(|(pair, labels)| (pair, labels.iter().as_slice()));
            (LinkRoute::ArchiveLabels, labels_to_archive(types))
        } else {
            let body = body(rows.map(|row| (&row.from, &row.to)));
            (LinkRoute::Archive, body)
        };
        LinkCall {
            from_type: key.from_type.clone(),
            to_type: key.to_type.clone(),
            route,
            body,
        }
    }

    /// Reads the reply to a request.
    pub(crate) fn reply(
        &mut self,
        request: Removal,
        status: u16,
        body: &[u8],
    ) -> AfterReply<Removal> {
        let is_success = (200..=299).contains(&status);
        let envelope = match Body::parse(body) {
            Body::Empty if is_success => {
                self.finish(&request.rows, &Ok(()));
                return AfterReply::Stored;
            }
            Body::Json(envelope) => envelope,
            _ if is_success => {
                let why = "the reply to the removal is not JSON of the HubSpot API";
                return AfterReply::Unreadable { request, why };
            }
            _ => return AfterReply::ByStatus(request),
        };
        let is_pending = matches!(
            envelope.status.as_deref(),
            Some("PENDING" | "PROCESSING" | "CANCELED" | "CANCELLED")
        );
        if is_success && is_pending && !has_errors(&envelope) {
            let why = "the reply to the removal has a status other than COMPLETE";
            return AfterReply::Unreadable { request, why };
        }
        if !is_success && !matches!(status, 400 | 404 | 422) {
            return AfterReply::ByStatus(request);
        }
        let named = self.named(&request, status, &envelope);
        if !is_success && named.is_empty() {
            return AfterReply::ByStatus(request);
        }
        let Removal { key, rows, .. } = request;
        let (bad, rest): (Vec<u32>, Vec<u32>) = rows
            .into_iter()
            .partition(|place| named.contains_key(place));
        for place in bad {
            if let Some(details) = named.get(&place) {
                self.finish(&[place], &Err(Arc::clone(details)));
            }
        }
        if is_success {
            self.finish(&rest, &Ok(()));
        } else if !rest.is_empty() {
            self.requests.push_first(Removal::new(key, rest));
        }
        AfterReply::Stored
    }

    /// Divides a request that the API refuses: into smaller ones from now on if it is too long, else to find the pair that it
    /// refuses. A single pair fails.
    pub(crate) fn refused(&mut self, request: Removal, details: &Details) {
        let pairs = request.pairs();
        let status = details.http_status.unwrap_or_default();
        if pairs < 2 {
            self.finish(&request.rows, &Err(Arc::new(details.clone())));
        } else if let Some(max) = max_inputs_of(status, &details.message, pairs) {
            self.max_pairs = self.max_pairs.min(max);
            self.divide(request, max);
        } else {
            self.divide(request, pairs.div_ceil(2));
        }
    }

    /// Sends a request again after a delay.
    pub(crate) fn retry(&mut self, request: Removal, after: Duration, now: Instant) {
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

    /// Gives up a request. Its links may be removed all the same.
    pub(crate) fn fail(&mut self, request: &Removal, details: &Arc<Details>) {
        self.finish(&request.rows, &Err(Arc::clone(details)));
    }

    /// Takes a row whose removal has ended. Rows leave in any order.
    pub(crate) fn pop_row(&mut self) -> Option<(R, Removed)> {
        self.done.pop_front()
    }

    /// The number of rows that wait, or are ready to leave.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.done.len()
    }

    fn divide(&mut self, request: Removal, size: usize) {
        for part in request.parts(size).into_iter().rev() {
            self.requests.push_first(part);
        }
    }

    fn finish(&mut self, places: &[u32], result: &Removed) {
        for &place in places {
            if let Some(waiting) = self.rows.remove(place) {
                self.done.push_back((waiting.row, result.clone()));
            }
        }
    }

    /// The pairs that the errors of a reply name, by the places of their rows, with what the errors say about them.
    fn named(
        &self,
        request: &Removal,
        status: u16,
        envelope: &Envelope,
    ) -> HashMap<u32, Arc<Details>> {
        let rows = request.rows.iter();
        let known = rows.filter_map(|&place| Some((place, self.rows.get(place)?)));
        let (places, pairs): (Vec<u32>, Vec<Pair>) = known
            .map(|(place, row)| (place, request.key.pair(row.from, row.to)))
            .unzip();
        let pairs: Vec<&Pair> = pairs.iter().collect();
        let errors = ErrorMatches::of(envelope, &pairs);
        let base = Details {
            http_status: Some(status),
            batch_status: envelope.status.clone().filter(|_| status < 300),
            correlation_id: envelope.correlation_id.clone(),
            ..Details::default()
        };
        let category = envelope.top.category.as_deref();
        let mut named = HashMap::new();
        for (index, (place, pair)) in places.into_iter().zip(pairs).enumerate() {
            let about = errors.errors_about(index, pair);
            if !about.is_empty() {
                let details = describe_named(&base, &about, category);
                named.insert(place, Arc::new(details));
            }
        }
        named
    }
}
