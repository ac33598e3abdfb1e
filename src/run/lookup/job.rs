//! One request of the lookups, as a job of a worker.

use crate::api::endpoint::Endpoint;
use crate::api::lookup_call::{LookupCall, Route};
use crate::api::response::headers::Reply;
use crate::lookup::lookup_request::LookupRequest;
use crate::run::request::{RequestKind, RequestState};
use crate::run::worker_pool::Job;

/// A lookup with its call, and the state of its attempts.
#[derive(Debug)]
pub(crate) struct LookupJob {
    pub(crate) lookup: LookupRequest,
    call: LookupCall,
    pub(crate) request: RequestState,
}

impl LookupJob {
    pub(crate) fn new(lookup: LookupRequest, call: LookupCall) -> Self {
        let request = RequestState {
            attempt_counts: lookup.counts,
            refusals: lookup.refusals,
            ..RequestState::default()
        };
        Self {
            lookup,
            call,
            request,
        }
    }
}

/// The kind of the requests of this call.
pub(crate) fn kind_of(route: Route) -> RequestKind {
    match route {
        Route::BatchRead => RequestKind::Lookup,
        Route::Search => RequestKind::Search,
    }
}

impl Job for LookupJob {
    async fn execute<E: Endpoint>(&self, endpoint: &E) -> Reply {
        endpoint.lookup(&self.call).await
    }
}
