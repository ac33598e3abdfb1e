//! Reads a page of the search for objects. Pure.

use crate::lookup::property::LookupProperty;
use crate::lookup::reply::lookup_reply::{LookupReply, Page};
use crate::lookup::reply::matching::KeyIndex;
use crate::lookup::reply::refusal::{details, refused_for_all};
use crate::lookup::reply::wire::{WireReply, read_body};

/// Reads the reply to a search for these keys, which are distinct.
pub(crate) fn read(
    property: &LookupProperty,
    keys: &[&str],
    status: u16,
    body: &[u8],
) -> LookupReply {
    let read = match status {
        200..=299 => read_body(body, |reply| read_page(property, keys, &reply)),
        400 | 413 | 414 => read_body(body, |reply| read_refusal(property, keys, status, reply)),
        _ => return LookupReply::ByStatus,
    };
    read.unwrap_or_else(|| match status {
        200..=299 => LookupReply::NOT_JSON,
        400 => LookupReply::ByStatus,
        _ => LookupReply::open_or_refused(keys.len(), status, None, None),
    })
}

fn read_page(property: &LookupProperty, keys: &[&str], reply: &WireReply<'_>) -> LookupReply {
    let Some(records) = &reply.results else {
        return LookupReply::NOT_JSON;
    };
    if reply.is_incomplete() {
        return LookupReply::INCOMPLETE;
    }
    let next = reply
        .paging
        .as_ref()
        .and_then(|paging| paging.next.as_ref());
    let after = next.and_then(|next| next.after.as_ref());
    match KeyIndex::new(property, keys).matches(records) {
        Ok(matches) => LookupReply::Page(Page {
            matches: matches
                .iter()
                .map(|matches| matches.iter().map(|found| found.id).collect())
                .collect(),
            total: reply.total.unwrap_or_default(),
            next: after.map(|after| Box::from(&*after.0)),
        }),
        Err(record) => LookupReply::Unreadable(record.why()),
    }
}

/// A search is refused as a whole. One of its values may be the cause, so they are asked again in halves.
fn read_refusal(
    property: &LookupProperty,
    keys: &[&str],
    status: u16,
    mut reply: WireReply<'_>,
) -> LookupReply {
    let errors = reply.take_errors();
    let id = reply.correlation_id.as_ref().map(|id| &*id.0);
    match refused_for_all(&errors, &property.name) {
        Some(common) => LookupReply::Refused(common, details(status, errors.first(), id)),
        None => LookupReply::open_or_refused(keys.len(), status, errors.first(), id),
    }
}
