//! Describes a reply for the report: status, categories, message, correlation id. Pure.

use crate::api::response::body::{Body, Unreadable};
use crate::api::response::envelope::{Entry, Envelope};
use crate::api::response::headers::{Answer, Reply};
use crate::domain::category::Category;
use crate::domain::outcome::Details;
use crate::domain::pair::Pair;
use crate::text::one_line;
use crate::verdict::batch::error_matching::ErrorAbout;
use crate::verdict::batch::unit::Part;
use crate::verdict::confirm::{Confirmation, confirm, links_of};

/// Maximum length of a message, in characters.
pub const MAX_MESSAGE_CHARS: usize = 1000;

/// Maximum length of a category, status or correlation id, in characters.
const MAX_WORD_CHARS: usize = 200;

/// Maximum number of categories.
const MAX_WORDS: usize = 10;

/// Maximum number of other records that the message of a mismatch lists.
const MAX_OTHER_LINKS: usize = 4;

/// A message that is longer than this has enough characters, whatever they are.
const MAX_MESSAGE_BYTES: usize = 4 * MAX_MESSAGE_CHARS;

/// Maximum number of errors of a reply that are described.
const MAX_ENTRIES: usize = 100;

/// Maximum number of scopes that are listed.
const MAX_SCOPES: usize = 100;

/// The context keys under which the API lists scopes, including old spellings.
const SCOPE_KEYS: [&str; 3] = ["missingScopes", "requiredScopes", "requiredGranularScopes"];

/// Describes `reply` for the report.
#[must_use]
pub fn describe(reply: &Reply, pair: &Pair) -> Details {
    let mut details = match reply {
        Reply::Answered(answer) => describe_answer(answer, pair),
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
        Body::Unread(_) | Body::Empty => of_status(answer, ""),
    };
    details.http_status = Some(answer.status);
    sanitize(&mut details);
    details
}

/// Limits text from a server to a single line of bounded length.
pub(crate) fn sanitize(details: &mut Details) {
    sanitize_text(&mut details.message, MAX_MESSAGE_CHARS);
    if let Some(id) = &mut details.correlation_id {
        sanitize_text(id, MAX_WORD_CHARS);
    }
    for list in [&mut details.categories, &mut details.subcategories] {
        list.truncate(MAX_WORDS);
        for text in list {
            sanitize_text(text, MAX_WORD_CHARS);
        }
    }
    details.association_type_ids.truncate(MAX_WORDS);
    let words = details.batch_status.iter_mut();
    for word in words.chain(&mut details.association_type_ids) {
        if !is_sanitized(word, MAX_WORD_CHARS) {
            *word = one_line(word, MAX_WORD_CHARS).into();
        }
    }
}

fn sanitize_text(text: &mut String, max_chars: usize) {
    if !is_sanitized(text, max_chars) {
        *text = one_line(text, max_chars);
    }
}

