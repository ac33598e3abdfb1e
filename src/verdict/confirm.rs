//! Checks whether a 2xx confirms the pair and its labels. The status code alone is not sufficient. Pure.

use crate::api::response::envelope::{Envelope, Linked};
use crate::domain::category::Category;
use crate::domain::link_request::LinkRequest;
use crate::domain::pair::{Pair, RecordId};
use crate::verdict::labels::missing_labels;

/// What a readable 2xx body says about the requested pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// The association exists, with the labels of the row.
    Confirmed,
    /// The body contains errors.
    Errors,
    /// Not finished yet; a retry may help.
    Pending,
    /// The body does not confirm the pair or one of its labels, for this reason.
    Missing(Category),
}

pub(crate) fn confirm(envelope: &Envelope, row: &impl LinkRequest) -> Confirmation {
    if has_errors(envelope) {
        return Confirmation::Errors;
    }
    let is_present = links_of(envelope, row.pair()).next().is_some();
    let is_labelled_result = envelope.is_result && row.labels().is_some();
    match envelope.status.as_deref() {
        Some("PENDING" | "PROCESSING") => Confirmation::Pending,
        Some("COMPLETE") if is_present => confirm_labels(envelope, row),
        // The reply to a single labelled request has no status.
        None if is_present && is_labelled_result => confirm_labels(envelope, row),
        Some("COMPLETE") | None if envelope.results.is_empty() => {
            Confirmation::Missing(Category::NoResult)
        }
        Some("COMPLETE") | None if !is_present => Confirmation::Missing(Category::ResultMismatch),
        // Canceled, in either spelling; an unknown status; or no status although the pair is present.
        _ => Confirmation::Missing(Category::NotComplete),
    }
}

/// Whether the results list the labels of a row whose pair they name.
fn confirm_labels(envelope: &Envelope, row: &impl LinkRequest) -> Confirmation {
    if row.labels().is_none() || missing_labels_of(envelope, row).is_empty() {
        Confirmation::Confirmed
    } else {
        Confirmation::Missing(Category::LabelNotConfirmed)
    }
}

/// The names of the row's labels that the reply does not list.
pub(crate) fn missing_labels_of<'r>(
    envelope: &Envelope,
    row: &'r impl LinkRequest,
) -> Vec<&'r str> {
    let Pair { from, to } = row.pair();
    let between = |from: &'r RecordId, to: &'r RecordId| results_between(envelope, from, to);
    missing_labels(row, between(&from.id, &to.id), between(&to.id, &from.id))
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
    results_between(envelope, &from.id, &to.id).chain(results_between(envelope, &to.id, &from.id))
}

/// The results in this direction.
fn results_between<'e>(
    envelope: &'e Envelope,
    from: &'e RecordId,
    to: &'e RecordId,
) -> impl Iterator<Item = &'e Linked> {
    let is_between = move |link: &&Linked| from.is_same_as(&link.from) && to.is_same_as(&link.to);
    envelope.results.iter().filter(is_between)
}
