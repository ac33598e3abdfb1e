//! Describes a reply for the report: status, categories, message, correlation id. Pure.

use crate::api::response::body::{Body, Unreadable};
use crate::api::response::envelope::Envelope;
use crate::api::response::headers::{Answer, Reply};
use crate::domain::category::Category;
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::Details;
use crate::verdict::batch::unit::{ErrorAbout, Part};
use crate::verdict::confirm::{Confirmation, confirm, links_of, missing_labels_of};
use crate::verdict::error_text::{Words, add_once, add_word, http_category, of_errors};
use crate::verdict::sanitize::sanitize;

/// Maximum number of other records that the message of a mismatch lists.
const MAX_OTHER_LINKS: usize = 4;

/// Maximum number of scopes that are listed.
const MAX_SCOPES: usize = 100;

/// The context keys under which the API lists scopes, including old spellings.
const SCOPE_KEYS: [&str; 3] = ["missingScopes", "requiredScopes", "requiredGranularScopes"];

/// Describes `reply` for the report.
#[must_use]
pub fn describe(reply: &Reply, row: &impl LinkRequest) -> Details {
    describe_by(reply, |answer| describe_answer(answer, row))
}

/// Describes a reply to a request without a pair. `why` is what is wrong with a 2xx.
#[must_use]
pub fn describe_unread(reply: &Reply, why: &str) -> Details {
    describe_by(reply, |answer| {
        let mut details = match &answer.body {
            Body::Unread(why) => unread(answer, *why),
            _ if (200..=299).contains(&answer.status) => local(Category::UnreadableReply, why),
            _ => describe_refusal(answer),
        };
        details.http_status = Some(answer.status);
        details
    })
}

fn describe_by(reply: &Reply, describe_answer: impl FnOnce(&Answer) -> Details) -> Details {
    let mut details = match reply {
        Reply::Answered(answer) => describe_answer(answer),
        Reply::TimedOut => local(Category::Timeout, "no complete reply within the timeout"),
        Reply::InvalidHttp { why } => local(Category::UnreadableReply, why),
        Reply::Disconnected { why } | Reply::NoDescriptor { why } | Reply::Untrusted { why } => {
            local(Category::Connection, why)
        }
    };
    details.correlation_id = reply.correlation_id().map(str::to_owned);
    sanitize(&mut details);
    details
}

/// Describes a reply that rejects something other than a pair, in the same format.
#[must_use]
pub fn describe_refusal(answer: &Answer) -> Details {
    let mut details = match &answer.body {
        Body::Json(envelope) => of_errors(answer.status, envelope),
        Body::NotJson { snippet } => of_status(answer, snippet),
        Body::Unread(_) | Body::Raw(_) | Body::Empty => of_status(answer, ""),
    };
    details.http_status = Some(answer.status);
    sanitize(&mut details);
    details
}

/// The scopes that a reply names as missing, each once.
#[must_use]
pub fn scopes(answer: &Answer) -> Vec<String> {
    let mut scopes = Vec::new();
    let entries = answer
        .body
        .envelope()
        .into_iter()
        .flat_map(Envelope::entries);
    for (key, values) in entries.flat_map(|entry| &entry.context) {
        if SCOPE_KEYS.contains(&key.as_str()) {
            for scope in values {
                add_once(&mut scopes, scope, MAX_SCOPES);
            }
        }
    }
    scopes
}

