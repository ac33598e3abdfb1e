//! What the report will say about a reply: status, categories, message, correlation id. Pure.

use crate::api::{Answer, Body, Entry, Envelope, Reply, Unreadable};
use crate::outcome::Finding;
use crate::pair::Pair;
use crate::text::one_line;

use super::category::Category;
use super::confirm::{Confirmation, confirm, links_of};

/// The longest message kept, in characters.
pub const MAX_MESSAGE_CHARS: usize = 1000;

/// The longest category, status or correlation id kept, in characters.
const MAX_WORD_CHARS: usize = 200;

/// How many categories are kept.
const MAX_WORDS: usize = 10;

/// How many ids of other records a mismatch lists.
const MAX_FOREIGN_LINKS: usize = 4;

/// The context keys under which the API lists scopes, old spellings included.
const SCOPE_KEYS: [&str; 3] = ["missingScopes", "requiredScopes", "requiredGranularScopes"];

/// Puts `reply` into the words of the report.
#[must_use]
pub fn describe(reply: &Reply, pair: &Pair) -> Finding {
    let mut finding = match reply {
        Reply::Answered(answer) => describe_answer(answer, pair),
        Reply::TimedOut => local(Category::Timeout, "no whole reply in time"),
        Reply::Garbled { why } => local(Category::UnreadableReply, why),
        Reply::Disconnected { why } | Reply::NoDescriptor { why } | Reply::Untrusted { why } => {
            local(Category::Connection, why)
        }
    };
    finding.correlation_id = reply.correlation_id().map(str::to_owned);
    tame(&mut finding);
    finding
}

/// Puts a reply that refuses something else than a pair into the same words.
#[must_use]
pub fn describe_refusal(answer: &Answer) -> Finding {
    let mut finding = match &answer.body {
        Body::Json(envelope) => of_errors(answer.status, envelope),
        Body::Foreign { snippet } => of_status(answer, snippet),
        Body::Unread(_) | Body::Empty => of_status(answer, ""),
    };
    finding.http_status = Some(answer.status);
    tame(&mut finding);
    finding
}

/// Text from a server is kept within a line and a bound, however much of it there is.
pub(super) fn tame(finding: &mut Finding) {
    tame_text(&mut finding.message, MAX_MESSAGE_CHARS);
    if let Some(id) = &mut finding.correlation_id {
        tame_text(id, MAX_WORD_CHARS);
    }
    for list in [&mut finding.categories, &mut finding.subcategories] {
        list.truncate(MAX_WORDS);
        for text in list {
            tame_text(text, MAX_WORD_CHARS);
        }
    }
    finding.association_type_ids.truncate(MAX_WORDS);
    let words = finding.batch_status.iter_mut();
    for word in words.chain(&mut finding.association_type_ids) {
        if !is_tame(word, MAX_WORD_CHARS) {
            *word = one_line(word, MAX_WORD_CHARS).into();
        }
    }
}

fn tame_text(text: &mut String, max_chars: usize) {
    if !is_tame(text, max_chars) {
        *text = one_line(text, max_chars);
    }
}

/// Whether it is what it would become: a word, as nearly all are.
fn is_tame(text: &str, max_chars: usize) -> bool {
    text.len() <= max_chars && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The scopes that a reply says are missing, each once.
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
                add_once(&mut scopes, scope);
            }
        }
    }
    scopes
}

/// Puts the errors that name one pair of a call into the words of the report. `category` is that of the whole
/// reply, for errors that have none.
pub(super) fn describe_named(
    base: &Finding,
    errors: Vec<Entry>,
    category: Option<&str>,
) -> Finding {
    let mut envelope = Envelope {
        errors,
        ..Envelope::default()
    };
    for entry in &mut envelope.errors {
        let has_category = |entry: &Entry| entry.category.is_some() || entry.error_type.is_some();
        if !has_category(entry) && !entry.details.iter().any(has_category) {
            entry.category = category.map(str::to_owned);
        }
    }
    let told = of_errors(base.http_status.unwrap_or_default(), &envelope);
    let mut finding = Finding {
        http_status: base.http_status,
        batch_status: base.batch_status.clone(),
        correlation_id: base.correlation_id.clone(),
        ..told
    };
    tame(&mut finding);
    finding
}

fn local(category: Category, message: &str) -> Finding {
    Finding {
        num_errors: 1,
        categories: vec![category.as_str().to_owned()],
        message: message.to_owned(),
        ..Finding::default()
    }
}

fn describe_answer(answer: &Answer, pair: &Pair) -> Finding {
    let success = (200..=299).contains(&answer.status);
    let mut finding = match &answer.body {
        Body::Json(envelope) if success => describe_success(answer.status, envelope, pair),
        Body::Json(envelope) => of_errors(answer.status, envelope),
        Body::Empty if success => local(
            Category::NoResult,
            &format!("HTTP {} without a body confirms nothing", answer.status),
        ),
        Body::Unread(why) => unread(answer, *why),
        Body::Foreign { snippet } if success => local(
            Category::UnreadableReply,
            &format!("not the API's JSON: {snippet}"),
        ),
        Body::Foreign { snippet } => of_status(answer, snippet),
        Body::Empty => of_status(answer, ""),
    };
    finding.http_status = Some(answer.status);
    finding
}

