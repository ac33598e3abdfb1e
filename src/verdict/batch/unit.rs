//! An error of a reply, reduced to what it says about one pair. Pure.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::api::response::envelope::Entry;
use crate::domain::pair::Pair;

/// Maximum number of spellings of an id that are kept per list.
const MAX_SPELLINGS: usize = 10;

/// The values under a key of an error's context.
pub(crate) enum Kept<'e> {
    /// Ids, ordered by number and position.
    Ids(Vec<Id<'e>>),
    /// Anything else, each text once.
    Texts(Vec<&'e str>),
}

/// An id in a list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id<'e> {
    pub(crate) number: u128,
    /// The text that contains it.
    pub(crate) text: &'e str,
    pub(crate) place: usize,
}

/// An error of a reply, outer or inner.
pub(crate) struct Unit<'e> {
    pub(crate) entry: &'e Entry,
    /// The index of its outermost error.
    pub(crate) group: usize,
    pub(crate) context: Vec<(&'e str, Kept<'e>)>,
    /// Whether it names any id.
    pub(crate) has_ids: bool,
    /// Whether it names ids on both sides.
    pub(crate) is_pair: bool,
    /// Whether it can only mean one record of a pair: all its ids are on one side.
    pub(crate) is_one_sided: bool,
    /// The records that it names, on each side.
    pub(crate) records: [Vec<usize>; 2],
}

/// An error, reduced to the parts about a pair.
pub(crate) struct Part<'n> {
    /// The error itself.
    pub(crate) entry: &'n Entry,
    /// The rest of its context, without ids, sentences and types of other records.
    pub(crate) context: Vec<(&'n str, Cow<'n, [&'n str]>)>,
}

impl Unit<'_> {
    /// Returns the parts of the error about a pair.
    pub(crate) fn part_about(&self, pair: &Pair) -> Part<'_> {
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

/// The texts with these two ids, from a list that is ordered by number and position.
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

/// Keeps each text once, and orders the ids by number and position.
pub(crate) fn ordered(mut ids: Vec<Id<'_>>) -> Vec<Id<'_>> {
    ids.sort_unstable();
    ids.dedup_by_key(|id| (id.number, id.text));
    ids.sort_unstable_by_key(|id| (id.number, id.place));
    ids
}

/// Each text once, in the order of first occurrence.
pub(crate) fn each_once(values: &[String]) -> Vec<&str> {
    let mut known = HashSet::with_capacity(values.len());
    let texts = values.iter().map(String::as_str);
    texts.filter(|text| known.insert(*text)).collect()
}
