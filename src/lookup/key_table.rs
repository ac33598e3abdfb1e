//! The distinct keys of a run and what is known about each of them, in little memory. Pure.
//!
//! The texts stand one behind the other in one buffer, and a table of numbers finds a key by its hash. A key takes 24 bytes,
//! 5 to 10 in the table, and its text: 400,000 email addresses take about 24 MiB.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::domain::outcome::Details;
use crate::domain::row_keys::MatchKind;
use crate::lookup::result::{Answer, KeyResult};

/// The number of a key. It stays the same until the key is removed.
pub(crate) type KeyNumber = u32;

/// A free place in the table.
const FREE: u32 = u32::MAX;

/// The estimated size of a description of an error.
const DETAILS_BYTES: usize = 512;

/// How far a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// Its place is free.
    Removed,
    /// In a group that is not complete.
    Collected,
    /// In a request.
    Asked,
    /// In a request that asks once more, after it was not found.
    AskedAgain,
    /// It has its answer.
    Settled(Settled),
}

/// The kinds of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Found(MatchKind),
    NotFound,
    Ambiguous,
    Refused,
    Failed,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where its text starts.
    start: usize,
    /// An id, or the place of the candidates or details.
    value: u64,
    property: u32,
    length: u16,
    state: KeyState,
    /// Whether the first cell with this key had it in another case.
    was_folded: bool,
}

/// The keys.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    hasher: RandomState,
    texts: Vec<u8>,
    entries: Vec<Entry>,
    /// The removed entries, to be used again.
    removed: Vec<KeyNumber>,
    /// By hash: the numbers of the keys. Its length is a power of two.
    table: Vec<u32>,
    candidates: Vec<Box<[u64]>>,
    details: Vec<Arc<Details>>,
}

impl KeyTable {
    /// The number of this key; `true` if it is new, and then in state [`KeyState::Collected`].
    pub(crate) fn insert(
        &mut self,
        property: u32,
        text: &str,
        is_folded: bool,
    ) -> (KeyNumber, bool) {
        if (self.len() + 1) * 8 > self.table.len() * 7 {
            self.rebuild_table((self.table.len() * 2).max(64));
        }
        let place = self.place_of(property, text);
        if self.table[place] != FREE {
            return (self.table[place], false);
        }
        let entry = Entry {
            start: self.texts.len(),
            value: 0,
            property,
            // A key is far shorter: see `MAX_KEY_BYTES`.
            length: u16::try_from(text.len()).unwrap_or(u16::MAX),
            state: KeyState::Collected,
            was_folded: is_folded,
        };
        reserve(&mut self.texts, text.len());
        let text = &text.as_bytes()[..usize::from(entry.length)];
        self.texts.extend_from_slice(text);
        let number = if let Some(number) = self.removed.pop() {
            self.entries[number as usize] = entry;
            number
        } else {
            reserve(&mut self.entries, 1);
            self.entries.push(entry);
            // Memory ends long before the numbers do.
            KeyNumber::try_from(self.entries.len() - 1).unwrap_or(FREE)
        };
        self.table[place] = number;
        (number, true)
    }

