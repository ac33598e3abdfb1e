//! Reads the reply to a lookup: the results are stored, and the rest is classified as other replies are. Pure.

use std::sync::Arc;
use std::time::Instant;

use crate::api::response::body::Body;
use crate::api::response::headers::Reply;
use crate::domain::outcome::Details;
use crate::lookup::lookup_request::LookupRequest;
use crate::lookup::lookups::Lookups;
use crate::lookup::lookups::replies::AfterReply;
use crate::lookup::reply::refusal::Common;
use crate::verdict::classify::{Class, classify_unread};
use crate::verdict::describe::describe_unread;

/// What a reply to a lookup is.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The reply, without the results.
    pub(crate) reply: Reply,
    pub(crate) class: Class,
    pub(crate) details: Details,
    /// The request, unless its results are stored.
    pub(crate) open: Option<OpenLookup>,
}

/// A request whose reply has no results.
#[derive(Debug)]
pub(crate) struct OpenLookup {
    pub(crate) lookup: LookupRequest,
    /// What the reply refuses for all keys, if it does.
    pub(crate) refused: Option<(Common, Arc<Details>)>,
}

impl OpenLookup {
    fn new(lookup: LookupRequest) -> Self {
        Self {
            lookup,
            refused: None,
        }
    }
}

/// Reads a reply. Results are stored in `lookups`.
pub(crate) fn read<R>(
    lookups: &mut Lookups<R>,
    lookup: LookupRequest,
    mut reply: Reply,
    now: Instant,
) -> Reading {
    let Some((status, body)) = take_body(&mut reply) else {
        return unread(reply, lookup, "");
    };
    let after = lookups.reply(lookup, status, &body, now);
    if let Reply::Answered(answer) = &mut reply
        && !(200..=299).contains(&status)
    {
        answer.body = Body::parse(&body);
    }
    match after {
        AfterReply::Stored => Reading {
            reply,
            class: Class::Associated,
            details: Details::default(),
            open: None,
        },
        AfterReply::Unreadable { request, why } => unread(reply, request, why),
        AfterReply::ByStatus(request) => unread(reply, request, ""),
        AfterReply::Refused {
            request,
            common,
            details,
        } => Reading {
            reply,
            class: Class::Refused,
            details: Details::clone(&details),
            open: Some(OpenLookup {
                lookup: request,
                refused: Some((common, details)),
            }),
        },
    }
}

/// Takes the body out of a reply that was received whole.
fn take_body(reply: &mut Reply) -> Option<(u16, Vec<u8>)> {
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

fn unread(reply: Reply, lookup: LookupRequest, why: &str) -> Reading {
    Reading {
        class: classify_unread(&reply),
        details: describe_unread(&reply, why),
        open: Some(OpenLookup::new(lookup)),
        reply,
    }
}
