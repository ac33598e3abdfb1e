//! What the stage does after the replies to its requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::api::response::body::{Body, Unreadable};
use crate::api::response::headers::Reply;
use crate::domain::outcome::Details;
use crate::run::links::job::LinkRequest;
use crate::run::links::stage::LinkStage;
use crate::run::reading::{self, Reading};

/// A request whose reply has no results.
#[derive(Debug)]
pub(crate) enum OpenRequest {
    /// Its reply is longer than a reply may be: it is divided.
    TooLarge(LinkRequest),
    /// The status, or what is wrong with the reply, decides.
    Unread(LinkRequest),
}

impl LinkStage {
    /// Reads a reply. Results are stored.
    pub(crate) fn read(
        &mut self,
        request: LinkRequest,
        reply: Reply,
        now: Instant,
    ) -> Reading<OpenRequest> {
        use LinkRequest as Request;
        if is_too_long(&reply) && matches!(request, Request::Read(_) | Request::ReadBack(_)) {
            return Reading {
                open: Some(OpenRequest::TooLarge(request)),
                ..Reading::stored(reply)
            };
        }
        let reading = match request {
            Request::Read(read) => reading::read(read, reply, |read, status, body| {
                self.reads.reply(read, status, body, now)
            })
            .map(Request::Read),
            Request::ReadBack(read) => reading::read(read, reply, |read, status, body| {
                self.read_backs.reply(read, status, body, now)
            })
            .map(Request::ReadBack),
            Request::Records(read) => reading::read(read, reply, |read, status, body| {
                self.records.reply(read, status, body)
            })
            .map(Request::Records),
            Request::Removal(removal) => reading::read(removal, reply, |removal, status, body| {
                self.removals.reply(removal, status, body)
            })
            .map(Request::Removal),
        };
        reading.map(OpenRequest::Unread)
    }

    /// Divides a request that is too large.
    pub(crate) fn too_large(&mut self, request: LinkRequest) {
        match request {
            LinkRequest::Read(read) => self.reads.too_large(read),
            LinkRequest::ReadBack(read) => self.read_backs.too_large(read),
            // Neither is ever too large.
            LinkRequest::Records(_) | LinkRequest::Removal(_) => {}
        }
    }

    /// Sends a request again after a delay.
    pub(crate) fn retry(&mut self, request: LinkRequest, after: Duration, now: Instant) {
        match request {
            LinkRequest::Read(read) => self.reads.retry(read, after, now),
            LinkRequest::ReadBack(read) => self.read_backs.retry(read, after, now),
            LinkRequest::Records(read) => self.records.retry(read, after, now),
            LinkRequest::Removal(removal) => self.removals.retry(removal, after, now),
        }
    }

    /// The API refuses a request: it is divided, to find out what is refused.
    pub(crate) fn refused(&mut self, request: LinkRequest, details: &Arc<Details>) {
        match request {
            LinkRequest::Read(read) => self.reads.refused(read, details),
            LinkRequest::ReadBack(read) => self.read_backs.refused(read, details),
            LinkRequest::Records(read) => self.records.refused(read),
            LinkRequest::Removal(removal) => self.removals.refused(removal, details),
        }
    }

    /// Gives up a request whose attempts are used up.
    pub(crate) fn exhausted(&mut self, request: LinkRequest, details: &Arc<Details>) {
        match request {
            LinkRequest::Read(read) => self.reads.exhausted(read, details),
            LinkRequest::ReadBack(read) => self.read_backs.exhausted(read, details),
            request => self.fail(&request, details),
        }
    }

    /// Gives up a request.
    pub(crate) fn fail(&mut self, request: &LinkRequest, details: &Arc<Details>) {
        match request {
            LinkRequest::Read(read) => self.reads.fail(read, details),
            LinkRequest::ReadBack(read) => self.read_backs.fail(read, details),
            LinkRequest::Records(read) => self.records.fail(read),
            LinkRequest::Removal(removal) => self.removals.fail(removal, details),
        }
    }
}

/// Whether a success is longer than a reply may be.
fn is_too_long(reply: &Reply) -> bool {
    reply.answer().is_some_and(|answer| {
        (200..=299).contains(&answer.status) && answer.body == Body::Unread(Unreadable::TooLong)
    })
}
