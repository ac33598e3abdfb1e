//! What follows from the replies to the requests of lookups. Pure.

use std::sync::Arc;
use std::time::Instant;

use crate::api::lookup_call::{LookupCall, Route};
use crate::domain::outcome::Details;
use crate::lookup::key_table::{KeyNumber, KeyState, Settled};
use crate::lookup::lookup_request::{AfterPage, LookupRequest};
use crate::lookup::lookups::Lookups;
use crate::lookup::property::LookupProperty;
use crate::lookup::reply::lookup_reply::LookupReply;
use crate::lookup::reply::refusal::Common;
use crate::lookup::reply::{batch_read, search};
use crate::lookup::request;
use crate::lookup::result::KeyResult;

/// What the caller does after a reply.
#[derive(Debug)]
pub(crate) enum AfterReply {
    /// Nothing: the results are stored, and more requests may be ready.
    Stored,
    /// A 2xx that cannot be read: retry the request, or let it fail.
    Unreadable {
        /// The request.
        request: LookupRequest,
        /// What is wrong with the reply.
        why: &'static str,
    },
    /// The API refuses the property or the type: stop the run, or call [`Lookups::refuse`].
    Refused {
        /// The request.
        request: LookupRequest,
        /// What it refuses.
        common: Common,
        /// Its text.
        details: Arc<Details>,
    },
    /// The status decides by the rules of all requests.
    ByStatus(LookupRequest),
}

impl<R> Lookups<R> {
    /// The call of a request.
    pub(crate) fn call(&self, request: &LookupRequest) -> LookupCall {
        let property = self.property(request);
        let keys = self.key_texts(request);
        LookupCall {
            object_type: property.object_type.clone(),
            route: request.route,
            body: request::body(property, request.route, &keys, request.after.as_deref()),
        }
    }

    /// The property of a request.
    pub(crate) fn property(&self, request: &LookupRequest) -> &LookupProperty {
        &self.properties[request.property as usize].property
    }

    fn key_texts(&self, request: &LookupRequest) -> Vec<&str> {
        let keys = request.keys.iter();
        keys.map(|&key| self.keys.text(key)).collect()
    }

    /// Reads the reply to a request.
    pub(crate) fn reply(
        &mut self,
        mut request: LookupRequest,
        status: u16,
        body: &[u8],
        now: Instant,
    ) -> AfterReply {
        let (property, keys) = (self.property(&request), self.key_texts(&request));
        let reply = match request.route {
            Route::BatchRead => batch_read::read(property, &keys, status, body),
            Route::Search => search::read(property, &keys, status, body),
        };
        match reply {
            LookupReply::Keys(results) => self.store(request, results, now),
            LookupReply::Page(page) => match request.add_page(page) {
                AfterPage::Results(results) => self.store(request, results, now),
                AfterPage::Next => self.requests.push_first(request),
                AfterPage::TooMany => self.requests.push_halves(request),
                AfterPage::Endless => {
                    request.restart();
                    let why = "the search has more pages than it can have";
                    return AfterReply::Unreadable { request, why };
                }
            },
            LookupReply::Refused(common, details) => {
                return AfterReply::Refused {
                    request,
                    common,
                    details,
                };
            }
            LookupReply::Unreadable(why) => return AfterReply::Unreadable { request, why },
            LookupReply::ByStatus => return AfterReply::ByStatus(request),
        }
        AfterReply::Stored
    }

    /// Gives up a request: its rows fail.
    pub(crate) fn fail(&mut self, request: &LookupRequest, details: &Arc<Details>) {
        for &key in &request.keys {
            self.keys.fail(key, details);
            self.count(key, Settled::Failed);
        }
    }

    /// Gives up a request that the API refuses: its rows are rejected.
    pub(crate) fn reject(&mut self, request: &LookupRequest, details: &Arc<Details>) {
        for &key in &request.keys {
            self.settle(key, KeyResult::Refused(Arc::clone(details)));
        }
    }

    /// Asks for the values of a property by the search from now on, because the API refuses to read them in batches.
    pub(crate) fn use_search(&mut self, request: LookupRequest) {
        let property = request.property;
        let mut keys = request.keys;
        let state = &mut self.properties[property as usize];
        if state.property.route == Route::BatchRead {
            keys.extend(state.take_group().unwrap_or_default());
            state.use_search();
            keys.extend(self.requests.remove_property(property));
            self.find_oldest_group();
        }
        for &key in &keys {
            self.keys.set_state(key, KeyState::Asked);
        }
        self.ask_now(property, &keys);
    }

    /// Gives up a property that the API refuses: the rows that wait for its keys, and all later ones, are rejected.
    pub(crate) fn refuse(&mut self, request: &LookupRequest, details: &Arc<Details>) {
        let property = request.property;
        let mut refused = request.keys.clone();
        refused.extend(self.requests.remove_property(property));
        let state = &mut self.properties[property as usize];
        state.refused = Some(Arc::clone(details));
        refused.extend(state.take_group().unwrap_or_default());
        for key in refused {
            self.settle(key, KeyResult::Refused(Arc::clone(details)));
        }
        self.find_oldest_group();
    }

    /// Stores the results of a request, and asks again for what they leave open.
    fn store(&mut self, request: LookupRequest, results: Vec<KeyResult>, now: Instant) {
        let is_single = request.keys.len() == 1;
        let mut open = Vec::new();
        for (&key, result) in request.keys.iter().zip(results) {
            match result {
                KeyResult::Open if !is_single => open.push(key),
                KeyResult::Open | KeyResult::NotFound => self.not_found(&request, key, now),
                result => self.settle(key, result),
            }
        }
        if open.len() == request.keys.len() {
            self.requests.push_halves(request);
        } else if !open.is_empty() {
            let rest = LookupRequest::new(request.property, request.route, open);
            self.requests.push_first(rest);
        }
    }

    fn not_found(&mut self, request: &LookupRequest, key: KeyNumber, now: Instant) {
        if request.route == Route::BatchRead || self.keys.state(key) == KeyState::AskedAgain {
            self.settle(key, KeyResult::NotFound);
            return;
        }
        self.keys.set_state(key, KeyState::AskedAgain);
        self.requests.push_recheck(request.property, key, now);
    }
}
