//! Reads the reply to a lookup: the results are stored, and the rest is classified as other replies are. Pure.

use std::sync::Arc;
use std::time::Instant;

use crate::api::response::headers::Reply;
use crate::domain::outcome::Details;
use crate::lookup::lookup_request::LookupRequest;
use crate::lookup::lookups::Lookups;
use crate::lookup::lookups::replies::AfterReply;
use crate::lookup::reply::refusal::Common;
use crate::run::reading::{Reading, restore_error, take_body};
use crate::verdict::classify::Class;

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
) -> Reading<OpenLookup> {
    let Some((status, body)) = take_body(&mut reply) else {
        return Reading::unread(reply, OpenLookup::new(lookup), "");
    };
    let after = lookups.reply(lookup, status, &body, now);
    restore_error(&mut reply, &body);
    match after {
        AfterReply::Stored => Reading::stored(reply),
        AfterReply::Unreadable { request, why } => {
            Reading::unread(reply, OpenLookup::new(request), why)
        }
        AfterReply::ByStatus(request) => Reading::unread(reply, OpenLookup::new(request), ""),
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
