//! Checks whether a 2xx confirms the pair. The status code alone is not sufficient. Pure.

use crate::api::response::envelope::{Envelope, Linked};
use crate::domain::category::Category;
use crate::domain::pair::Pair;

/// What a readable 2xx body says about the requested pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// The association exists.
    Confirmed,
    /// The body contains errors.
    Errors,
    /// Not finished yet; a retry may help.
    Pending,
    /// The body does not confirm the pair, for this reason.
    Missing(Category),
}

pub(crate) fn confirm(envelope: &Envelope, pair: &Pair) -> Confirmation {
    if has_errors(envelope) {
        return Confirmation::Errors;
    }
    let present = links_of(envelope, pair).next().is_some();
    match envelope.status.as_deref() {
        Some("PENDING" | "PROCESSING") => Confirmation::Pending,
        Some("COMPLETE") if present => Confirmation::Confirmed,
        Some("COMPLETE") | None if envelope.results.is_empty() => {
            Confirmation::Missing(Category::NoResult)
        }
        Some("COMPLETE") | None if !present => Confirmation::Missing(Category::ResultMismatch),
        // Canceled, in either spelling; an unknown status; or no status although the pair is present.
        _ => Confirmation::Missing(Category::NotComplete),
    }
}

pub(crate) fn has_errors(envelope: &Envelope) -> bool {
    envelope.num_errors.is_some_and(|count| count > 0)
        || !envelope.errors.is_empty()
        || envelope.top.category.is_some()
        || envelope.top.error_type.is_some()
        || envelope.status.as_deref() == Some("error")
}

/// The results about `pair`, the requested direction first. Their order in the reply has no meaning, and
/// one of the two directions may be missing.
pub(crate) fn links_of<'e>(
    envelope: &'e Envelope,
    pair: &'e Pair,
) -> impl Iterator<Item = &'e Linked> {
    let Pair { from, to } = pair;
    let forward =
        move |link: &&Linked| from.id.is_same_as(&link.from) && to.id.is_same_as(&link.to);
    let inverse =
        move |link: &&Linked| to.id.is_same_as(&link.from) && from.id.is_same_as(&link.to);
    let results = &envelope.results;
    results
        .iter()
        .filter(forward)
        .chain(results.iter().filter(inverse))
}