    /// The number of keys.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.removed.len()
    }

    pub(crate) fn text(&self, key: KeyNumber) -> &str {
        let Entry { start, length, .. } = self.entries[key as usize];
        str::from_utf8(&self.texts[start..start + usize::from(length)]).unwrap_or_default()
    }

    pub(crate) fn state(&self, key: KeyNumber) -> KeyState {
        self.entries[key as usize].state
    }

    /// Whether the first cell with this key had it in another case.
    pub(crate) fn was_folded(&self, key: KeyNumber) -> bool {
        self.entries[key as usize].was_folded
    }

    pub(crate) fn property(&self, key: KeyNumber) -> u32 {
        self.entries[key as usize].property
    }

    pub(crate) fn set_state(&mut self, key: KeyNumber, state: KeyState) {
        self.entries[key as usize].state = state;
    }

    /// Stores the result of a key. [`KeyResult::Open`] is none.
    pub(crate) fn settle(&mut self, key: KeyNumber, result: KeyResult) -> Option<Settled> {
        let (settled, value) = match result {
            KeyResult::Found { id, kind } => (Settled::Found(kind), id),
            KeyResult::NotFound => (Settled::NotFound, 0),
            KeyResult::Ambiguous(ids) => {
                (Settled::Ambiguous, push(&mut self.candidates, ids.into()))
            }
            KeyResult::Refused(details) => (Settled::Refused, self.push_details(details)),
            KeyResult::Open => return None,
        };
        self.set(key, settled, value);
        Some(settled)
    }

    /// Records that the lookup of a key failed.
    pub(crate) fn fail(&mut self, key: KeyNumber, details: &Arc<Details>) {
        let value = self.push_details(Arc::clone(details));
        self.set(key, Settled::Failed, value);
    }

    /// The answer of a key, if it has one.
    pub(crate) fn answer(&self, key: KeyNumber) -> Option<Answer> {
        let Entry { state, value, .. } = self.entries[key as usize];
        let KeyState::Settled(settled) = state else {
            return None;
        };
        let place = usize::try_from(value).unwrap_or(usize::MAX);
        let details = || self.details.get(place).cloned().unwrap_or_default();
        Some(match settled {
            Settled::Found(kind) => Answer::Found { id: value, kind },
            Settled::NotFound => Answer::NotFound,
            Settled::Ambiguous => Answer::Ambiguous(
                self.candidates
                    .get(place)
                    .map(|ids| ids.to_vec())
                    .unwrap_or_default(),
            ),
            Settled::Refused => Answer::Refused(details()),
            Settled::Failed => Answer::Failed(details()),
        })
    }

    /// The memory that the keys take.
    pub(crate) fn bytes(&self) -> usize {
        let candidates: usize = self.candidates.capacity() * size_of::<Box<[u64]>>()
            + self.candidates.len() * crate::lookup::result::MAX_CANDIDATES * size_of::<u64>();
        self.texts.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + (self.removed.capacity() + self.table.capacity()) * size_of::<u32>()
            + candidates
            + self.details.len() * DETAILS_BYTES
    }

    /// Removes the settled keys that `is_used` does not keep. Those that are not settled stay.
    pub(crate) fn remove_unused(&mut self, is_used: impl Fn(KeyNumber) -> bool) {
        let texts = std::mem::take(&mut self.texts);
        let candidates = std::mem::take(&mut self.candidates);
        let details = std::mem::take(&mut self.details);
        for (number, entry) in (0..).zip(&mut self.entries) {
            if entry.state == KeyState::Removed {
                continue;
            }
            if matches!(entry.state, KeyState::Settled(_)) && !is_used(number) {
                entry.state = KeyState::Removed;
                self.removed.push(number);
                continue;
            }
            let text = &texts[entry.start..entry.start + usize::from(entry.length)];
            entry.start = self.texts.len();
            self.texts.extend_from_slice(text);
            let place = usize::try_from(entry.value).unwrap_or(usize::MAX);
            match entry.state {
                KeyState::Settled(Settled::Ambiguous) => {
                    let ids = candidates.get(place).cloned().unwrap_or_default();
                    entry.value = push(&mut self.candidates, ids);
                }
                KeyState::Settled(Settled::Refused | Settled::Failed) => {
                    let details = details.get(place).cloned().unwrap_or_default();
                    entry.value = push(&mut self.details, details);
                }
                _ => {}
            }
        }
        self.drop_removed_at_end();
        let length = ((self.len() + 1) * 8 / 7).next_power_of_two().max(64);
        self.rebuild_table(length);
    }

    /// Entries keep their numbers, so only those behind the last one in use can be given back.
    fn drop_removed_at_end(&mut self) {
        while self
            .entries
            .last()
            .is_some_and(|entry| entry.state == KeyState::Removed)
        {
            self.entries.pop();
        }
        let entries = self.entries.len();
        self.removed.retain(|&number| (number as usize) < entries);
        self.entries.shrink_to_fit();
        self.removed.shrink_to_fit();
    }

    fn set(&mut self, key: KeyNumber, settled: Settled, value: u64) {
        let entry = &mut self.entries[key as usize];
        entry.state = KeyState::Settled(settled);
        entry.value = value;
    }

    /// Keys of one request usually share their details.
    fn push_details(&mut self, details: Arc<Details>) -> u64 {
        match self.details.last() {
            Some(last) if Arc::ptr_eq(last, &details) => self.details.len() as u64 - 1,
            _ => push(&mut self.details, details),
        }
    }

    /// The place in the table where this key is, or may be put.
    fn place_of(&self, property: u32, text: &str) -> usize {
        let mask = self.table.len() - 1;
        let mut place = self.hash(property, text) & mask;
        while self.table[place] != FREE {
            let number = self.table[place];
            if self.property(number) == property && self.text(number) == text {
                break;
            }
            place = (place + 1) & mask;
        }
        place
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "any part of a hash is a hash"
    )]
    fn hash(&self, property: u32, text: &str) -> usize {
        self.hasher.hash_one((property, text)) as usize
    }

    fn rebuild_table(&mut self, length: usize) {
        self.table = vec![FREE; length];
        let mask = length - 1;
        for (number, entry) in (0..).zip(&self.entries) {
            if entry.state == KeyState::Removed {
                continue;
            }
            let mut place = self.hash(entry.property, self.text(number)) & mask;
            while self.table[place] != FREE {
                place = (place + 1) & mask;
            }
            self.table[place] = number;
        }
    }
}

