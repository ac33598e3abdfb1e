//! One request that reads or removes links, or reads records, as a job of a worker.

use crate::api::endpoint::Endpoint;
use crate::api::link_call::LinkCall;
use crate::api::lookup_call::LookupCall;
use crate::api::response::headers::Reply;
use crate::links::read::link_read::LinkRead;
use crate::links::records::record_read::RecordRead;
use crate::links::removal::removal_request::Removal;
use crate::run::request::{RequestKind, RequestState};
use crate::run::worker_pool::Job;

/// The requests with one rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkLimit {
    /// Those that read or remove links.
    Links,
    /// Those that read records.
    Records,
}

impl LinkLimit {
    /// Both limits.
    pub(crate) const BOTH: [Self; 2] = [Self::Links, Self::Records];
}

/// A request of the stage.
#[derive(Debug)]
pub(crate) enum LinkRequest {
    /// Reads the links of rows.
    Read(LinkRead),
    /// Reads whether removed links are gone.
    ReadBack(LinkRead),
    /// Reads whether records exist.
    Records(RecordRead),
    /// Removes links.
    Removal(Removal),
}

impl LinkRequest {
    /// The kind of the request.
    pub(crate) fn kind(&self) -> RequestKind {
        match self {
            Self::Read(_) | Self::ReadBack(_) => RequestKind::LinkRead,
            Self::Records(_) => RequestKind::RecordRead,
            Self::Removal(_) => RequestKind::LinkRemoval,
        }
    }

    /// The limit that it counts towards.
    pub(crate) fn limit(&self) -> LinkLimit {
        match self {
            Self::Records(_) => LinkLimit::Records,
            Self::Read(_) | Self::ReadBack(_) | Self::Removal(_) => LinkLimit::Links,
        }
    }

    /// The number of records, or of pairs of a removal.
    pub(crate) fn items(&self) -> usize {
        match self {
            Self::Read(read) | Self::ReadBack(read) => read.records(),
            Self::Records(read) => read.records(),
            Self::Removal(removal) => removal.pairs(),
        }
    }

    /// The state of its attempts.
    pub(crate) fn state(&self) -> RequestState {
        let (attempt_counts, refusals) = match self {
            Self::Read(read) | Self::ReadBack(read) => (read.counts, read.refusals),
            Self::Records(read) => (read.counts, read.refusals),
            Self::Removal(removal) => (removal.counts, removal.refusals),
        };
        RequestState {
            attempt_counts,
            refusals,
            ..RequestState::default()
        }
    }

    /// Keeps the state of its attempts for the next one.
    pub(crate) fn keep_state(&mut self, state: &RequestState) {
        let (counts, refusals) = match self {
            Self::Read(read) | Self::ReadBack(read) => (&mut read.counts, &mut read.refusals),
            Self::Records(read) => (&mut read.counts, &mut read.refusals),
            Self::Removal(removal) => (&mut removal.counts, &mut removal.refusals),
        };
        *counts = state.attempt_counts;
        *refusals = state.refusals;
    }
}

/// The call of a request.
#[derive(Debug)]
pub(crate) enum Call {
    /// About links.
    Links(LinkCall),
    /// About records.
    Records(LookupCall),
}

/// A request with its call, and the state of its attempts.
#[derive(Debug)]
pub(crate) struct LinkJob {
    pub(crate) request: LinkRequest,
    call: Call,
    pub(crate) state: RequestState,
}

impl LinkJob {
    pub(crate) fn new(request: LinkRequest, call: Call) -> Self {
        let state = request.state();
        Self {
            request,
            call,
            state,
        }
    }
}

impl Job for LinkJob {
    async fn execute<E: Endpoint>(&self, endpoint: &E) -> Reply {
        match &self.call {
            Call::Links(call) => endpoint.links(call).await,
            Call::Records(call) => endpoint.lookup(call).await,
        }
    }
}
