//! Turns a row with keys, and the answers of its keys, into a pair, or into the reason why there is none. Pure.

use jiff::Timestamp;
use std::fmt::Write as _;
use std::time::Duration;

use crate::domain::category::Category;
use crate::domain::keyed_pair::{KeyedPair, RecordName};
use crate::domain::outcome::{Details, Outcome, OutcomeKind, RowTarget};
use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};
use crate::domain::property_name::PropertyName;
use crate::domain::row_keys::RowKeys;
use crate::lookup::result::{Answer, MAX_CANDIDATES};
use crate::text::excerpt;
use crate::verdict::sanitize::sanitize;

/// Characters of a key that a message shows.
const MAX_SHOWN_KEY: usize = 200;

/// A row with keys, once they have their answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// Both records are known.
    Pair(Pair, Box<RowKeys>),
    /// A record is not known: the row ends so.
    Unknown(Box<Outcome>),
}

/// A side of a pair.
enum Side {
    Known(Record),
    Unknown(OutcomeKind, Details),
}

/// Resolves a row. `properties` are those that its keys are values of.
pub(crate) fn resolve(
    row: RowKey,
    pair: KeyedPair,
    answers: [Option<Answer>; 2],
    properties: [Option<&PropertyName>; 2],
    now: Timestamp,
) -> Resolved {
    let mut keys = Box::new(pair.keys());
    let cells = [&mut keys.from, &mut keys.to];
    for (key, answer) in cells.into_iter().zip(&answers) {
        if let (Some(key), Some(Answer::Found { kind, .. })) = (key, answer) {
            key.matched = Some(*kind);
        }
    }
    let [from, to] = [pair.from, pair.to];
    let types = [from.object_type().clone(), to.object_type().clone()];
    let [from_answer, to_answer] = answers;
    let [from_property, to_property] = properties;
    match (
        side(from, from_answer, from_property),
        side(to, to_answer, to_property),
    ) {
        (Side::Known(from), Side::Known(to)) => Resolved::Pair(Pair { from, to }, keys),
        (from, to) => {
            let ids = [&from, &to].map(|side| match side {
                Side::Known(record) => record.id.to_string(),
                Side::Unknown(..) => String::new(),
            });
            let (kind, details) = combined([from, to]);
            let [from_type, to_type] = types.map(|object_type| object_type.to_string());
            let [from_id, to_id] = ids;
            Resolved::Unknown(Box::new(Outcome {
                key: row,
                target: RowTarget::Raw([from_type, from_id, to_type, to_id]),
                keys: Some(keys),
                kind,
                details,
                attempts: 0,
                duration: Duration::ZERO,
                finished_at: now,
                existed_before: None,
                labels: None,
                proof: None,
            }))
        }
    }
}

/// The category of an outcome whose key no record has.
pub(crate) fn is_not_found(outcome: &Outcome) -> bool {
    has(outcome, Category::KeyNotFound)
}

/// Whether the answer to a key alone decided an outcome, and not a refusal or failure of the API.
pub(crate) fn is_about_keys(outcome: &Outcome) -> bool {
    is_not_found(outcome) || has(outcome, Category::KeyAmbiguous)
}

fn has(outcome: &Outcome, category: Category) -> bool {
    let mut categories = outcome.details.categories.iter();
    categories.any(|found| found == category.as_str())
}

fn side(name: RecordName, answer: Option<Answer>, property: Option<&PropertyName>) -> Side {
    let (object_type, cell) = match name {
        RecordName::Id(record) => return Side::Known(record),
        RecordName::Key { object_type, cell } => (object_type, cell),
    };
    let property = property.map_or("", PropertyName::as_str);
    let shown = || {
        let cell = excerpt(&cell, MAX_SHOWN_KEY);
        format!("`{property}` `{cell}` of {object_type}")
    };
    let local = |category: Category, message: String| Details {
        num_errors: 1,
        categories: vec![category.as_str().to_owned()],
        message,
        ..Details::default()
    };
    match answer {
        Some(Answer::Found { id, .. }) => match RecordId::new(itoa::Buffer::new().format(id)) {
            Some(id) => Side::Known(Record { object_type, id }),
            None => Side::Unknown(
                OutcomeKind::Rejected,
                local(Category::KeyNotFound, format!("{}: no usable id", shown())),
            ),
        },
        Some(Answer::NotFound) => {
            let message = format!("no record has the {}", shown());
            let details = local(Category::KeyNotFound, message);
            Side::Unknown(OutcomeKind::Rejected, details)
        }
        Some(Answer::Ambiguous(ids)) => {
            let message = ambiguous(&shown(), &ids);
            let details = local(Category::KeyAmbiguous, message);
            Side::Unknown(OutcomeKind::Rejected, details)
        }
        Some(Answer::Refused(details)) => {
            Side::Unknown(OutcomeKind::Rejected, Details::clone(&details))
        }
        Some(Answer::Failed(details)) => {
            Side::Unknown(OutcomeKind::Failed, Details::clone(&details))
        }
        None => Side::Unknown(
            OutcomeKind::Invalid,
            local(
                Category::InvalidRow,
                format!("the {} cannot be looked up", shown()),
            ),
        ),
    }
}

fn ambiguous(key: &str, ids: &[u64]) -> String {
    let mut message = if ids.len() < MAX_CANDIDATES {
        format!("{} records have the {key}: ", ids.len())
    } else {
        format!("at least {MAX_CANDIDATES} records have the {key}: ")
    };
    for (place, id) in ids.iter().enumerate() {
        let separator = if place == 0 { "" } else { ", " };
        let _infallible = write!(message, "{separator}{id}");
    }
    message
}

/// The outcome of a row with one or two sides that are not known. A side that has a definite answer decides: asking for the
/// other one again would not help.
fn combined(sides: [Side; 2]) -> (OutcomeKind, Details) {
    let mut unknown: Vec<_> = sides
        .into_iter()
        .filter_map(|side| match side {
            Side::Known(_) => None,
            Side::Unknown(kind, details) => Some((kind, details)),
        })
        .collect();
    if unknown.iter().any(|(kind, _)| *kind != OutcomeKind::Failed) {
        unknown.retain(|(kind, _)| *kind != OutcomeKind::Failed);
    }
    let mut unknown = unknown.into_iter();
    let Some((kind, mut details)) = unknown.next() else {
        return (OutcomeKind::Failed, Details::default());
    };
    for (_, other) in unknown {
        let is_same = details == other;
        details.num_errors += other.num_errors;
        details.http_status = details.http_status.or(other.http_status);
        details.correlation_id = details.correlation_id.or(other.correlation_id);
        for category in other.categories {
            if !details.categories.contains(&category) {
                details.categories.push(category);
            }
        }
        if !is_same {
            details.message.push_str("; ");
            details.message.push_str(&other.message);
        }
    }
    sanitize(&mut details);
    (kind, details)
}

/// The property of a side of a pair, with the type of its record.
pub(crate) fn keys_of(pair: &KeyedPair) -> [Option<(&ObjectType, &str)>; 2] {
    [&pair.from, &pair.to].map(|name| match name {
        RecordName::Id(_) => None,
        RecordName::Key { object_type, cell } => Some((object_type, &**cell)),
    })
}
