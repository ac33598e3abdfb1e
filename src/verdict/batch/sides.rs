//! Determines on which side of a pair the id in an error is, and whether the error says that the record
//! itself is at fault. Pure.

use std::collections::HashMap;

use crate::api::response::envelope::Entry;
use crate::domain::pair::{ObjectType, Pair, RecordId};

/// The side of a pair on which a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    From,
    To,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::From, Self::To];
}

/// A context key that contains ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdKey {
    /// `fromObjectId`, `toObjectId`.
    On(Side),
    /// `id`, `ids`, `objectId`.
    Any,
    /// `INVALID_OBJECT_IDS`: `CONTACT=17 is not valid`.
    Sentence,
}

impl IdKey {
    pub(crate) fn of(key: &str) -> Option<Self> {
        match key {
            "fromObjectId" | "fromObjectIds" => Some(Self::On(Side::From)),
            "toObjectId" | "toObjectIds" => Some(Self::On(Side::To)),
            "id" | "ids" | "objectId" | "objectIds" => Some(Self::Any),
            "INVALID_OBJECT_IDS" => Some(Self::Sentence),
            _ => None,
        }
    }

    /// The id in a value, and the name of its type if the value contains it.
    pub(crate) fn read(self, value: &str) -> Option<(RecordId, Option<&str>)> {
        if self != Self::Sentence {
            return Some((RecordId::new(value.trim())?, None));
        }
        let (type_name, rest) = value.trim().split_once('=')?;
        let id = rest.split(' ').next()?;
        Some((RecordId::new(id)?, Some(type_name)))
    }
}

/// What an error says about records besides their ids. Where it says nothing, an outer or inner error
/// may.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clues {
    /// Whether it says that some record is missing.
    pub(crate) is_missing: bool,
    /// The side whose record is at fault according to the error.
    pub(crate) fault_side: Option<Side>,
    field_side: Option<Side>,
    type_side: Option<Side>,
}

impl Clues {
    /// Computed once per error: every id in it, and every inner error, needs them.
    pub(crate) fn of(entry: &Entry, sides: &Sides) -> Self {
        Self {
            is_missing: says_record_is_missing(entry),
            fault_side: side_in_words(entry),
            field_side: side_of_field(entry),
            type_side: sides.side_of_types(entry),
        }
    }

    /// Takes from `other` what is not stated here.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            is_missing: self.is_missing || other.is_missing,
            fault_side: self.fault_side.or(other.fault_side),
            field_side: self.field_side.or(other.field_side),
            type_side: self.type_side.or(other.type_side),
        }
    }

    /// The side that the error states.
    fn side(self) -> Option<Side> {
        self.fault_side.or(self.field_side)
    }
}

/// The records of the pairs that a reply may be about, by side and id.
pub(crate) struct Sides {
    types: Option<[String; 2]>,
    is_same_type: bool,
    /// The index of each id among the ids of its side.
    records: [HashMap<u128, usize>; 2],
    /// By side and record index: the pairs with this record.
    pairs: [Vec<Vec<usize>>; 2],
    /// The record indexes of each pair.
    records_of_pairs: Vec<[usize; 2]>,
}

