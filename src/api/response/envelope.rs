//! The envelope of HubSpot's JSON replies: results, errors and their details. Pure.

use serde_json::Map;
use serde_json::Value;
use smol_str::SmolStr;

/// The kept length of one text, in characters; the report keeps fewer.
pub(crate) const MAX_TEXT_CHARS: usize = 1500;

/// The kept length of a word, such as a category.
const MAX_WORD_CHARS: usize = 250;

/// How many errors of a reply are kept, including nested ones. A call has at most 2,000 pairs.
pub(crate) const MAX_ERRORS: usize = 10_000;

/// How many context texts are kept in total: a few for each pair of a call, in one error or in several.
pub(crate) const MAX_CONTEXT_TEXTS: usize = 32_768;

/// How many labels of one result are kept. Two types have at most 50.
pub(crate) const MAX_LABELS: usize = 100;

/// The fields of success and error bodies that decide a row's verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Envelope {
    /// `COMPLETE`, `PENDING` …; `error` in error bodies.
    pub status: Option<SmolStr>,
    /// The links that the reply confirms, one per direction.
    pub results: Vec<Linked>,
    /// Whether the body itself is the only result, as in the reply to a labelled request: then it has no status.
    pub is_result: bool,
    /// The API's own error count; absent on success.
    pub num_errors: Option<u64>,
    /// The error at the top level of an error body.
    pub top: Entry,
    /// The entries of `errors`.
    pub errors: Vec<Entry>,
    /// The correlation id, which HubSpot's support asks for.
    pub correlation_id: Option<String>,
}

/// One entry of `results`: a link in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The id of the `from` record, as the reply spells it.
    pub from: SmolStr,
    /// The id of the `to` record, as the reply spells it.
    pub to: SmolStr,
    /// The association type of this direction.
    pub type_id: Option<SmolStr>,
    /// The names of the labels in this direction, in the reply to a labelled request.
    pub labels: Option<Box<[SmolStr]>>,
}

/// One error as the API describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// `VALIDATION_ERROR` …; absent on some 400s and on 429.
    pub category: Option<String>,
    /// A finer category; an object in the published schema, a string in captures.
    pub sub_category: Option<String>,
    /// Replaces the category in 429 bodies.
    pub error_type: Option<String>,
    /// Which limit was exceeded, in 429 bodies.
    pub policy_name: Option<String>,
    /// Human-readable message.
    pub message: Option<String>,
    /// The error code, in nested errors.
    pub code: Option<String>,
    /// The request field that a nested error is about (`in`).
    pub field: Option<String>,
    /// Names and ids that the message refers to.
    pub context: Vec<(String, Vec<String>)>,
    /// The nested errors, flattened over all levels. Sometimes only they name a record or a sub-category; the message
    /// of the entry itself is then generic.
    pub details: Vec<Entry>,
}

impl Entry {
    /// Whether any field is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Envelope {
    pub(crate) fn read(mut object: Map<String, Value>) -> Self {
        let mut room = Room::default();
        let top = room.read_entry(&object);
        let listed = items(object.get("errors"));
        let entries = u64::try_from(listed.len()).unwrap_or(u64::MAX);
        let errors: Vec<Entry> = listed.map_while(|value| room.entry(value)).collect();
        let is_whole = entries == errors.len() as u64;
        let num_errors = object.get("numErrors").and_then(count);
        let own = Some(&object).filter(|object| object.contains_key("fromObjectId"));
        let own = own.filter(|object| !object.contains_key("results"));
        let own = own.and_then(linked);
        let listed = items(object.get("results"));
        let listed = listed.filter_map(|value| linked(value.as_object()?));
        Self {
            is_result: own.is_some(),
            status: object.get("status").and_then(text).map(SmolStr::from),
            results: own.into_iter().chain(listed).collect(),
            num_errors: num_errors.or((!is_whole).then_some(entries)),
            errors,
            correlation_id: object.remove("correlationId").as_ref().and_then(text),
            top,
        }
    }

    /// Every entry with content: the top level first, then those of `errors`, each before its nested errors.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        std::iter::once(&self.top)
            .chain(&self.errors)
            .flat_map(|entry| std::iter::once(entry).chain(&entry.details))
            .filter(|entry| !entry.is_empty())
    }
}

/// The elements of an array; a single object counts as one element, any other value as none.
fn items(value: Option<&Value>) -> std::slice::Iter<'_, Value> {
    match value {
        Some(Value::Array(values)) => values.iter(),
        Some(Value::Object(object)) if object.is_empty() => [].iter(),
        Some(value @ (Value::Object(_) | Value::String(_))) => std::slice::from_ref(value).iter(),
        _ => [].iter(),
    }
}

