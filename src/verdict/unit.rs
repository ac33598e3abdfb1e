//! One error of a reply, cut down to what it says of one pair. Pure.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::api::Entry;
use crate::pair::Pair;

/// Ways to write an id that are kept of one list.
const MAX_SPELLINGS: usize = 10;

/// What stands under a key of an error's context.
pub(super) enum Kept<'e> {
    /// Ids, ordered by number and place.
    Ids(Vec<Id<'e>>),
    /// Anything else, each text once.
    Texts(Vec<&'e str>),
}

/// An id in a list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id<'e> {
    pub(super) number: u128,
    /// What it stands in.
    pub(super) text: &'e str,
    pub(super) place: usize,
}

/// An error of a reply, be it inside another one.
pub(super) struct Unit<'e> {
    pub(super) entry: &'e Entry,
    /// The outermost error that it belongs to.
    pub(super) group: usize,
    pub(super) context: Vec<(&'e str, Kept<'e>)>,
    /// Whether it names any id.
    pub(super) has_ids: bool,
    /// Whether it names ids on both sides at once.
    pub(super) is_pair: bool,
    /// Whether it can only mean one record of a pair: all its ids stand on one side.
    pub(super) is_one_sided: bool,
    /// The records that it names, on each side.
    pub(super) records: [Vec<usize>; 2],
}

/// One error, as far as it is about a pair.
pub(super) struct Part<'n> {
    /// Its words.
    pub(super) entry: &'n Entry,
    /// What is left of its context. Lists of ids, sentences and types of other records go.
    pub(super) context: Vec<(&'n str, Cow<'n, [&'n str]>)>,
}

impl Unit<'_> {
    /// What it says of a pair.
    pub(super) fn part_about(&self, pair: &Pair) -> Part<'_> {
        let own = [pair.from.id.number(), pair.to.id.number()];
        let context = self.context.iter().filter_map(|(key, kept)| {
            let texts = match kept {
                Kept::Texts(texts) => Cow::Borrowed(texts.as_slice()),
                Kept::Ids(ids) => Cow::Owned(texts_of(ids, own)),
            };
            (!texts.is_empty()).then_some((*key, texts))
        });
        Part {
            entry: self.entry,
            context: context.collect(),
        }
    }
}

/// What stands for these two ids in a list that is ordered by number and place.
fn texts_of<'e>(ids: &[Id<'e>], own: [u128; 2]) -> Vec<&'e str> {
    let [from, to] = own;
    let numbers = if from == to { &own[..1] } else { &own[..] };
    let mut found: Vec<Id<'e>> = Vec::new();
    for number in numbers {
        let start = ids.partition_point(|id| id.number < *number);
        let same = ids[start..].iter().take_while(|id| id.number == *number);
        found.extend(same.take(MAX_SPELLINGS));
    }
    found.sort_unstable_by_key(|id| id.place);
    found.into_iter().map(|id| id.text).collect()
}

/// Keeps each text once, and orders them by number and place.
pub(super) fn ordered(mut ids: Vec<Id<'_>>) -> Vec<Id<'_>> {
    ids.sort_unstable();
    ids.dedup_by_key(|id| (id.number, id.text));
    ids.sort_unstable_by_key(|id| (id.number, id.place));
    ids
}

/// Each text once, in their order.
pub(super) fn each_once(values: &[String]) -> Vec<&str> {
    let mut known = HashSet::with_capacity(values.len());
    let texts = values.iter().map(String::as_str);
    texts.filter(|text| known.insert(*text)).collect()
}
