//! Determines what the reply to a batch says about each of its pairs. Pure.
//!
//! HubSpot does not document its reply when some pairs of a batch are bad. So each pair is looked up in
//! the results, then in the errors. A pair that is found in neither stays unresolved; nothing is guessed
//! about it. A pair whose labels the results do not list is looked up in the errors as well.

#[cfg(test)]
mod definition;
#[cfg(test)]
mod label_tests;
#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod tests;

use crate::api::response::body::Body;
use crate::api::response::envelope::Envelope;
use crate::api::response::headers::{Answer, Reply};
use crate::domain::cause::refuses_type;
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::Details;
use crate::verdict::batch::error_matching::ErrorMatches;
use crate::verdict::batch::input_limit::max_inputs;
use crate::verdict::batch::links::Links;
use crate::verdict::classify::{Class, classify};
use crate::verdict::confirm::has_errors;
use crate::verdict::describe::describe_named;
use crate::verdict::sanitize::sanitize;

/// What a reply says about one pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PairResult {
    /// The association exists, with the labels of the row.
    Confirmed(Details),
    /// The association exists, but the reply does not list all labels of the row. The row is judged by the reply to a
    /// request of its own.
    WithoutLabel,
    /// An error names the pair.
    Named(Details),
    /// The reply does not mention the pair.
    NotMentioned,
}

/// What the reply to a batch means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchVerdict {
    /// It gives a result for each pair, in the order of the pairs.
    PerPair {
        /// The result for each pair.
        results: Vec<PairResult>,
        /// Whether it rejected the batch as a whole: then a pair that it does not mention may be good.
        refused: bool,
    },
    /// The batch had more pairs than the API accepts.
    TooMany {
        /// The maximum, as far as it can be determined.
        max: usize,
    },
    /// The rejection concerns what all the pairs have in common.
    PathRefused,
    /// It mentions no pair.
    WholeBatch(Class),
}

impl BatchVerdict {
    /// The class of the reply, for callers that do not need results per pair.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::PerPair { refused: false, .. } => Class::Associated,
            Self::PerPair { refused: true, .. } | Self::TooMany { .. } | Self::PathRefused => {
                Class::Refused
            }
            Self::WholeBatch(class) => *class,
        }
    }
}

/// Determines what `reply` means for `pairs`, which all have the same two types and were sent in one
/// batch. No two pairs may have the same two ids: results name ids without their types, in both
/// directions.
#[must_use]
pub fn attribute<R: LinkRequest>(reply: &Reply, pairs: &[R]) -> BatchVerdict {
    let Some(first) = pairs.first() else {
        return BatchVerdict::WholeBatch(Class::Transient);
    };
    let Reply::Answered(answer) = reply else {
        return BatchVerdict::WholeBatch(classify(reply, first));
    };
    let refused = !(200..=299).contains(&answer.status);
    if refused {
        let class = classify(reply, first);
        if class != Class::Refused {
            return BatchVerdict::WholeBatch(class);
        }
        if refuses_types(answer) {
            return BatchVerdict::PathRefused;
        }
    }
    let nothing = || pairs.iter().map(|_| PairResult::NotMentioned).collect();
    let results = match &answer.body {
        Body::Json(envelope) => match envelope.status.as_deref() {
            Some("PENDING" | "PROCESSING") if !has_errors(envelope) => {
                return BatchVerdict::WholeBatch(Class::Transient);
            }
            _ => of_each(reply, answer.status, envelope, pairs, refused),
        },
        Body::NotJson { .. } | Body::Raw(_) | Body::Unread(_) if !refused => {
            return BatchVerdict::WholeBatch(Class::Transient);
        }
        Body::Empty | Body::NotJson { .. } | Body::Raw(_) | Body::Unread(_) => nothing(),
    };
    let is_named = results
        .iter()
        .any(|results| matches!(results, PairResult::Named(_)));
    // A 404 that names no record means that the path does not exist.
    if answer.status == 404 && !is_named {
        return BatchVerdict::PathRefused;
    }
    if refused
        && !is_named
        && let Some(max) = max_inputs(answer, pairs.len())
    {
        return BatchVerdict::TooMany { max };
    }
    BatchVerdict::PerPair { results, refused }
}

/// Whether the types in the path were rejected.
fn refuses_types(answer: &Answer) -> bool {
    let mut messages = answer
        .body
        .envelope()
        .into_iter()
        .flat_map(Envelope::entries)
        .filter_map(|entry| entry.message.as_deref());
    messages.any(refuses_type)
}

fn of_each<R: LinkRequest>(
    reply: &Reply,
    status: u16,
    envelope: &Envelope,
    pairs: &[R],
    refused: bool,
) -> Vec<PairResult> {
    let is_complete = !refused && envelope.status.as_deref() == Some("COMPLETE");
    let links = if is_complete {
        Links::of(&envelope.results)
    } else {
        Links::default()
    };
    let base = Details {
        http_status: Some(status),
        batch_status: envelope.status.clone().filter(|_| !refused),
        correlation_id: reply.correlation_id().map(str::to_owned),
        ..Details::default()
    };
    let mut results: Vec<PairResult> = pairs
        .iter()
        .map(|row| match links.types_of(row.pair()) {
            Some(_) if !links.have_labels_of(row) => PairResult::WithoutLabel,
            Some(association_type_ids) => {
                let mut details = Details {
                    association_type_ids,
                    ..base.clone()
                };
                sanitize(&mut details);
                PairResult::Confirmed(details)
            }
            None => PairResult::NotMentioned,
        })
        .collect();
    let is_open = |result: &PairResult| !matches!(result, PairResult::Confirmed(_));
    let open: Vec<&R> = pairs
        .iter()
        .zip(&results)
        .filter(|(_, result)| is_open(result))
        .map(|(row, _)| row)
        .collect();
    if open.is_empty() {
        return results;
    }
    let named = ErrorMatches::of(envelope, &open);
    if named.is_empty() {
        return results;
    }
    let still_open = results.iter_mut().filter(|result| is_open(result));
    for (index, (result, row)) in still_open.zip(open).enumerate() {
        let errors = named.errors_about(index, row);
        if !errors.is_empty() {
            let category = envelope.top.category.as_deref();
            *result = PairResult::Named(describe_named(&base, &errors, category));
        }
    }
    results
}
