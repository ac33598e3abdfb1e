//! Collects the text of the errors of a reply: categories, sub-categories and messages. Pure.

use crate::api::response::envelope::{Entry, Envelope};
use crate::domain::outcome::Details;
use crate::verdict::sanitize::{MAX_MESSAGE_CHARS, MAX_WORDS};

/// A message that is longer than this has enough characters, whatever they are.
const MAX_MESSAGE_BYTES: usize = 4 * MAX_MESSAGE_CHARS;

/// Maximum number of errors of a reply that are described.
const MAX_ENTRIES: usize = 100;

/// Describes the errors of a reply with this status.
pub(crate) fn of_errors(status: u16, envelope: &Envelope) -> Details {
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
pub(crate) struct Words {
    /// Each once, at most ten.
    pub(crate) categories: Vec<String>,
    subcategories: Vec<String>,
    messages: Vec<String>,
    /// Total length of the messages, in bytes.
    bytes: usize,
}

impl Words {
    /// Adds an error, with the part of its context that is shown.
    pub(crate) fn add<'e, T: Iterator<Item = &'e str>>(
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

    /// The collected text of `num_errors` errors, in a reply with this status.
    pub(crate) fn details(self, status: u16, num_errors: u64) -> Details {
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

/// The category of a reply that names none.
pub(crate) fn http_category(status: u16) -> String {
    format!("HTTP_{status}")
}

/// Adds a category or similar word; the report keeps at most ten.
pub(crate) fn add_word<T: AsRef<str> + for<'t> From<&'t str>>(list: &mut Vec<T>, word: &str) {
    add_once(list, word, MAX_WORDS);
}

/// Adds a text that the list does not have. The maximum avoids comparing a list of thousands of entries with itself.
pub(crate) fn add_once<T: AsRef<str> + for<'t> From<&'t str>>(
    list: &mut Vec<T>,
    text: &str,
    max: usize,
) {
    if list.len() < max && !list.iter().any(|known| known.as_ref() == text) {
        list.push(text.into());
    }
}
