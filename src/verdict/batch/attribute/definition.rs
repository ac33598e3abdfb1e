//! Reference implementation for tests: which errors are about a pair, checked for each pair and error
//! separately. Far too slow for a large reply.

use crate::api::response::body::Body;
use crate::api::response::envelope::{Entry, Envelope};
use crate::api::response::headers::{Answer, ReplyHeaders};
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
    open: Vec<&'e Pair>,
    sides: Sides,
    /// Each outer error with its inner errors; the top level comes first.
    groups: Vec<Vec<Error<'e>>>,
}

impl<'e> Definition<'e> {
    pub(super) fn of(envelope: &'e Envelope, open: Vec<&'e Pair>) -> Self {
        let sides = Sides::of(&open);
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
    pub(super) fn details(&self, pair: &Pair) -> Option<Details> {
        let top_is_about = self.is_about(&self.groups[0][0], pair);
        let mut errors = Vec::new();
        for (index, group) in self.groups.iter().enumerate() {
            let belongs = |error: &Error<'_>| self.is_about(error, pair) || !has_ids(error.entry);
            let explains = top_is_about && index > 0 && group.iter().all(belongs);
            if explains || group.iter().any(|error| self.is_about(error, pair)) {
                let mut outer = without_others(group[0].entry, pair);
                let inner = group[1..].iter().filter(|error| belongs(error));
                outer.details = inner
                    .map(|error| without_others(error.entry, pair))
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

    fn is_about(&self, error: &Error<'_>, pair: &Pair) -> bool {
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
                .filter(|other| id_of(other) == id_of(pair))
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
            || self.open.iter().any(|pair| {
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

/// The error, reduced to the parts about this pair.
fn without_others(entry: &Entry, pair: &Pair) -> Entry {
    let own = [pair.from.id.number(), pair.to.id.number()];
    let mut copy = entry.clone();
    copy.details = Vec::new();
    for (key, values) in &mut copy.context {
        let kind = IdKey::of(key);
        let is_own = |value: &String| match kind.and_then(|kind| kind.read(value)) {
            Some((id, _)) => own.contains(&id.number()),
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
