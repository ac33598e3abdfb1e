//! Parses the most common success body in one pass and without copying. Pure.
//!
//! Any body with another field, or a field of another type, is rejected here and parsed by [`crate::api::response::body`], so that
//! speed never changes what a reply means.

use memchr::memchr_iter;
use serde::Deserialize;

use crate::api::response::envelope::{Envelope, Linked};

/// A success body with nothing but its links.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "the times are accepted but not used")]
struct Confirmed<'b> {
    status: &'b str,
    #[serde(borrow)]
    results: Vec<Link<'b>>,
    requested_at: Option<&'b str>,
    started_at: Option<&'b str>,
    completed_at: Option<&'b str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Link<'b> {
    #[serde(borrow)]
    from: End<'b>,
    #[serde(borrow)]
    to: End<'b>,
    #[serde(borrow)]
    association_spec: Spec<'b>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End<'b> {
    id: &'b str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "the category is accepted but not used")]
struct Spec<'b> {
    association_category: Option<&'b str>,
    association_type_id: u64,
}

/// Parses such a body; `None` if it is any other.
pub(crate) fn read(bytes: &[u8]) -> Option<Envelope> {
    // serde would read an array in place of an object as the object's fields in their order. `results` is an array;
    // without any other array, no object can be one.
    let mut arrays = memchr_iter(b'[', bytes);
    arrays.next().filter(|_| arrays.next().is_none())?;
    let Confirmed {
        status, results, ..
    } = serde_json::from_str(str::from_utf8(bytes).ok()?).ok()?;
    let linked = |link: Link<'_>| Linked {
        from: link.from.id.into(),
        to: link.to.id.into(),
        type_id: Some(
            itoa::Buffer::new()
                .format(link.association_spec.association_type_id)
                .into(),
        ),
    };
    Some(Envelope {
        status: Some(status.into()),
        results: results.into_iter().map(linked).collect(),
        ..Envelope::default()
    })
}
