//! Lookups with two properties, and the records that a server returns.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::lookup_call::Route;
use crate::domain::pair::ObjectType;
use crate::domain::row_keys::MatchKind;
use crate::input::validate::key::read_key::read_key;
use crate::lookup::limits::Limits;
use crate::lookup::lookup_request::{LookupRequest, PropertyNumber};
use crate::lookup::lookups::Lookups;
use crate::lookup::lookups::replies::AfterReply;
use crate::lookup::property::LookupProperty;
use crate::lookup::result::Answer;

/// Lookups of emails by the batch read and of domains by the search.
pub(super) struct Fixture {
    pub(super) lookups: Lookups<u64>,
    pub(super) emails: PropertyNumber,
    pub(super) domains: PropertyNumber,
    pub(super) now: Instant,
}

pub(super) const LIMITS: Limits = Limits {
    rows: 1000,
    ..Limits::USUAL
};

impl Fixture {
    pub(super) fn new(limits: Limits) -> Self {
        let mut lookups = Lookups::new(limits);
        let mut number = |object_type: &str, name: &str, route| {
            let object_type = ObjectType::new(object_type).unwrap();
            let property = LookupProperty::new(object_type, name.into(), route);
            lookups.property_number(&property).unwrap()
        };
        Self {
            emails: number("contacts", "email", Route::BatchRead),
            domains: number("companies", "domain", Route::Search),
            lookups,
            now: Instant::now(),
        }
    }

    /// Adds a row whose first key is this email address or domain.
    pub(super) fn push(&mut self, row: u64, cell: &str) {
        let number = if cell.contains('@') {
            self.emails
        } else {
            self.domains
        };
        let kind = self.lookups.properties[number as usize].property.kind;
        let key = read_key(cell, kind).unwrap();
        let key = self.lookups.add_key(number, &key, self.now);
        self.lookups.push(row, [Some(key), None]);
    }

    pub(super) fn push_all(&mut self, cells: impl IntoIterator<Item = String>) {
        for (row, cell) in (0..).zip(cells) {
            self.push(row, &cell);
        }
    }

    pub(super) fn pop(&mut self, route: Route) -> LookupRequest {
        self.lookups.pop_request(route).unwrap()
    }

    pub(super) fn body(&self, request: &LookupRequest) -> Value {
        serde_json::from_slice(&self.lookups.call(request).body).unwrap()
    }

    pub(super) fn values(&self, request: &LookupRequest) -> usize {
        let body = self.body(request);
        let values = &body["filterGroups"][0]["filters"][0]["values"];
        values.as_array().unwrap().len()
    }

    pub(super) fn reply(&mut self, request: LookupRequest, body: &Value) {
        let after = self
            .lookups
            .reply(request, 200, body.to_string().as_bytes(), self.now);
        assert!(matches!(after, AfterReply::Stored), "{after:?}");
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.lookups.release_due(self.now);
    }

    /// The rows that are ready, with their first answers.
    pub(super) fn rows(&mut self) -> Vec<(u64, Answer)> {
        let rows = std::iter::from_fn(|| self.lookups.pop_row());
        rows.map(|(row, [first, _])| (row, first.unwrap()))
            .collect()
    }
}

pub(super) fn contact(id: u64, email: &str) -> Value {
    json!({"id": id.to_string(), "properties": {"email": email}})
}

pub(super) fn company(id: u64, domain: &str) -> Value {
    json!({"id": id.to_string(), "properties": {"domain": domain}})
}

pub(super) fn found(id: u64, kind: MatchKind) -> Answer {
    Answer::Found { id, kind }
}
