//! Reads the reply to a batch read of objects, key by key. Pure.
//!
//! | reply | a key that a result has | a key that an error names | any other key |
//! |---|---|---|---|
//! | 2xx with results | found, or ambiguous | not found; refused by any other error | not found |
//! | 2xx without results | | the same | open |
//! | 404 of category `OBJECT_NOT_FOUND` | | not found | open |
//! | 400, 413, 414 | | refused | open |
//!
//! A key that stays open is asked again in a request of half as many keys. Alone in its request, a key is not found if
//! nothing was refused, and refused otherwise.

use std::sync::Arc;

use crate::lookup::property::LookupProperty;
use crate::lookup::reply::lookup_reply::LookupReply;
use crate::lookup::reply::matching::{KeyIndex, Match};
use crate::lookup::reply::refusal::{details, is_not_found, refused_for_all};
use crate::lookup::reply::wire::{WireError, WireReply, read_body};
use crate::lookup::result::KeyResult;

/// Reads the reply to the request for these keys, which are distinct. The results are in the order of the keys.
pub(crate) fn read(
    property: &LookupProperty,
    keys: &[&str],
    status: u16,
    body: &[u8],
) -> LookupReply {
    let is_about_keys = matches!(status, 200..=299 | 400 | 404 | 413 | 414);
    if !is_about_keys {
        return LookupReply::ByStatus;
    }
    let index = KeyIndex::new(property, keys);
    let read = read_body(body, |reply| match status {
        200..=299 => read_success(&index, keys.len(), status, reply),
        _ => read_refusal(&index, property, keys.len(), status, reply),
    });
    match (read, status) {
        (Some(read), _) => read,
        (None, 200..=299) => LookupReply::NOT_JSON,
        (None, 413 | 414) => LookupReply::open_or_refused(keys.len(), status, None, None),
        (None, _) => LookupReply::ByStatus,
    }
}

fn read_success(
    index: &KeyIndex<'_>,
    keys: usize,
    status: u16,
    mut reply: WireReply<'_>,
) -> LookupReply {
    if reply.is_incomplete() {
        return LookupReply::INCOMPLETE;
    }
    let errors = reply.take_errors();
    let id = reply.correlation_id.as_ref().map(|id| &*id.0);
    let Some(records) = &reply.results else {
        if errors.is_empty() {
            return LookupReply::NOT_JSON;
        }
        return LookupReply::Keys(named(
            index,
            vec![KeyResult::Open; keys],
            status,
            &errors,
            id,
        ));
    };
    let matches = match index.matches(records) {
        Ok(matches) => matches,
        Err(record) => return LookupReply::Unreadable(record.why()),
    };
    let absent = if records.is_empty() {
        KeyResult::Open
    } else {
        KeyResult::NotFound
    };
    let results = named(index, vec![absent; keys], status, &errors, id);
    let of_key = |(matches, result): (Vec<Match>, KeyResult)| match matches.as_slice() {
        [] => result,
        [Match { id, kind }] => KeyResult::Found {
            id: *id,
            kind: *kind,
        },
        several => KeyResult::Ambiguous(several.iter().map(|found| found.id).collect()),
    };
    LookupReply::Keys(matches.into_iter().zip(results).map(of_key).collect())
}

fn read_refusal(
    index: &KeyIndex<'_>,
    property: &LookupProperty,
    keys: usize,
    status: u16,
    mut reply: WireReply<'_>,
) -> LookupReply {
    let errors = reply.take_errors();
    let id = reply.correlation_id.as_ref().map(|id| &*id.0);
    if let Some(common) = refused_for_all(&errors, &property.name) {
        return LookupReply::Refused(common, details(status, errors.first(), id));
    }
    let is_missing = errors.iter().flat_map(WireError::each).any(is_not_found);
    if status == 404 && !is_missing {
        // The path is not known: wrong base URL, or no such type.
        return LookupReply::ByStatus;
    }
    let results = named(index, vec![KeyResult::Open; keys], status, &errors, id);
    let is_open = results.iter().all(|result| *result == KeyResult::Open);
    if is_open && !is_missing {
        return LookupReply::open_or_refused(keys, status, errors.first(), id);
    }
    LookupReply::Keys(results)
}

/// The results of the keys, those changed that an error names. An error inside another one has the category of that one.
fn named(
    index: &KeyIndex<'_>,
    mut results: Vec<KeyResult>,
    status: u16,
    errors: &[WireError<'_>],
    correlation_id: Option<&str>,
) -> Vec<KeyResult> {
    for error in errors {
        let each = error.each();
        let is_missing = each.iter().any(|error| is_not_found(error));
        let mut refusal = None;
        for place in each
            .iter()
            .flat_map(|error| error.named())
            .filter_map(|value| index.place(value))
        {
            results[place] = if is_missing {
                KeyResult::NotFound
            } else {
                let refusal =
                    refusal.get_or_insert_with(|| details(status, Some(error), correlation_id));
                KeyResult::Refused(Arc::clone(refusal))
            };
        }
    }
    // Where a request of one key has an error that names nothing, that key is meant.
    let other = errors
        .iter()
        .find(|error| !error.each().iter().any(|error| is_not_found(error)));
    if let ([result @ KeyResult::Open], Some(error)) = (results.as_mut_slice(), other) {
        *result = KeyResult::Refused(details(status, Some(error), correlation_id));
    }
    results
}
