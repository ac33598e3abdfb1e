//! Reference implementation for tests: which errors are about a pair, checked for each pair and error
//! separately. Far too slow for a large reply.

use crate::api::response::body::Body;
use crate::api::response::envelope::{Entry, Envelope};
use crate::api::response::headers::{Answer, ReplyHeaders};
use crate::domain::fixtures::LabelledPair;
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::Details;
use crate::domain::pair::Pair;
use crate::verdict::batch::sides::{Clues, IdKey, Side, Sides};
use crate::verdict::describe::describe_refusal;
use crate::verdict::sanitize::sanitize;

/// An error, and the errors that contain it and that it contains.
struct Error<'e> {
    entry: &'e Entry,
    clues: Clues,
}

/// How certain it is that a record is at fault: 0 not stated, 1 likely, 2 certain.
type Fault = u8;

pub(super) struct Definition<'e> {
    envelope: &'e Envelope,
    open: Vec<&'e LabelledPair>,
    sides: Sides,
    /// Each outer error with its inner errors; the top level comes first.
    groups: Vec<Vec<Error<'e>>>,
}

impl<'e> Definition<'e> {
    pub(super) fn of(envelope: &'e Envelope, open: Vec<&'e LabelledPair>) -> Self {
        let sides = Sides::of(open.iter().map(LinkRequest::pair));
        let only = |list: &'e [Entry]| {
            if list.len() == 1 {
                Some(&list[0])
            } else {
                None
            }
        };
        let join = |results: &[Option<&Entry>]| {
            results
                .iter()
                .flatten()
                .fold(Clues::default(), |clues, entry| {
                    clues.or(Clues::of(entry, &sides))
                })
        };
        let top = &envelope.top;
        let mut groups = vec![vec![Error {
            entry: top,
            clues: join(&[Some(top), only(&envelope.errors)]),
        }]];
        for error in &envelope.errors {
            let outer = Error {
                entry: error,
                clues: join(&[Some(error), only(&error.details), Some(top)]),
            };
            let inner = error.details.iter().map(|detail| Error {
                entry: detail,
                clues: join(&[Some(detail), Some(error), Some(top)]),
            });
            groups.push(std::iter::once(outer).chain(inner).collect());
        }
        Self {
            envelope,
            open,
            sides,
            groups,
        }
    }

    /// The details for a pair, if any error is about it.
    pub(super) fn details(&self, row: &LabelledPair) -> Option<Details> {
        let top_is_about = self.is_about(&self.groups[0][0], row);
        let mut errors = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            let belongs =
                |error: &Error<'_>| self.is_about(error, row) || !self.is_specific(error.entry);
            let explains = top_is_about && index > 0 && group.iter().all(belongs);
            if explains || group.iter().any(|error| self.is_about(error, row)) {
                let mut outer = self.without_others(group[0].entry, row);
                let inner = group[1..].iter().filter(|error| belongs(error));
                outer.details = inner
                    .map(|error| self.without_others(error.entry, row))
                    .collect();
                let has_category =
                    |entry: &Entry| entry.category.is_some() || entry.error_type.is_some();
                if !has_category(&outer) && !outer.details.iter().any(has_category) {
                    outer.category.clone_from(&self.envelope.top.category);
                }
                errors.push(outer);
            }
        }
        let envelope = Envelope {
            errors,
            ..Envelope::default()
        };
        (!envelope.errors.is_empty()).then(|| {
            let mut details = describe_refusal(&Answer {
                status: 400,
                headers: ReplyHeaders::default(),
                body: Body::Json(Box::new(envelope)),
            });
            sanitize(&mut details);
            details
        })
    }

    fn is_about(&self, error: &Error<'_>, row: &LabelledPair) -> bool {
        let pair = row.pair();
        if self.names_invalid_type_of(error.entry, row) {
            return true;
        }
        let [from, to] = [
            self.fault(error, Side::From, pair.from.id.number()),
            self.fault(error, Side::To, pair.to.id.number()),
        ];
        let is_alone = |side: Side| {
            let id_of = |pair: &Pair| match side {
                Side::From => pair.from.id.number(),
                Side::To => pair.to.id.number(),
            };
            self.open
                .iter()
                .filter(|other| id_of(other.pair()) == id_of(pair))
                .count()
                == 1
        };
        let means = |fault: Fault, side: Side| match fault {
            2 => true,
            1 if !self.is_pair(error) => true,
            _ => is_alone(side) && self.is_one_sided(error),
        };
        match (from, to) {
            (Some(_), Some(_)) => true,
            (Some(fault), None) => means(fault, Side::From),
            (None, Some(fault)) => means(fault, Side::To),
            (None, None) => false,
        }
    }

    /// How certain it is that the error is about the record with this id on this side; `None` if it does
    /// not name it.
    fn fault(&self, error: &Error<'_>, side: Side, id: u128) -> Option<Fault> {
        let is_known = self.sides.record(side, id).is_some();
        ids(error.entry)
            .filter(|(kind, other, type_name)| {
                let meant = self.sides.of_id(*kind, error.clues, *type_name, *other);
                *other == id && meant[side as usize]
            })
            .filter(|_| is_known)
            .map(|(kind, _, _)| match error.clues.fault_side {
                _ if kind == IdKey::Sentence => 2,
                Some(named) if named == side => 2,
                None if error.clues.is_missing => 1,
                _ => 0,
            })
            .max()
    }

    fn is_pair(&self, error: &Error<'_>) -> bool {
        let keys = |side| {
            error
                .entry
                .context
                .iter()
                .any(|(key, _)| IdKey::of(key) == Some(IdKey::On(side)))
        };
        keys(Side::From) && keys(Side::To)
            || self.open.iter().any(|row| {
                let pair = row.pair();
                self.fault(error, Side::From, pair.from.id.number())
                    .is_some()
                    && self.fault(error, Side::To, pair.to.id.number()).is_some()
            })
    }

    fn is_one_sided(&self, error: &Error<'_>) -> bool {
        let keys = |side| {
            error
                .entry
                .context
                .iter()
                .any(|(key, _)| IdKey::of(key) == Some(IdKey::On(side)))
        };
        let sides_of = |id: u128| Side::BOTH.map(|side| self.fault(error, side, id).is_some());
        let known: Vec<_> = ids(error.entry).map(|(_, id, _)| sides_of(id)).collect();
        let is_pair = keys(Side::From) && keys(Side::To);
        let strangers = ids(error.entry).any(|(kind, id, type_name)| {
            let meant = self.sides.of_id(kind, error.clues, type_name, id);
            Side::BOTH
                .into_iter()
                .all(|side| !meant[side as usize] || self.sides.record(side, id).is_none())
        });
        let on = |side: Side| known.iter().any(|sides| sides[side as usize]);
        let is_two_sided = on(Side::From) && on(Side::To);
        !(is_pair || strangers || is_two_sided)
    }

    /// Whether the error names no id, and calls a type invalid that is sent with the pair.
    fn names_invalid_type_of(&self, entry: &Entry, row: &LabelledPair) -> bool {
        let sent: Vec<String> = sent_types(row);
        let mut named = self.invalid_types(entry).into_iter();
        !has_ids(entry) && named.any(|name| sent.contains(&name))
    }

    /// Whether the error names any id or invalid type.
    fn is_specific(&self, entry: &Entry) -> bool {
        has_ids(entry) || !self.invalid_types(entry).is_empty()
    }

    fn has_labels(&self) -> bool {
        self.open.iter().any(|row| row.labels().is_some())
    }

    fn invalid_types(&self, entry: &Entry) -> Vec<String> {
        let names_invalid = entry
            .context
            .iter()
            .any(|(key, _)| key == "INVALID_ASSOCIATION_TYPE_ID");
        let says_invalid = entry
            .sub_category
            .as_ref()
            .is_some_and(|sub| sub.contains("INVALID_ASSOCIATION_TYPE"));
        if !self.has_labels() || !(names_invalid || says_invalid) {
            return Vec::new();
        }
        let context = entry
            .context
            .iter()
            .filter(|(key, _)| TYPE_KEYS.contains(&key.as_str()));
        context
            .flat_map(|(_, texts)| texts)
            .filter_map(|text| first_word(text))
            .collect()
    }

    /// The error, reduced to the parts about this pair.
    fn without_others(&self, entry: &Entry, row: &LabelledPair) -> Entry {
        let pair = row.pair();
        let own = [pair.from.id.number(), pair.to.id.number()];
        let sent = sent_types(row);
        let mut copy = entry.clone();
        copy.details = Vec::new();
        for (key, values) in &mut copy.context {
            let kind = IdKey::of(key);
            let is_own = |value: &String| match kind.and_then(|kind| kind.read(value)) {
                Some((id, _)) => own.contains(&id.number()),
                None if self.has_labels() && TYPE_KEYS.contains(&key.as_str()) => {
                    first_word(value).is_some_and(|name| sent.contains(&name))
                }
                None => kind.is_none(),
            };
            let mut kept: Vec<String> = Vec::new();
            for value in values.iter().filter(|value| is_own(value)) {
                if !kept.contains(value) {
                    kept.push(value.clone());
                }
            }
            *values = kept;
        }
        copy.context.retain(|(_, values)| !values.is_empty());
        copy
    }
}

const TYPE_KEYS: [&str; 2] = ["associationSpec", "INVALID_ASSOCIATION_TYPE_ID"];

/// `USER_DEFINED=3` in `USER_DEFINED=3 is not valid`.
fn first_word(text: &str) -> Option<String> {
    let word = text.split(' ').next()?;
    word.contains('=').then(|| word.to_owned())
}

fn sent_types(row: &LabelledPair) -> Vec<String> {
    let sent = row
        .labels()
        .into_iter()
        .flat_map(|labels| labels.sent.iter());
    sent.map(|label| format!("{}={}", label.category, label.type_id))
        .collect()
}

fn ids(entry: &Entry) -> impl Iterator<Item = (IdKey, u128, Option<&str>)> {
    entry.context.iter().flat_map(|(key, values)| {
        let kind = IdKey::of(key);
        values.iter().filter_map(move |value| {
            let (id, type_name) = kind?.read(value)?;
            Some((kind?, id.number(), type_name))
        })
    })
}

fn has_ids(entry: &Entry) -> bool {
    ids(entry).next().is_some()
}
