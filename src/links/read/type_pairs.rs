//! The pairs of types of the rows, by number. Pure.

use std::collections::HashMap;

use crate::domain::pair::{ObjectType, Pair};
use crate::links::read::type_pair::TypePair;

/// From this number of pairs on, those without rows are removed when another one comes.
const MANY: usize = 256;

/// All pairs of types.
#[derive(Debug, Default)]
pub(crate) struct TypePairs {
    pairs: Vec<Option<TypePair>>,
    /// The numbers of removed pairs.
    free: Vec<u32>,
    numbers: HashMap<[ObjectType; 2], u32>,
    /// Consecutive rows usually have the same types.
    latest: Option<u32>,
    /// Where the search for the next request begins.
    next: usize,
    /// The number at which unused pairs are removed.
    remove_at: usize,
}

impl TypePairs {
    /// The number of the types of a pair of records.
    pub(crate) fn number(&mut self, pair: &Pair) -> u32 {
        let is_same = |known: &TypePair| {
            known.types[0] == pair.from.object_type && known.types[1] == pair.to.object_type
        };
        if let Some(latest) = self.latest
            && self.pairs[latest as usize].as_ref().is_some_and(is_same)
        {
            return latest;
        }
        let types = [&pair.from.object_type, &pair.to.object_type].map(ObjectType::clone);
        let number = match self.numbers.get(&types) {
            Some(&number) => number,
            None => self.insert(types),
        };
        self.latest = Some(number);
        number
    }

    fn insert(&mut self, types: [ObjectType; 2]) -> u32 {
        if self.numbers.len() >= self.remove_at.max(MANY) {
            self.remove_unused();
            self.remove_at = self.numbers.len() * 2;
        }
        let pair = Some(TypePair::new(types.clone()));
        let number = if let Some(number) = self.free.pop() {
            self.pairs[number as usize] = pair;
            number
        } else {
            self.pairs.push(pair);
            u32::try_from(self.pairs.len() - 1).expect("rows have numbers of 32 bits")
        };
        self.numbers.insert(types, number);
        number
    }

    fn remove_unused(&mut self) {
        let (pairs, free) = (&mut self.pairs, &mut self.free);
        self.numbers.retain(|_, &mut number| {
            let pair = &mut pairs[number as usize];
            let is_used = pair.as_ref().is_some_and(|pair| pair.rows > 0);
            if !is_used {
                *pair = None;
                free.push(number);
            }
            is_used
        });
        self.latest = None;
    }

    pub(crate) fn get(&self, number: u32) -> &TypePair {
        let pair = self.pairs[number as usize].as_ref();
        pair.expect("a pair of types is removed only when it has no rows")
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> &mut TypePair {
        let pair = self.pairs[number as usize].as_mut();
        pair.expect("a pair of types is removed only when it has no rows")
    }

    /// The numbers of those for which this holds.
    pub(crate) fn numbers_where(&self, holds: impl Fn(&TypePair) -> bool) -> Vec<u32> {
        let pairs = (0..).zip(&self.pairs);
        let found = pairs.filter(|(_, pair)| pair.as_ref().is_some_and(&holds));
        found.map(|(number, _)| number).collect()
    }

    /// The next one with a queued record, each in its turn.
    pub(crate) fn next_queued(&mut self) -> Option<u32> {
        let count = self.pairs.len();
        let is_queued = |place: &usize| {
            let pair = self.pairs[*place].as_ref();
            pair.is_some_and(|pair| pair.queued() > 0)
        };
        let mut places = (0..count).map(|step| (self.next + step) % count);
        let place = places.find(is_queued)?;
        self.next = place + 1;
        u32::try_from(place).ok()
    }
}