/// Whether the text is already sanitized: words separated by single blanks, as almost all are.
fn is_sanitized(text: &str, max_chars: usize) -> bool {
    let mut was_blank = true;
    let is_one_line = text.bytes().all(|byte| {
        let is_blank = byte == b' ';
        let may_follow = byte.is_ascii_graphic() || is_blank && !was_blank;
        was_blank = is_blank;
        may_follow
    });
    text.len() <= max_chars && is_one_line && (text.is_empty() || !was_blank)
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

fn describe_answer(answer: &Answer, pair: &Pair) -> Details {
    let success = (200..=299).contains(&answer.status);
    let mut details = match &answer.body {
        Body::Json(envelope) if success => describe_success(answer.status, envelope, pair),
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
        Body::Empty => of_status(answer, ""),
    };
    details.http_status = Some(answer.status);
    details
}

fn describe_success(status: u16, envelope: &Envelope, pair: &Pair) -> Details {
    let mut details = match confirm(envelope, pair) {
        Confirmation::Confirmed => {
            let mut details = Details::default();
            for type_id in links_of(envelope, pair).filter_map(|link| link.type_id.as_ref()) {
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
                _ => not_complete(envelope),
            };
            local(category, &message)
        }
    };
    details.batch_status.clone_from(&envelope.status);
    details
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

fn of_errors(status: u16, envelope: &Envelope) -> Details {
    let mut words = Words::default();
    for entry in envelope.entries().take(MAX_ENTRIES) {
        let context = entry.context.iter();
        words.add(
            entry,
            context.map(|(key, texts)| (key.as_str(), texts.iter().map(String::as_str))),
        );
    }
    let entries = u64::try_from(envelope.errors.len()).unwrap_or(u64::MAX);
    let count = envelope.num_errors.filter(|&count| count > 0);
    words.details(status, count.unwrap_or(entries).max(1))
}

/// The text of errors, up to what the report keeps. An error beyond that is not compared with the others
/// either.
#[derive(Default)]
struct Words {
    categories: Vec<String>,
    subcategories: Vec<String>,
    messages: Vec<String>,
    /// Total length of the messages, in bytes.
    bytes: usize,
}

impl Words {
    /// Adds an error, with the part of its context that is shown.
    fn add<'e, T: Iterator<Item = &'e str>>(
        &mut self,
        entry: &Entry,
        context: impl Iterator<Item = (&'e str, T)>,
    ) {
        if let Some(category) = entry.category.as_ref().or(entry.error_type.as_ref()) {
            add_word(&mut self.categories, category);
        }
        let words = [&entry.sub_category, &entry.code, &entry.policy_name];
        for sub in words.into_iter().flatten() {
            add_word(&mut self.subcategories, sub);
        }
        if self.bytes > MAX_MESSAGE_BYTES {
            return;
        }
        let message = sentence(entry, context);
        if !message.is_empty() && !self.messages.contains(&message) {
            self.bytes += message.len();
            self.messages.push(message);
        }
    }

    fn details(self, status: u16, num_errors: u64) -> Details {
        let mut details = Details {
            num_errors,
            categories: self.categories,
            subcategories: self.subcategories,
            message: self.messages.join("; "),
            ..Details::default()
        };
        if details.categories.is_empty() {
            details.categories.push(http_category(status));
        }
        if details.message.is_empty() {
            details.message = format!("HTTP {status} with {num_errors} error(s) and no message");
        }
        details
    }
}

/// The message of an entry, with the values of its context: `message (key: value, value; key: value)`,
/// and the field that it concerns, where its context does not contain that already. Text beyond the
/// maximum length of a message is dropped.
fn sentence<'e, T: Iterator<Item = &'e str>>(
    entry: &Entry,
    context: impl Iterator<Item = (&'e str, T)>,
) -> String {
    let mut field = entry.field.as_deref();
    let mut shown = String::new();
    for (key, values) in context {
        field = field.filter(|field| *field != key);
        if shown.len() > MAX_MESSAGE_BYTES {
            break;
        }
        push_part(&mut shown, &[key, ": "], "; ");
        for (index, value) in values.enumerate() {
            if shown.len() > MAX_MESSAGE_BYTES {
                break;
            }
            shown.push_str(if index == 0 { "" } else { ", " });
            shown.push_str(value);
        }
    }
    if let Some(field) = field {
        push_part(&mut shown, &["in: ", field], "; ");
    }
    let message = entry.message.as_deref().unwrap_or_default();
    match (message.is_empty(), shown.is_empty()) {
        (_, true) => message.to_owned(),
        (true, false) => shown,
        (false, false) => format!("{message} ({shown})"),
    }
}

fn push_part(shown: &mut String, part: &[&str], separator: &str) {
    if !shown.is_empty() {
        shown.push_str(separator);
    }
    shown.extend(part.iter().copied());
}

fn http_category(status: u16) -> String {
    format!("HTTP_{status}")
}

/// Adds a category or similar word; the report keeps at most ten.
fn add_word<T: AsRef<str> + for<'t> From<&'t str>>(list: &mut Vec<T>, word: &str) {
    add_once(list, word, MAX_WORDS);
}

/// The maximum avoids comparing a list of thousands of entries with itself.
fn add_once<T: AsRef<str> + for<'t> From<&'t str>>(list: &mut Vec<T>, text: &str, max: usize) {
    if list.len() < max && !list.iter().any(|known| known.as_ref() == text) {
        list.push(text.into());
    }
}
