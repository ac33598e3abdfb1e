//! Reads a reply that its stage parses: the results are stored there, and the rest is classified as other replies are. Pure.

use crate::api::response::body::Body;
use crate::api::response::headers::Reply;
use crate::domain::outcome::Details;
use crate::links::after_reply::AfterReply;
use crate::verdict::classify::{Class, classify_unread};
use crate::verdict::describe::describe_unread;

/// What a reply is. `Q` is a request.
#[derive(Debug)]
pub(crate) struct Reading<Q> {
    /// The reply, without the results.
    pub(crate) reply: Reply,
    pub(crate) class: Class,
    pub(crate) details: Details,
    /// The request, unless its results are stored.
    pub(crate) open: Option<Q>,
}

impl<Q> Reading<Q> {
    /// A reply whose results are stored.
    pub(crate) fn stored(reply: Reply) -> Self {
        Self {
            reply,
            class: Class::Associated,
            details: Details::default(),
            open: None,
        }
    }

    /// The same with another form of the request.
    pub(crate) fn map<P>(self, form: impl FnOnce(Q) -> P) -> Reading<P> {
        Reading {
            reply: self.reply,
            class: self.class,
            details: self.details,
            open: self.open.map(form),
        }
    }

    /// A reply without results. `why` is what is wrong with a 2xx.
    pub(crate) fn unread(reply: Reply, request: Q, why: &str) -> Self {
        Self {
            class: classify_unread(&reply),
            details: describe_unread(&reply, why),
            open: Some(request),
            reply,
        }
    }
}

/// Reads a reply with `parse`, which gets its status and body.
pub(crate) fn read<Q>(
    request: Q,
    mut reply: Reply,
    parse: impl FnOnce(Q, u16, &[u8]) -> AfterReply<Q>,
) -> Reading<Q> {
    let Some((status, body)) = take_body(&mut reply) else {
        return Reading::unread(reply, request, "");
    };
    let after = parse(request, status, &body);
    restore_error(&mut reply, &body);
    match after {
        AfterReply::Stored => Reading::stored(reply),
        AfterReply::Unreadable { request, why } => Reading::unread(reply, request, why),
        AfterReply::ByStatus(request) => Reading::unread(reply, request, ""),
    }
}

/// Takes the body out of a reply that was received whole.
pub(crate) fn take_body(reply: &mut Reply) -> Option<(u16, Vec<u8>)> {
    let Reply::Answered(answer) = reply else {
        return None;
    };
    let Body::Raw(body) = &mut answer.body else {
        return None;
    };
    let body = std::mem::take(body);
    answer.body = Body::Empty;
    Some((answer.status, body))
}

/// Parses the body of a reply that is no success, by which all requests are judged.
pub(crate) fn restore_error(reply: &mut Reply, body: &[u8]) {
    if let Reply::Answered(answer) = reply
        && !(200..=299).contains(&answer.status)
    {
        answer.body = Body::parse(body);
    }
}