/// Describes the errors that name one pair of a batch. `category` is the category of the whole reply,
/// for errors that have none.
pub(crate) fn describe_named(
    base: &Details,
    errors: &[ErrorAbout<'_>],
    category: Option<&str>,
) -> Details {
    let mut words = Words::default();
    for ErrorAbout { outer, inner } in errors {
        let has_category =
            |part: &Part<'_>| part.entry.category.is_some() || part.entry.error_type.is_some();
        if !has_category(outer)
            && !inner.iter().any(has_category)
            && let Some(category) = category
        {
            add_word(&mut words.categories, category);
        }
        for part in std::iter::once(outer).chain(inner) {
            let context = part.context.iter();
            words.add(
                part.entry,
                context.map(|(key, texts)| (*key, texts.iter().copied())),
            );
        }
    }
    let num_errors = u64::try_from(errors.len()).unwrap_or(u64::MAX);
    let described = words.details(base.http_status.unwrap_or_default(), num_errors);
    let mut details = Details {
        http_status: base.http_status,
        batch_status: base.batch_status.clone(),
        correlation_id: base.correlation_id.clone(),
        ..described
    };
    sanitize(&mut details);
    details
}

fn local(category: Category, message: &str) -> Details {
    Details {
        num_errors: 1,
        categories: vec![category.as_str().to_owned()],
        message: message.to_owned(),
        ..Details::default()
    }
}

fn describe_answer(answer: &Answer, row: &impl LinkRequest) -> Details {
    let success = (200..=299).contains(&answer.status);
    let mut details = match &answer.body {
        Body::Json(envelope) if success => describe_success(answer.status, envelope, row),
        Body::Json(envelope) => of_errors(answer.status, envelope),
        Body::Empty if success => local(
            Category::NoResult,
            &format!(
                "HTTP {} without a body does not confirm the association",
                answer.status
            ),
        ),
        Body::Unread(why) => unread(answer, *why),
        Body::NotJson { snippet } if success => local(
            Category::UnreadableReply,
            &format!("the reply is not JSON of the HubSpot API: {snippet}"),
        ),
        Body::NotJson { snippet } => of_status(answer, snippet),
        Body::Raw(_) | Body::Empty => of_status(answer, ""),
    };
    details.http_status = Some(answer.status);
    details
}

fn describe_success(status: u16, envelope: &Envelope, row: &impl LinkRequest) -> Details {
    let mut details = match confirm(envelope, row) {
        Confirmation::Confirmed => {
            let mut details = Details::default();
            for type_id in links_of(envelope, row.pair()).filter_map(|link| link.type_id.as_ref()) {
                add_word(&mut details.association_type_ids, type_id);
            }
            details
        }
        Confirmation::Errors => of_errors(status, envelope),
        Confirmation::Pending => local(Category::NotComplete, &not_complete(envelope)),
        Confirmation::Missing(category) => {
            let message = match category {
                Category::NoResult => {
                    "the reply does not confirm the association: `results` is empty".to_owned()
                }
                Category::ResultMismatch => mismatch(envelope),
                Category::LabelNotConfirmed => {
                    labels_not_confirmed(&missing_labels_of(envelope, row))
                }
                _ => not_complete(envelope),
            };
            local(category, &message)
        }
    };
    details.batch_status.clone_from(&envelope.status);
    details
}

fn labels_not_confirmed(names: &[&str]) -> String {
    let labels = if names.len() == 1 { "label" } else { "labels" };
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let names = names.join(", ");
    format!("HubSpot linked the pair, but does not confirm the {labels} {names}")
}

fn not_complete(envelope: &Envelope) -> String {
    match &envelope.status {
        Some(status) => format!("the reply's status is {status}, not COMPLETE"),
        None => "the reply has no status".to_owned(),
    }
}

/// A merged record may be confirmed under its new id: showing it helps to fix the row.
fn mismatch(envelope: &Envelope) -> String {
    let named: Vec<String> = envelope
        .results
        .iter()
        .take(MAX_OTHER_LINKS)
        .map(|link| format!("{} -> {}", link.from, link.to))
        .collect();
    let more = envelope.results.len().saturating_sub(named.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!(
        "the reply confirms different records than the row has (merged?): {}{more}",
        named.join(", ")
    )
}

/// A definite status keeps its meaning; otherwise the unread body is the only information.
fn unread(answer: &Answer, why: Unreadable) -> Details {
    match (why, answer.status) {
        (Unreadable::Cut, 200..=499) => local(Category::UnreadableReply, "the reply is incomplete"),
        (Unreadable::TooLong, 200..=299) => local(
            Category::UnreadableReply,
            "the reply is too long for the HubSpot API",
        ),
        (Unreadable::Coded, 200..=299) => local(
            Category::UnreadableReply,
            "the reply has a content encoding that was not requested, or its compressed data is corrupt",
        ),
        _ => of_status(answer, "the body could not be read"),
    }
}

fn of_status(answer: &Answer, snippet: &str) -> Details {
    let mut message = format!("HTTP {}", answer.status);
    if let Some(location) = &answer.headers.location {
        message.push_str(" points to ");
        message.push_str(location);
    }
    if !snippet.is_empty() {
        message.push_str(": ");
        message.push_str(snippet);
    }
    Details {
        num_errors: 1,
        categories: vec![http_category(answer.status)],
        message,
        ..Details::default()
    }
}
