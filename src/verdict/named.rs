//! Which pairs do a reply's errors name? Pure.
//!
//! An error names records by their ids, in its context, and says more or less clearly on which side of a pair
//! they stand. It is about the pairs that hold such an id on that side, and about no others.

use std::collections::HashMap;

use crate::api::{Entry, Envelope};
use crate::pair::{ObjectType, Pair, RecordId};

/// Where in a pair a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Side {
    From,
    To,
}

/// An error of a reply, and the ids that it asks for on both sides at once, if it names a pair.
struct About<'e> {
    entry: &'e Entry,
    is_pair: bool,
}

/// The records that a reply's errors name.
pub(super) struct Named<'e> {
    errors: Vec<About<'e>>,
    /// By side and id: which errors name it.
    by_record: HashMap<(Side, u128), Vec<usize>>,
}

impl<'e> Named<'e> {
    /// `open` are the pairs that the errors may be about.
    pub(super) fn of(envelope: &'e Envelope, open: &[&Pair]) -> Self {
        let mut named = Self {
            errors: Vec::new(),
            by_record: HashMap::new(),
        };
        let sides = Sides::of(open);
        for entry in envelope.entries() {
            let index = named.errors.len();
            let mut keys = [false; 2];
            for (key, values) in &entry.context {
                let Some(kind) = IdKey::of(key) else { continue };
                keys[0] |= kind == IdKey::On(Side::From);
                keys[1] |= kind == IdKey::On(Side::To);
                for value in values {
                    let Some((id, type_name)) = kind.read(value) else {
                        continue;
                    };
                    let number = id.number();
                    for side in sides.of_id(kind, entry, type_name, number) {
                        let errors = named.by_record.entry((side, number)).or_default();
                        if errors.last() != Some(&index) {
                            errors.push(index);
                        }
                    }
                }
            }
            named.errors.push(About {
                entry,
                is_pair: keys == [true; 2],
            });
        }
        named
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_record.is_empty()
    }

    /// The errors about `pair`, each with no other ids than the pair's.
    pub(super) fn entries_about(&self, pair: &Pair) -> Vec<Entry> {
        let errors_of = |side: Side, id: &RecordId| -> &[usize] {
            self.by_record
                .get(&(side, id.number()))
                .map_or(&[], Vec::as_slice)
        };
        let from = errors_of(Side::From, &pair.from.id);
        let to = errors_of(Side::To, &pair.to.id);
        let mut about: Vec<usize> = from
            .iter()
            .chain(to)
            .copied()
            .filter(|index| {
                !self.errors[*index].is_pair || from.contains(index) && to.contains(index)
            })
            .collect();
        about.sort_unstable();
        about.dedup();
        about
            .into_iter()
            .map(|index| without_others(self.errors[index].entry, pair))
            .collect()
    }
}

/// A key of a context under which ids stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IdKey {
    /// `fromObjectId`, `toObjectId`.
    On(Side),
    /// `id`, `ids`, `objectId`.
    Any,
    /// `INVALID_OBJECT_IDS`: `CONTACT=17 is not valid`.
    Sentence,
}

impl IdKey {
    fn of(key: &str) -> Option<Self> {
        match key {
            "fromObjectId" | "fromObjectIds" => Some(Self::On(Side::From)),
            "toObjectId" | "toObjectIds" => Some(Self::On(Side::To)),
            "id" | "ids" | "objectId" | "objectIds" => Some(Self::Any),
            "INVALID_OBJECT_IDS" => Some(Self::Sentence),
            _ => None,
        }
    }

    /// The id in a value, and the name of its type if that stands beside it.
    fn read(self, value: &str) -> Option<(RecordId, Option<&str>)> {
        if self != Self::Sentence {
            return Some((RecordId::new(value.trim())?, None));
        }
        let (type_name, rest) = value.trim().split_once('=')?;
        let id = rest.split(' ').next()?;
        Some((RecordId::new(id)?, Some(type_name)))
    }
}

/// What tells on which side an id stands.
struct Sides {
    types: Option<[String; 2]>,
    is_same_type: bool,
    /// The ids on each side.
    ids: [std::collections::HashSet<u128>; 2],
}

impl Sides {
    fn of(open: &[&Pair]) -> Self {
        let types = open
            .first()
            .map(|pair| [&pair.from.object_type, &pair.to.object_type].map(ObjectType::as_str))
            .map(|types| types.map(plain_name));
        Self {
            is_same_type: types.as_ref().is_some_and(|[from, to]| from == to),
            types,
            ids: [
                open.iter().map(|pair| pair.from.id.number()).collect(),
                open.iter().map(|pair| pair.to.id.number()).collect(),
            ],
        }
    }

    /// The sides on which an error means this id.
    fn of_id(&self, kind: IdKey, entry: &Entry, type_name: Option<&str>, id: u128) -> Vec<Side> {
        if let IdKey::On(side) = kind {
            return vec![side];
        }
        if type_name.is_none()
            && let Some(side) = side_in_words(entry)
        {
            return vec![side];
        }
        let both = [Side::From, Side::To];
        if self.is_same_type {
            return both.to_vec();
        }
        let told = match type_name {
            Some(name) => self.side_of_type(name),
            None => self.side_of_types(entry),
        };
        if let Some(side) = told {
            return vec![side];
        }
        // Which side is meant cannot be told: unless the id stands on one only, nothing is guessed.
        let holds = |side: &Side| self.ids[*side as usize].contains(&id);
        match both.into_iter().filter(holds).collect::<Vec<_>>() {
            one if one.len() == 1 => one,
            _ => Vec::new(),
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

    /// The side of which all the types that the error names are.
    fn side_of_types(&self, entry: &Entry) -> Option<Side> {
        let (_, names) = entry.context.iter().find(|(key, _)| key == "objectType")?;
        let mut sides = names.iter().map(|name| self.side_of_type(name));
        let first = sides.next()??;
        sides.all(|side| side == Some(first)).then_some(first)
    }
}

/// `crm.associations.FROM_OBJECT_NOT_FOUND` says the side.
fn side_in_words(entry: &Entry) -> Option<Side> {
    let words = entry.sub_category.iter().chain(&entry.category);
    words.into_iter().find_map(|words| {
        let word = words.rsplit('.').next()?;
        if word.starts_with("FROM_") {
            Some(Side::From)
        } else if word.starts_with("TO_") {
            Some(Side::To)
        } else {
            None
        }
    })
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

/// A type's name in one spelling: small letters, singular, no number where there is a name.
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

/// The error as far as it is about this pair. Lists of ids, sentences and types of other records go.
fn without_others(entry: &Entry, pair: &Pair) -> Entry {
    let context = entry
        .context
        .iter()
        .map(|(key, values)| {
            let kind = IdKey::of(key);
            let is_own = |value: &&String| match kind.and_then(|kind| kind.read(value)) {
                Some((id, _)) => {
                    let number = id.number();
                    number == pair.from.id.number() || number == pair.to.id.number()
                }
                None => kind.is_none(),
            };
            let mut own: Vec<String> = Vec::new();
            for value in values.iter().filter(is_own) {
                if !own.contains(value) {
                    own.push(value.clone());
                }
            }
            (key.clone(), own)
        })
        .filter(|(_, values)| !values.is_empty())
        .collect();
    Entry {
        context,
        ..entry.clone()
    }
}