/// Appends a value and returns its place.
fn push<T>(list: &mut Vec<T>, value: T) -> u64 {
    list.push(value);
    list.len() as u64 - 1
}

/// Makes room for more values. A full list grows by an eighth, not to its double: these lists are most of the memory.
fn reserve<T>(list: &mut Vec<T>, more: usize) {
    const FIRST: usize = 1024;
    if list.capacity() - list.len() < more {
        list.reserve_exact(more.max(list.len() / 8).max(FIRST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn four_hundred_thousand_emails_take_less_than_forty_mebibytes() {
        let mut keys = KeyTable::default();
        for number in 0..400_000_u64 {
            let (key, is_new) =
                keys.insert(0, &format!("firstname.lastname{number}@example.com"), false);
            assert!(is_new);
            let kind = MatchKind::Exact;
            keys.settle(
                key,
                KeyResult::Found {
                    id: number + 1,
                    kind,
                },
            );
        }
        assert!(keys.bytes() < 40 << 20, "{}", keys.bytes());
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u32, String),
        Settle(usize, u8),
        RemoveUnused(u32),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0..2_u32, "[a-d]{0,3}").prop_map(|(property, text)| Step::Insert(property, text)),
            3 => (any::<usize>(), any::<u8>()).prop_map(|(key, result)| Step::Settle(key, result)),
            1 => (1..5_u32).prop_map(Step::RemoveUnused),
        ]
    }

    fn result_of(choice: u8) -> (KeyResult, Answer) {
        let id = u64::from(choice) + 1;
        let details = Arc::new(Details {
            message: choice.to_string(),
            ..Details::default()
        });
        let kind = MatchKind::Secondary;
        match choice % 4 {
            0 => (KeyResult::Found { id, kind }, Answer::Found { id, kind }),
            1 => (KeyResult::NotFound, Answer::NotFound),
            2 => (
                KeyResult::Ambiguous(vec![id, 7]),
                Answer::Ambiguous(vec![id, 7]),
            ),
            _ => (
                KeyResult::Refused(Arc::clone(&details)),
                Answer::Refused(details),
            ),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_behaves_like_a_map_that_forgets_settled_keys(steps in prop::collection::vec(any_step(), 0..200)) {
            let mut keys = KeyTable::default();
            let mut simple: HashMap<(u32, String), (KeyNumber, Option<Answer>)> = HashMap::new();
            for step in steps {
                match step {
                    Step::Insert(property, text) => {
                        let (number, is_new) = keys.insert(property, &text, false);
                        let known = simple.get(&(property, text.clone())).map(|(number, _)| *number);
                        prop_assert_eq!(known, (!is_new).then_some(number));
                        simple.entry((property, text)).or_insert((number, None));
                    }
                    Step::Settle(key, choice) => {
                        let count = simple.len().max(1);
                        if let Some((number, known)) = simple.values_mut().nth(key % count) {
                            let (result, answer) = result_of(choice);
                            keys.settle(*number, result);
                            *known = Some(answer);
                        }
                    }
                    Step::RemoveUnused(every) => {
                        keys.remove_unused(|number| number % every == 0);
                        simple.retain(|_, (number, answer)| answer.is_none() || *number % every == 0);
                    }
                }
                prop_assert_eq!(keys.len(), simple.len());
                for ((property, text), (number, answer)) in &simple {
                    prop_assert_eq!((keys.property(*number), keys.text(*number)), (*property, text.as_str()));
                    prop_assert_eq!(&keys.answer(*number), answer);
                }
            }
        }
    }

    #[test]
    fn removed_keys_give_their_memory_back() {
        let mut keys = KeyTable::default();
        for round in 0..5_u64 {
            for number in 0..10_000_u64 {
                let (key, _) = keys.insert(0, &format!("{round}-{number}@example.com"), false);
                keys.settle(key, KeyResult::Ambiguous(vec![1, 2]));
            }
            let full = keys.bytes();
            keys.remove_unused(|number| number % 1000 == 7);
            assert!(keys.bytes() < full * 2 / 3, "{} of {full}", keys.bytes());
            assert!(keys.len() <= 60, "{}", keys.len());
        }
    }
}
