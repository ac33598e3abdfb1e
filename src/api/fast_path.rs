//! The body that nearly every reply has, read in one pass and without a copy of it. Pure.
//!
//! A body with any other field, or a field of another type, is none of these: then the general reading in
//! [`super::body`] decides, so that speed never changes what a reply means.

use memchr::memchr_iter;
use serde::Deserialize;

use super::body::{Envelope, Linked};

/// A body that says nothing but which links there are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "times are named so that a body may have them; they decide nothing"
)]
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
#[expect(dead_code, reason = "the category decides nothing")]
struct Spec<'b> {
    association_category: Option<&'b str>,
    association_type_id: u64,
}

/// Reads such a body; `None` if it is any other.
pub(super) fn read(bytes: &[u8]) -> Option<Envelope> {
    // An array in an object's place would be read as its fields in their order. `results` is one; where
    // there is no other, no object can be one.
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
