//! An error of a reply, reduced to what it says about one pair. Pure.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::api::response::envelope::Entry;
use crate::domain::link_request::LinkRequest;
use crate::domain::pair::Pair;
use crate::verdict::batch::named_types::NamedType;

/// Maximum number of spellings of an id, or texts about a type, that are kept per list.
const MAX_SPELLINGS: usize = 10;

/// The values under a key of an error's context.
pub(crate) enum Kept<'e> {
    /// Ids, ordered by number and position.
    Ids(Vec<Listed<'e, u128>>),
    /// Association types, ordered by type and position.
    Types(Vec<Listed<'e, NamedType<'e>>>),
    /// Anything else, each text once.
    Texts(Vec<&'e str>),
}

/// An id or a type in a list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listed<'e, K> {
    pub(crate) key: K,
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
    /// Whether it names any id, or types that it calls invalid.
    pub(crate) is_specific: bool,
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
    /// The rest of its context, without ids, sentences and types of other rows.
    pub(crate) context: Vec<(&'n str, Cow<'n, [&'n str]>)>,
}

/// An error about a pair, without ids of other pairs.
pub(crate) struct ErrorAbout<'n> {
    /// The error itself.
    pub(crate) outer: Part<'n>,
    /// Its inner errors.
    pub(crate) inner: Vec<Part<'n>>,
}

impl<'e> Unit<'e> {
    /// An error of this group, without its context.
    pub(crate) fn of(entry: &'e Entry, group: usize) -> Self {
        Self {
            entry,
            group,
            context: Vec::with_capacity(entry.context.len()),
            is_specific: false,
            is_pair: false,
            is_one_sided: false,
            records: [Vec::new(), Vec::new()],
        }
    }

    /// Returns the parts of the error about the pair of a row.
    pub(crate) fn part_about(&self, row: &impl LinkRequest) -> Part<'_> {
        let Pair { from, to } = row.pair();
        let own = [from.id.number(), to.id.number()];
        let own = if own[0] == own[1] {
            &own[..1]
        } else {
            &own[..]
        };
        let context = self.context.iter().filter_map(|(key, kept)| {
            let texts = match kept {
                Kept::Texts(texts) => Cow::Borrowed(texts.as_slice()),
                Kept::Ids(ids) => Cow::Owned(texts_of(ids, own.iter().copied())),
                Kept::Types(types) => {
                    let sent = row
                        .labels()
                        .into_iter()
                        .flat_map(|labels| labels.sent.iter());
                    Cow::Owned(texts_of(types, sent.map(NamedType::of)))
                }
            };
            (!texts.is_empty()).then_some((*key, texts))
        });
        Part {
            entry: self.entry,
            context: context.collect(),
        }
    }
}

/// The texts with these keys, from a list that is ordered by key and position.
fn texts_of<'e, K: Ord + Copy>(
    listed: &[Listed<'e, K>],
    own: impl Iterator<Item = K>,
) -> Vec<&'e str> {
    let mut found: Vec<Listed<'e, K>> = Vec::new();
    for key in own {
        let start = listed.partition_point(|other| other.key < key);
        let same = listed[start..].iter().take_while(|other| other.key == key);
        found.extend(same.take(MAX_SPELLINGS));
    }
    found.sort_unstable_by_key(|listed| listed.place);
    found.into_iter().map(|listed| listed.text).collect()
}

/// Keeps each text once, and orders the list by key and position.
pub(crate) fn ordered<K: Ord + Copy>(mut listed: Vec<Listed<'_, K>>) -> Vec<Listed<'_, K>> {
    listed.sort_unstable();
    listed.dedup_by_key(|listed| (listed.key, listed.text));
    listed.sort_unstable_by_key(|listed| (listed.key, listed.place));
    listed
}

/// Each text once, in the order of first occurrence.
pub(crate) fn each_once(values: &[String]) -> Vec<&str> {
    let mut known = HashSet::with_capacity(values.len());
    let texts = values.iter().map(String::as_str);
    texts.filter(|text| known.insert(*text)).collect()
}

/// The types in these texts.
pub(crate) fn types(values: &[String]) -> Vec<Listed<'_, NamedType<'_>>> {
    let types = values.iter().enumerate().map(|(place, text)| {
        let key = NamedType::read(text)?;
        Some(Listed { key, text, place })
    });
    types.flatten().collect()
}

/// The `max` smallest of these numbers, each once, in order.
pub(crate) fn first_of(numbers: impl Iterator<Item = usize>, max: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.truncate(max);
    numbers
}

/// The only element of a list.
pub(crate) fn only<T>(list: &[T]) -> Option<&T> {
    match list {
        [only] => Some(only),
        _ => None,
    }
}
