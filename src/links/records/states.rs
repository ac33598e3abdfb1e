//! Which records are known to exist, in little memory. Pure.
//!
//! A record takes 13 to 30 bytes. There are two generations of records: once the younger one is full, the older one is
//! removed, and the younger one takes its place.

use std::collections::HashMap;

use crate::domain::pair::RecordId;
use crate::domain::proof::RecordState;

/// Maximum number of records of a generation: as many as a table of half a million places holds.
const GENERATION: usize = 450_000;

/// The number of a type among those of the run.
pub(crate) type TypeNumber = u16;

/// A record: the number of its type, and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RecordKey {
    object_type: [u8; 2],
    /// The least significant bytes of its number: 20 digits take 67 bits.
    id: [u8; 9],
}

impl RecordKey {
    pub(super) fn new(object_type: TypeNumber, id: &RecordId) -> Self {
        let bytes = id.number().to_le_bytes();
        let mut key = Self {
            object_type: object_type.to_le_bytes(),
            id: [0; 9],
        };
        key.id.copy_from_slice(&bytes[..9]);
        key
    }

    pub(super) fn object_type(self) -> TypeNumber {
        TypeNumber::from_le_bytes(self.object_type)
    }

    /// The number of its id.
    pub(super) fn number(self) -> u128 {
        let mut bytes = [0; 16];
        bytes[..9].copy_from_slice(&self.id);
        u128::from_le_bytes(bytes)
    }
}

#[derive(Clone, Copy, Debug)]
enum Known {
    Exists,
    Deleted,
    Merged,
}

#[derive(Debug, Default)]
struct Generation {
    known: HashMap<RecordKey, Known>,
    /// The survivors of merged records.
    survivors: HashMap<RecordKey, RecordId>,
}

impl Generation {
    fn get(&self, record: RecordKey) -> Option<RecordState> {
        Some(match self.known.get(&record)? {
            Known::Exists => RecordState::Exists,
            Known::Deleted => RecordState::Deleted,
            Known::Merged => RecordState::MergedInto(*self.survivors.get(&record)?),
        })
    }
}

/// The states of records that were asked for or seen.
#[derive(Debug)]
pub(crate) struct RecordStates {
    /// The maximum number of records of a generation.
    capacity: usize,
    young: Generation,
    old: Generation,
}

impl RecordStates {
    pub(super) fn new() -> Self {
        Self::with_capacity(GENERATION)
    }

    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            young: Generation::default(),
            old: Generation::default(),
        }
    }

    pub(super) fn get(&self, record: RecordKey) -> Option<RecordState> {
        self.young.get(record).or_else(|| self.old.get(record))
    }

    /// Keeps the state of a record. An unknown state is not kept: the record is asked for again if it comes again.
    pub(super) fn insert(&mut self, record: RecordKey, state: RecordState) {
        let known = match state {
            RecordState::Exists => Known::Exists,
            RecordState::Deleted => Known::Deleted,
            RecordState::MergedInto(survivor) => {
                self.young.survivors.insert(record, survivor);
                Known::Merged
            }
            RecordState::Unknown => return,
        };
        self.young.known.insert(record, known);
        if self.young.known.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
    }
}
