//! Errors of the replies to lookups: what they refuse, and their text for the report. Pure.

use std::sync::Arc;

use crate::domain::cause::refuses_type;
use crate::domain::outcome::Details;
use crate::lookup::reply::wire::{Text, WireError};
use crate::text::one_line;
use crate::verdict::error_text::http_category;
use crate::verdict::sanitize::MAX_MESSAGE_CHARS;

/// Maximum length of a category.
const MAX_CATEGORY_CHARS: usize = 200;

/// Words of refusals of the property itself. Their texts are not documented, so parts of them are compared.
const NOT_UNIQUE: [&str; 3] = ["unique", "idproperty", "id property"];

/// Words of refusals of a property that the type does not have. A record "does not exist" in the same words, so the
/// message must name the property too.
const UNKNOWN_PROPERTY: [&str; 4] = [
    "property_doesnt_exist",
    "doesn't exist",
    "does not exist",
    "unknown property",
];

/// What all keys of a request have in common and the API refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Common {
    /// The property has no unique values: only the search can look it up.
    NotUnique,
    /// The type has no such property.
    UnknownProperty,
    /// The API does not know the type.
    Type,
}

/// Whether an error says that a record does not exist.
pub(crate) fn is_not_found(error: &WireError<'_>) -> bool {
    let words = [&error.category, &error.code].into_iter().flatten();
    words.into_iter().any(|word| word.0 == "OBJECT_NOT_FOUND")
}

/// What these errors refuse for all keys, if they do.
pub(crate) fn refused_for_all(errors: &[WireError<'_>], property: &str) -> Option<Common> {
    let each = errors.iter().flat_map(WireError::each);
    // An error that names values is about them.
    each.filter(|error| error.named().next().is_none() && !is_not_found(error))
        .find_map(|error| {
            let message = text(error.message.as_ref());
            if refuses_type(message) {
                return Some(Common::Type);
            }
            let words = [
                text(error.category.as_ref()),
                text(error.code.as_ref()),
                message,
            ];
            let words = words.join(" ").to_lowercase();
            let has_one_of = |list: &[&str]| list.iter().any(|part| words.contains(part));
            if has_one_of(&NOT_UNIQUE) {
                Some(Common::NotUnique)
            } else if has_one_of(&UNKNOWN_PROPERTY)
                && words.contains("property")
                && words.contains(&property.to_lowercase())
            {
                Some(Common::UnknownProperty)
            } else {
                None
            }
        })
}

fn text<'t>(text: Option<&'t Text<'_>>) -> &'t str {
    text.map_or("", |text| &text.0)
}

/// The text of an error, for the report.
pub(crate) fn details(
    status: u16,
    error: Option<&WireError<'_>>,
    correlation_id: Option<&str>,
) -> Arc<Details> {
    let each = error.map(WireError::each).unwrap_or_default();
    let mut categories: Vec<String> = Vec::new();
    let mut messages: Vec<&str> = Vec::new();
    for error in each.into_iter().take(MAX_DESCRIBED) {
        if let Some(category) = &error.category {
            let category = one_line(&category.0, MAX_CATEGORY_CHARS);
            if !category.is_empty() && !categories.contains(&category) {
                categories.push(category);
            }
        }
        let message = text(error.message.as_ref());
        if !message.is_empty() && !messages.contains(&message) {
            messages.push(message);
        }
    }
    if categories.is_empty() {
        categories.push(http_category(status));
    }
    let message = if messages.is_empty() {
        format!("HTTP {status} without a message")
    } else {
        one_line(&messages.join("; "), MAX_MESSAGE_CHARS)
    };
    Arc::new(Details {
        http_status: Some(status),
        num_errors: 1,
        categories,
        message,
        correlation_id: correlation_id.map(|id| one_line(id, MAX_CATEGORY_CHARS)),
        ..Details::default()
    })
}

/// Maximum number of errors whose text is kept: one and those inside it.
const MAX_DESCRIBED: usize = 10;