fn describe_success(status: u16, envelope: &Envelope, pair: &Pair) -> Finding {
    let mut finding = match confirm(envelope, pair) {
        Confirmation::Confirmed => {
            let mut finding = Finding::default();
            for type_id in links_of(envelope, pair).filter_map(|link| link.type_id.as_ref()) {
                add_once(&mut finding.association_type_ids, type_id);
            }
            finding
        }
        Confirmation::Errors => of_errors(status, envelope),
        Confirmation::Pending => local(Category::NotComplete, &not_complete(envelope)),
        Confirmation::Missing(category) => {
            let message = match category {
                Category::NoResult => "the reply confirms nothing: `results` is empty".to_owned(),
                Category::ResultMismatch => mismatch(envelope),
                _ => not_complete(envelope),
            };
            local(category, &message)
        }
    };
    finding.batch_status.clone_from(&envelope.status);
    finding
}

fn not_complete(envelope: &Envelope) -> String {
    match &envelope.status {
        Some(status) => format!("the reply's status is {status}, not COMPLETE"),
        None => "the reply has no status".to_owned(),
    }
}

/// A merged record may answer under its new id: naming it lets a person fix the row.
fn mismatch(envelope: &Envelope) -> String {
    let named: Vec<String> = envelope
        .results
        .iter()
        .take(MAX_FOREIGN_LINKS)
        .map(|link| format!("{} -> {}", link.from, link.to))
        .collect();
    let more = envelope.results.len().saturating_sub(named.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!(
        "the reply confirms other records than the row's (merged?): {}{more}",
        named.join(", ")
    )
}

/// A definite status stays what it is; otherwise an unread body is all there is to say.
fn unread(answer: &Answer, why: Unreadable) -> Finding {
    match (why, answer.status) {
        (Unreadable::Cut, 200..=499) => local(Category::UnreadableReply, "the reply was cut short"),
        (Unreadable::TooLong, 200..=299) => local(
            Category::UnreadableReply,
            "the reply is longer than any of the API's",
        ),
        (Unreadable::Coded, 200..=299) => local(
            Category::UnreadableReply,
            "the reply is compressed in a way that was not asked for, or its compression is broken",
        ),
        _ => of_status(answer, "the body could not be read"),
    }
}

fn of_status(answer: &Answer, snippet: &str) -> Finding {
    let mut message = format!("HTTP {}", answer.status);
    if let Some(location) = &answer.headers.location {
        message.push_str(" points to ");
        message.push_str(location);
    }
    if !snippet.is_empty() {
        message.push_str(": ");
        message.push_str(snippet);
    }
    Finding {
        num_errors: 1,
        categories: vec![http_category(answer.status)],
        message,
        ..Finding::default()
    }
}

fn of_errors(status: u16, envelope: &Envelope) -> Finding {
    let mut finding = Finding::default();
    let mut messages: Vec<String> = Vec::new();
    for entry in envelope.entries() {
        if let Some(category) = entry.category.as_ref().or(entry.error_type.as_ref()) {
            add_once(&mut finding.categories, category);
        }
        let words = [&entry.sub_category, &entry.code, &entry.policy_name];
        for sub in words.into_iter().flatten() {
            add_once(&mut finding.subcategories, sub);
        }
        let message = sentence(entry);
        if !message.is_empty() {
            add_once(&mut messages, &message);
        }
    }
    if finding.categories.is_empty() {
        finding.categories.push(http_category(status));
    }
    let entries = u64::try_from(envelope.errors.len()).unwrap_or(u64::MAX);
    finding.num_errors = envelope
        .num_errors
        .filter(|&count| count > 0)
        .unwrap_or(entries)
        .max(1);
    finding.message = if messages.is_empty() {
        format!(
            "HTTP {status} with {} error(s) and no message",
            finding.num_errors
        )
    } else {
        messages.join("; ")
    };
    finding
}

/// An entry's message, with what its context names: `message (key: value, value; key: value)`, and the field that it
/// is about, where its context does not say that already.
fn sentence(entry: &Entry) -> String {
    let is_new = |field: &&String| entry.context.iter().all(|(key, _)| key != *field);
    let field = entry.field.as_ref().filter(is_new);
    let context: Vec<String> = entry
        .context
        .iter()
        .map(|(key, values)| format!("{key}: {}", values.join(", ")))
        .chain(field.map(|field| format!("in: {field}")))
        .collect();
    let message = entry.message.as_deref().unwrap_or_default();
    match (message.is_empty(), context.is_empty()) {
        (_, true) => message.to_owned(),
        (true, false) => context.join("; "),
        (false, false) => format!("{message} ({})", context.join("; ")),
    }
}

fn http_category(status: u16) -> String {
    format!("HTTP_{status}")
}

fn add_once<T: AsRef<str> + for<'t> From<&'t str>>(list: &mut Vec<T>, text: &str) {
    if !list.iter().any(|known| known.as_ref() == text) {
        list.push(text.into());
    }
}