impl Sides {
    pub(crate) fn of<'p>(open: impl ExactSizeIterator<Item = &'p Pair>) -> Self {
        let mut open = open.peekable();
        let types = open
            .peek()
            .map(|pair| [&pair.from.object_type, &pair.to.object_type].map(ObjectType::as_str))
            .map(|types| types.map(plain_name));
        let mut sides = Self {
            is_same_type: types.as_ref().is_some_and(|[from, to]| from == to),
            types,
            records: [HashMap::new(), HashMap::new()],
            pairs: [Vec::new(), Vec::new()],
            records_of_pairs: Vec::with_capacity(open.len()),
        };
        for (index, pair) in open.enumerate() {
            let from = sides.add(Side::From, &pair.from.id, index);
            let to = sides.add(Side::To, &pair.to.id, index);
            sides.records_of_pairs.push([from, to]);
        }
        sides
    }

    fn add(&mut self, side: Side, id: &RecordId, pair: usize) -> usize {
        let pairs = &mut self.pairs[side as usize];
        let next = pairs.len();
        let record = *self.records[side as usize]
            .entry(id.number())
            .or_insert(next);
        if record == next {
            pairs.push(Vec::new());
        }
        pairs[record].push(pair);
        record
    }

    /// The index of a record, if some pair has it on this side.
    pub(crate) fn record(&self, side: Side, id: u128) -> Option<usize> {
        self.records[side as usize].get(&id).copied()
    }

    /// The number of records on this side.
    pub(crate) fn records(&self, side: Side) -> usize {
        self.pairs[side as usize].len()
    }

    /// The indexes of each pair's two records.
    pub(crate) fn records_of_pairs(&self) -> &[[usize; 2]] {
        &self.records_of_pairs
    }

    /// The pairs with this record.
    pub(crate) fn pairs(&self, side: Side, record: usize) -> &[usize] {
        &self.pairs[side as usize][record]
    }

    /// For each side, whether an error with these clues means an id on that side.
    pub(crate) fn of_id(
        &self,
        kind: IdKey,
        clues: Clues,
        type_name: Option<&str>,
        id: u128,
    ) -> [bool; 2] {
        let only = |side: Side| Side::BOTH.map(|each| each == side);
        if let IdKey::On(side) = kind {
            return only(side);
        }
        if type_name.is_none()
            && let Some(side) = clues.side()
        {
            return only(side);
        }
        if self.is_same_type {
            return [true; 2];
        }
        let stated = match type_name {
            Some(name) => self.side_of_type(name),
            None => clues.type_side,
        };
        if let Some(side) = stated {
            return only(side);
        }
        // The side is not stated: unless the id occurs on one side only, nothing is guessed.
        match Side::BOTH.map(|side| self.record(side, id).is_some()) {
            [true, true] => [false; 2],
            one_at_most => one_at_most,
        }
    }

    fn side_of_type(&self, name: &str) -> Option<Side> {
        let name = plain_name(name);
        let [from, to] = self.types.as_ref()?;
        match (*from == name, *to == name) {
            (true, false) => Some(Side::From),
            (false, true) => Some(Side::To),
            _ => None,
        }
    }

    /// The side that has all the types that the error names.
    fn side_of_types(&self, entry: &Entry) -> Option<Side> {
        let (_, names) = entry.context.iter().find(|(key, _)| key == "objectType")?;
        let mut sides = names.iter().map(|name| self.side_of_type(name));
        let first = sides.next()??;
        sides.all(|side| side == Some(first)).then_some(first)
    }
}

/// The words that describe an error: `crm.associations.FROM_OBJECT_NOT_FOUND` without its path.
pub(crate) fn words(entry: &Entry) -> impl Iterator<Item = &str> {
    let words = [&entry.sub_category, &entry.code, &entry.category];
    words
        .into_iter()
        .flatten()
        .filter_map(|word| word.rsplit('.').next())
}

/// `FROM_OBJECT_NOT_FOUND` states the side, and that the record there is at fault.
fn side_in_words(entry: &Entry) -> Option<Side> {
    words(entry).find_map(|word| {
        if word.starts_with("FROM_") {
            Some(Side::From)
        } else if word.starts_with("TO_") {
            Some(Side::To)
        } else {
            None
        }
    })
}

/// A field such as `fromObjectId` or `inputs[3].to.id` states the side.
fn side_of_field(entry: &Entry) -> Option<Side> {
    let field = entry.field.as_ref()?;
    let mut sides = field.split(['.', '/']).filter_map(|part| match part {
        "from" => Some(Side::From),
        "to" => Some(Side::To),
        part => match IdKey::of(part) {
            Some(IdKey::On(side)) => Some(side),
            _ => None,
        },
    });
    sides.next()
}

/// Whether an error says that a record does not exist, which applies to every pair with it.
fn says_record_is_missing(entry: &Entry) -> bool {
    const SIGNS: [&str; 5] = [
        "NOT_FOUND",
        "DELETED",
        "ARCHIVED",
        "NOT_EXIST",
        "INVALID_IDENTIFIER",
    ];
    words(entry).any(|word| SIGNS.iter().any(|sign| word.contains(sign)))
}

/// The types whose names and numbers are published
/// (<https://developers.hubspot.com/docs/guides/crm/understanding-the-crm>).
const NUMBERED: [(&str, &str); 13] = [
    ("0-1", "contact"),
    ("0-2", "company"),
    ("0-3", "deal"),
    ("0-5", "ticket"),
    ("0-7", "product"),
    ("0-8", "line_item"),
    ("0-27", "task"),
    ("0-46", "note"),
    ("0-47", "meeting"),
    ("0-48", "call"),
    ("0-49", "email"),
    ("0-162", "service"),
    ("0-421", "appointment"),
];

/// A type name in its normalized form: lower case, singular, and the name instead of a number where
/// there is one.
fn plain_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if let Some((_, plain)) = NUMBERED.iter().find(|(number, _)| *number == name) {
        return (*plain).to_owned();
    }
    match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => name.strip_suffix('s').unwrap_or(&name).to_owned(),
    }
}