fn linked(object: &Map<String, Value>) -> Option<Linked> {
    let id = |side: &str, labelled: &str| match object.get(side).or_else(|| object.get(labelled))? {
        Value::Object(side) => side.get("id").and_then(text),
        id => text(id),
    };
    Some(Linked {
        from: id("from", "fromObjectId")?.into(),
        to: id("to", "toObjectId")?.into(),
        type_id: object
            .get("associationSpec")
            .and_then(|spec| spec.get("associationTypeId"))
            .and_then(text)
            .map(SmolStr::from),
        labels: object
            .get("labels")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .map(names),
    })
}

/// The names in a list of labels; anything else in it is left out.
fn names(labels: &[Value]) -> Box<[SmolStr]> {
    let names = labels.iter().filter_map(Value::as_str);
    let names = names.filter(|name| !name.is_empty()).take(MAX_LABELS);
    names
        .map(|name| shortened(name, MAX_TEXT_CHARS).into())
        .collect()
}

/// How much more of a reply's errors may be kept. A reply may have more errors than a file has rows, and the kept ones
/// are compared with the rows.
struct Room {
    pub(crate) errors: usize,
    texts: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            errors: MAX_ERRORS,
            texts: MAX_CONTEXT_TEXTS,
        }
    }
}

impl Room {
    /// Parses an entry of `errors` with its nested errors; `None` once enough are kept.
    fn entry(&mut self, value: &Value) -> Option<Entry> {
        let mut entry = self.entry_alone(value)?;
        self.add_details(value, &mut entry.details);
        Some(entry)
    }

    /// Appends nested errors, each before its own nested errors.
    fn add_details(&mut self, value: &Value, details: &mut Vec<Entry>) {
        for value in items(value.as_object().and_then(|object| object.get("errors"))) {
            let Some(entry) = self.entry_alone(value) else {
                break;
            };
            details.push(entry);
            self.add_details(value, details);
        }
    }

    fn entry_alone(&mut self, value: &Value) -> Option<Entry> {
        self.errors = self.errors.checked_sub(1)?;
        Some(match value {
            Value::Object(object) => self.read_entry(object),
            // An older API listed plain strings. Any other value in the list also counts: the list is not empty.
            other => Entry {
                message: text(other),
                ..Entry::default()
            },
        })
    }

    fn read_entry(&mut self, object: &Map<String, Value>) -> Entry {
        let field = |name: &str| {
            object
                .get(name)
                .and_then(text)
                .filter(|text| !text.is_empty())
        };
        let word = |name: &str| field(name).map(|text| shortened(&text, MAX_WORD_CHARS));
        Entry {
            category: word("category"),
            sub_category: object
                .get("subCategory")
                .and_then(sub_category)
                .map(|text| shortened(&text, MAX_WORD_CHARS)),
            error_type: word("errorType"),
            policy_name: word("policyName"),
            message: field("message"),
            code: word("code"),
            field: word("in"),
            context: match object.get("context") {
                Some(Value::Object(context)) => context
                    .iter()
                    .map(|(key, values)| (key, self.texts(values)))
                    .filter(|(_, values)| !values.is_empty())
                    .map(|(key, values)| (shortened(key, MAX_WORD_CHARS), values))
                    .collect(),
                _ => Vec::new(),
            },
            details: Vec::new(),
        }
    }

    fn texts(&mut self, value: &Value) -> Vec<String> {
        let texts: Vec<String> = match value {
            Value::Array(values) => values.iter().filter_map(text).take(self.texts).collect(),
            other => text(other).into_iter().take(self.texts).collect(),
        };
        self.texts -= texts.len();
        texts
    }
}

/// A sub-category as a word. For an object with a single text, that text; any other object is kept as JSON.
fn sub_category(value: &Value) -> Option<String> {
    let text = match value {
        Value::Object(object) => {
            let mut texts = object.values().filter_map(Value::as_str);
            match (texts.next(), texts.next()) {
                (Some(only), None) => Some(shortened(only, MAX_TEXT_CHARS)),
                _ if object.is_empty() => None,
                _ => text(value),
            }
        }
        other => text(other),
    };
    text.filter(|text| !text.is_empty())
}

/// A scalar as text, a nested value as compact JSON, `null` as nothing.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(shortened(text, MAX_TEXT_CHARS)),
        other => Some(shortened(&other.to_string(), MAX_TEXT_CHARS)),
    }
}

fn shortened(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = text.char_indices().nth(max);
    text[..end.map_or(text.len(), |(end, _)| end)].to_owned()
}

/// `numErrors`: a count, as a number or as a string. A negative number is not a count, so it is absent; any other
/// value that is not a count does not mean "no errors".
pub(crate) fn count(value: &Value) -> Option<u64> {
    let text = text(value)?;
    let text = text.trim();
    let is_negative = text.starts_with('-') && text.parse::<f64>().is_ok();
    (!is_negative).then(|| text.parse().unwrap_or(1))
}
