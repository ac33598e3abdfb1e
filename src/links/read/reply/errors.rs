//! Reads the errors of a reply: which records they name, and whether these have no links or could not be read. Pure.
//!
//! That a record has no links is an error of the sub-category `crm.associations.NO_ASSOCIATIONS_FOUND`. The sub-category and
//! the ids may stand in the error, in the errors inside it, or both. Any other error about a record leaves its links unknown.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::api::response::envelope::{Entry, Envelope};
use crate::domain::category::Category;
use crate::domain::outcome::Details;
use crate::links::read::number::RecordNumber;
use crate::links::read::reply::asked::{Asked, Named, Problem};
use crate::verdict::batch::sides::{IdKey, Side};
use crate::verdict::error_text::of_errors;
use crate::verdict::sanitize::sanitize;

/// The sub-category of a record without links. It may have a prefix.
const NO_LINKS: &str = "NO_ASSOCIATIONS_FOUND";

/// Categories of errors that another request would get, too.
const FINAL: [&str; 6] = [
    "VALIDATION_ERROR",
    "OBJECT_NOT_FOUND",
    "MISSING_SCOPES",
    "INVALID_AUTHENTICATION",
    "EXPIRED_AUTHENTICATION",
    "BANNED",
];

/// An error, as far as one needs to know that records have no links.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireError<'b> {
    #[serde(borrow)]
    sub_category: Option<&'b RawValue>,
    #[serde(borrow)]
    context: Option<&'b RawValue>,
    #[serde(borrow)]
    errors: Option<Vec<WireError<'b>>>,
}

/// The ids in the context of an error.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireContext<'b> {
    #[serde(borrow)]
    from_object_id: Option<&'b RawValue>,
    #[serde(borrow)]
    from_object_ids: Option<&'b RawValue>,
    #[serde(borrow)]
    object_id: Option<&'b RawValue>,
    #[serde(borrow)]
    object_ids: Option<&'b RawValue>,
    #[serde(borrow)]
    id: Option<&'b RawValue>,
    #[serde(borrow)]
    ids: Option<&'b RawValue>,
}

impl<'b> WireError<'b> {
    /// Whether it and all errors inside it that have a sub-category say that there are no links, and one does.
    fn says_no_links(&self) -> bool {
        let mut says = false;
        self.all(&mut |error| match error.sub_category {
            Some(sub) if sub.get().contains(NO_LINKS) => {
                says = true;
                true
            }
            // Neither null nor empty.
            Some(sub) => !sub.get().bytes().any(|byte| byte.is_ascii_alphanumeric()),
            None => true,
        }) && says
    }

    /// Whether this holds for it and all errors inside it.
    fn all(&self, holds: &mut impl FnMut(&Self) -> bool) -> bool {
        holds(self) && self.errors.iter().flatten().all(|error| error.all(holds))
    }

    fn ids(&self) -> impl Iterator<Item = &'b RawValue> {
        // The documents also show a context that is a text.
        let context = self.context.map(RawValue::get);
        let context = context.and_then(|text| serde_json::from_str::<WireContext<'_>>(text).ok());
        let lists = context.map(|context| {
            [
                context.from_object_id,
                context.from_object_ids,
                context.object_id,
                context.object_ids,
                context.id,
                context.ids,
            ]
        });
        lists.into_iter().flatten().flatten()
    }
}

/// The text of an id, which may be a text or a number.
pub(crate) fn id_text(value: &RawValue) -> Cow<'_, str> {
    let text = value.get();
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        None => Cow::Borrowed(text),
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(_) => serde_json::from_str::<String>(text).map_or(Cow::Borrowed(""), Cow::Owned),
    }
}

/// The ids of a list, or a single id.
fn each_id(value: &RawValue, mut found: impl FnMut(RecordNumber)) {
    if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(value.get()) {
        let ids = list.into_iter().map(id_text);
        ids.filter_map(|id| RecordNumber::of_text(&id))
            .for_each(found);
    } else if let Some(number) = RecordNumber::of_text(&id_text(value)) {
        found(number);
    }
}

/// Stores what an error says.
pub(crate) fn add_error(
    asked: &mut Asked,
    error: &RawValue,
    status: u16,
    correlation_id: Option<&str>,
) {
    let read = serde_json::from_str::<WireError<'_>>(error.get());
    if let Ok(read) = read
        && read.says_no_links()
    {
        add_without_links(asked, &read);
        return;
    }
    let Some(envelope) = envelope_of(error, correlation_id) else {
        return;
    };
    let mut details = of_errors(status, &envelope);
    details.http_status = Some(status);
    details.correlation_id.clone_from(&envelope.correlation_id);
    sanitize(&mut details);
    let is_final = |category: &String| FINAL.contains(&category.as_str());
    let problem = Problem {
        may_pass: !details.categories.iter().any(is_final),
        details: Arc::new(details),
    };
    let mut is_stray = true;
    for entry in envelope.entries() {
        for number in named_in(entry) {
            if let Some(place) = asked.place(number, usize::MAX) {
                asked.record_mut(place).named = Named::Problem(problem.clone());
                is_stray = false;
            }
        }
    }
    if is_stray {
        asked.stray = Some(problem);
    }
}

fn add_without_links(asked: &mut Asked, error: &WireError<'_>) {
    let mut expected = 0;
    let mut names_one = false;
    error.all(&mut |error| {
        for value in error.ids() {
            each_id(value, |number| {
                names_one = true;
                let Some(place) = asked.place(number, expected) else {
                    return;
                };
                expected = place + 1;
                let named = &mut asked.record_mut(place).named;
                if matches!(named, Named::Not) {
                    *named = Named::WithoutLinks;
                }
            });
        }
        true
    });
    if !names_one && asked.len() == 1 {
        asked.record_mut(0).named = Named::WithoutLinks;
    }
}

/// An error as the rules for all replies read it.
fn envelope_of(error: &RawValue, correlation_id: Option<&str>) -> Option<Envelope> {
    let error: Value = serde_json::from_str(error.get()).ok()?;
    let mut body = Map::new();
    body.insert("errors".to_owned(), Value::Array(vec![error]));
    let id = correlation_id.map(|id| Value::String(id.to_owned()));
    body.extend(id.map(|id| ("correlationId".to_owned(), id)));
    Some(Envelope::read(body))
}

/// The records in the context of an error that the request may have named.
fn named_in(entry: &Entry) -> impl Iterator<Item = RecordNumber> {
    let is_own = |key: IdKey| key != IdKey::On(Side::To);
    let keys = entry.context.iter().filter_map(move |(key, values)| {
        let key = IdKey::of(key).filter(|&key| is_own(key))?;
        Some(values.iter().filter_map(move |value| key.read(value)))
    });
    keys.flatten().map(|(id, _)| RecordNumber::of(&id))
}

/// The error of a record that a reply neither lists nor names.
pub(crate) fn unnamed(status: u16) -> Arc<Details> {
    let category = Category::NoResult;
    problem(
        status,
        category,
        "the reply neither lists the record nor says that it has no associations",
    )
}

/// Details of an error that was found here.
pub(crate) fn problem(status: u16, category: Category, message: &str) -> Arc<Details> {
    Arc::new(Details {
        http_status: Some(status),
        num_errors: 1,
        categories: vec![category.as_str().to_owned()],
        message: message.to_owned(),
        ..Details::default()
    })
}
