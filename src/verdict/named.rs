//! Which pairs do a reply's errors name? Pure.
//!
//! An error names records by their ids, in its context or in that of an error inside it, and says more or less clearly
//! on which side of a pair they stand. Where it says that a record itself is at fault, it is about every pair that
//! holds the record on that side. Otherwise it is about a pair only if it names both of its records, or one record
//! that no other pair holds: a record of a refused pair may be good in other pairs.

use std::collections::HashMap;

use crate::api::{Entry, Envelope};
use crate::pair::{ObjectType, Pair, RecordId};

/// Where in a pair a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Side {
    From,
    To,
}

/// How sure it is that a record is itself at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// Nothing says so.
    Unsaid,
    /// The error says it of a record, and may mean one of the two that it names.
    Likely,
    /// The error says it of this record.
    Certain,
}

impl Fault {
    /// Of a record on `side`. `in_sentence` says whether it is called not valid there; `named` is the side whose record
    /// the error calls at fault; `missing` says whether it calls some record missing.
    fn of(in_sentence: bool, side: Side, named: Option<Side>, missing: bool) -> Self {
        if in_sentence || named == Some(side) {
            Self::Certain
        } else if missing && named.is_none() {
            Self::Likely
        } else {
            Self::Unsaid
        }
    }
}

/// An error that names a record.
#[derive(Clone, Copy, Debug)]
struct Mention {
    unit: usize,
    fault: Fault,
}

/// An error of a reply, be it inside another one.
struct Unit<'e> {
    entry: &'e Entry,
    /// Whether it names any id.
    has_ids: bool,
    /// Whether it names ids on both sides at once.
    is_pair: bool,
    /// Whether it can only mean one record of a pair: all its ids stand on one side.
    is_one_sided: bool,
}

/// The records that a reply's errors name.
pub(super) struct Named<'e> {
    /// The outer error, and where its units begin; those of the errors inside it follow.
    groups: Vec<(&'e Entry, usize)>,
    units: Vec<Unit<'e>>,
    /// By side and id: which errors name it.
    by_record: HashMap<(Side, u128), Vec<Mention>>,
    sides: Sides,
}

impl<'e> Named<'e> {
    /// `open` are the pairs that the errors may be about.
    pub(super) fn of(envelope: &'e Envelope, open: &[&Pair]) -> Self {
        let mut named = Self {
            groups: Vec::new(),
            units: Vec::new(),
            by_record: HashMap::new(),
            sides: Sides::of(open),
        };
        let top = &envelope.top;
        named.groups.push((top, 0));
        named.add(top, only(&envelope.errors), None);
        for error in &envelope.errors {
            named.groups.push((error, named.units.len()));
            named.add(error, only(&error.details), Some(top));
            for detail in &error.details {
                named.add(detail, Some(error), Some(top));
            }
        }
        named.find_pairs(open);
        named
    }

    /// Adds an error. What it does not say itself, `near` may say, or `far`: the errors around or inside it.
    fn add(&mut self, entry: &'e Entry, near: Option<&Entry>, far: Option<&Entry>) {
        let index = self.units.len();
        let said = [Some(entry), near, far];
        let said: Vec<&Entry> = said.into_iter().flatten().collect();
        let fault_words = said.iter().any(|entry| says_record_is_missing(entry));
        let fault_side = said.iter().find_map(|entry| side_in_words(entry));
        let side = fault_side.or_else(|| said.iter().find_map(|entry| side_of_field(entry)));
        let mut keys = [false; 2];
        let mut sides = [false; 2];
        let (mut has_ids, mut has_stranger) = (false, false);
        for (key, values) in &entry.context {
            let Some(kind) = IdKey::of(key) else { continue };
            keys[0] |= kind == IdKey::On(Side::From);
            keys[1] |= kind == IdKey::On(Side::To);
            for value in values {
                let Some((id, type_name)) = kind.read(value) else {
                    continue;
                };
                has_ids = true;
                let number = id.number();
                let found = self.sides.of_id(kind, side, &said, type_name, number);
                let mut is_known = false;
                for side in found {
                    if self.sides.pairs_with(side, number) == 0 {
                        continue;
                    }
                    is_known = true;
                    sides[side as usize] = true;
                    let fault = Fault::of(kind == IdKey::Sentence, side, fault_side, fault_words);
                    self.mention(side, number, Mention { unit: index, fault });
                }
                has_stranger |= !is_known;
            }
        }
        let is_pair = keys == [true; 2];
        self.units.push(Unit {
            entry,
            has_ids,
            is_pair,
            is_one_sided: !is_pair && !has_stranger && sides != [true; 2],
        });
    }

    fn mention(&mut self, side: Side, id: u128, mention: Mention) {
        let mentions = self.by_record.entry((side, id)).or_default();
        match mentions.last_mut() {
            Some(last) if last.unit == mention.unit => last.fault = last.fault.max(mention.fault),
            _ => mentions.push(mention),
        }
    }

    /// Finds the errors that name both records of a pair.
    fn find_pairs(&mut self, open: &[&Pair]) {
        for pair in open {
            let [from, to] = [(Side::From, &pair.from.id), (Side::To, &pair.to.id)]
                .map(|(side, id)| self.by_record.get(&(side, id.number())));
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            for mention in from {
                self.units[mention.unit].is_pair |= find(to, mention.unit).is_some();
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_record.is_empty()
    }

    /// The errors about `pair`, each with no other ids than the pair's.
    pub(super) fn entries_about(&self, pair: &Pair) -> Vec<Entry> {
        let about = self.units_about(pair);
        if about.is_empty() {
            return Vec::new();
        }
        let is_about = |unit: usize| about.binary_search(&unit).is_ok();
        let belongs = |unit: usize| is_about(unit) || !self.units[unit].has_ids;
        let mut entries = Vec::new();
        let top_is_about = is_about(0);
        for &(outer, first) in &self.groups {
            let details = first + 1..first + 1 + outer.details.len();
            // What a reply says of the pair at its top level, errors without any id may explain.
            let explains =
                top_is_about && first > 0 && details.clone().all(belongs) && belongs(first);
            if !(explains || is_about(first) || details.clone().any(is_about)) {
                continue;
            }
            let mut entry = without_others(outer, pair);
            entry.details = details
                .filter(|&unit| belongs(unit))
                .map(|unit| without_others(self.units[unit].entry, pair))
                .collect();
            entries.push(entry);
        }
        entries
    }

    /// The errors about `pair`, in their order.
    fn units_about(&self, pair: &Pair) -> Vec<usize> {
        let of = |side: Side, id: &RecordId| {
            let number = id.number();
            let mentions = self.by_record.get(&(side, number));
            (
                mentions.map_or(&[][..], Vec::as_slice),
                self.sides.pairs_with(side, number) == 1,
            )
        };
        let (from, from_is_alone) = of(Side::From, &pair.from.id);
        let (to, to_is_alone) = of(Side::To, &pair.to.id);
        let mut about = Vec::new();
        for mention in from {
            let other = find(to, mention.unit);
            let is_about = match other {
                Some(_) => true,
                None => self.means_pairs_of(mention, from_is_alone),
            };
            if is_about {
                about.push(mention.unit);
            }
        }
        for mention in to {
            if find(from, mention.unit).is_none() && self.means_pairs_of(mention, to_is_alone) {
                about.push(mention.unit);
            }
        }
        about.sort_unstable();
        about
    }

    /// Whether an error that names one record of a pair is about the pair. `is_alone` says whether no other pair
    /// holds the record there.
    fn means_pairs_of(&self, mention: &Mention, is_alone: bool) -> bool {
        let unit = &self.units[mention.unit];
        match mention.fault {
            Fault::Certain => true,
            Fault::Likely if !unit.is_pair => true,
            Fault::Likely | Fault::Unsaid => is_alone && unit.is_one_sided,
        }
    }
}

/// The mention by this error. They stand in the order of the errors.
fn find(mentions: &[Mention], unit: usize) -> Option<&Mention> {
    let place = mentions.binary_search_by_key(&unit, |mention| mention.unit);
    place.ok().map(|place| &mentions[place])
}

/// The only one of a list.
fn only(entries: &[Entry]) -> Option<&Entry> {
    match entries {
        [only] => Some(only),
        _ => None,
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
    /// The ids on each side, and how many pairs hold each.
    ids: [HashMap<u128, usize>; 2],
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
                counted(open.iter().map(|pair| pair.from.id.number())),
                counted(open.iter().map(|pair| pair.to.id.number())),
            ],
        }
    }

    /// How many pairs hold this record on this side.
    fn pairs_with(&self, side: Side, id: u128) -> usize {
        self.ids[side as usize]
            .get(&id)
            .copied()
            .unwrap_or_default()
    }

    /// The sides on which an error means this id. `side` is the one that it names in words; `said` are the error and
    /// those around and inside it.
    fn of_id(
        &self,
        kind: IdKey,
        side: Option<Side>,
        said: &[&Entry],
        type_name: Option<&str>,
        id: u128,
    ) -> Vec<Side> {
        if let IdKey::On(side) = kind {
            return vec![side];
        }
        if type_name.is_none()
            && let Some(side) = side
        {
            return vec![side];
        }
        let both = [Side::From, Side::To];
        if self.is_same_type {
            return both.to_vec();
        }
        let told = match type_name {
            Some(name) => self.side_of_type(name),
            None => said.iter().find_map(|entry| self.side_of_types(entry)),
        };
        if let Some(side) = told {
            return vec![side];
        }
        // Which side is meant cannot be told: unless the id stands on one only, nothing is guessed.
        let holds = |side: &Side| self.pairs_with(*side, id) > 0;
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

fn counted(ids: impl Iterator<Item = u128>) -> HashMap<u128, usize> {
    let mut counts = HashMap::new();
    for id in ids {
        *counts.entry(id).or_default() += 1;
    }
    counts
}

/// The words in which an error says what is wrong: `crm.associations.FROM_OBJECT_NOT_FOUND` without its path.
fn words(entry: &Entry) -> impl Iterator<Item = &str> {
    let words = [&entry.sub_category, &entry.code, &entry.category];
    words
        .into_iter()
        .flatten()
        .filter_map(|word| word.rsplit('.').next())
}

/// `FROM_OBJECT_NOT_FOUND` says the side, and that the record there is at fault.
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

/// A field such as `fromObjectId`, `inputs[3].to.id` says the side.
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

/// Whether an error says that a record is not there, which is so in every pair that holds it.
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
        category: entry.category.clone(),
        sub_category: entry.sub_category.clone(),
        error_type: entry.error_type.clone(),
        policy_name: entry.policy_name.clone(),
        message: entry.message.clone(),
        code: entry.code.clone(),
        field: entry.field.clone(),
        context,
        details: Vec::new(),
    }
}
