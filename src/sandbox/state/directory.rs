//! Which records exist, and which of them a key finds.
//!
//! The spelling of a key decides ([`keys`]), unless a test assigned records to it. Stored are only assignments, records
//! that were deleted or merged, and keys that searches find after a time.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::sandbox::data::ids::RecordId;
use crate::sandbox::data::keys;
use crate::sandbox::data::keys::Absence;
use crate::sandbox::data::object_types::TypeNumber;
use crate::sandbox::data::properties::PropertyKind;
use crate::sandbox::faults::random::Fingerprint;
use crate::sandbox::faults::table;
use crate::sandbox::faults::table::RecordFate;

/// The longest chain of merges that is followed.
const MAX_MERGES: u32 = 100;

/// A property of a type, by which records are looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lookup<'a> {
    pub(crate) object_type: TypeNumber,
    pub(crate) type_name: &'a str,
    pub(crate) property: &'a str,
    pub(crate) kind: PropertyKind,
}

/// A record as it is found, with the property's value and the secondary emails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: RecordId,
    pub(crate) value: String,
    pub(crate) additional: Vec<String>,
}

#[derive(Default)]
pub(crate) struct Directory {
    /// The records of keys that do not follow the rules, by [`subject`].
    assigned: HashMap<u64, Vec<RecordId>>,
    /// Records that were deleted, and the ones that others were merged into.
    gone: HashMap<(TypeNumber, RecordId), Option<RecordId>>,
    /// The records that were merged into each, as in `gone`.
    merged: HashMap<(TypeNumber, RecordId), Vec<RecordId>>,
    /// When a search first asked for a key whose record is new.
    searched: HashMap<u64, Duration>,
}

/// A stable name of a key.
fn subject(lookup: Lookup<'_>, key: &str) -> u64 {
    Fingerprint::of(&[lookup.type_name, lookup.property, &lookup.kind.fold(key)])
}

impl Directory {
    /// Sets the records of a key, in place of those that its spelling gives it. None makes it a key without a record.
    pub(crate) fn assign(&mut self, lookup: Lookup<'_>, key: &str, ids: Vec<RecordId>) {
        self.assigned.insert(subject(lookup, key), ids);
    }

    /// Deletes a record, or merges it into another one.
    pub(crate) fn remove(
        &mut self,
        object_type: TypeNumber,
        id: RecordId,
        merged_into: Option<RecordId>,
    ) {
        let before = self.gone.insert((object_type, id), merged_into);
        if let Some(Some(before)) = before
            && let Some(ids) = self.merged.get_mut(&(object_type, before))
        {
            ids.retain(|other| *other != id);
        }
        if let Some(survivor) = merged_into {
            let ids = self.merged.entry((object_type, survivor)).or_default();
            ids.push(id);
        }
    }

    /// The records that were merged into this one, directly or by way of others, in ascending order.
    pub(crate) fn merged_ids(&self, object_type: TypeNumber, id: RecordId) -> Vec<RecordId> {
        let mut ids = BTreeSet::new();
        let mut open = vec![id];
        while let Some(survivor) = open.pop() {
            let stored = self.merged.get(&(object_type, survivor));
            let by_id = table::merged_from(&survivor.value().to_string());
            let by_id = by_id.and_then(|id| RecordId::parse(&id)).filter(|id| {
                // What a call says about a record counts more than its id.
                !self.is_removed(object_type, *id)
            });
            for merged in stored.into_iter().flatten().copied().chain(by_id) {
                if merged != id && ids.insert(merged) {
                    open.push(merged);
                }
            }
        }
        ids.into_iter().collect()
    }

    /// Whether a record was deleted or merged, so that nothing can be associated with its id.
    pub(crate) fn is_removed(&self, object_type: TypeNumber, id: RecordId) -> bool {
        self.gone.contains_key(&(object_type, id))
    }

    /// The record that answers for this id: itself, or the one it was merged into; `None` if it was deleted.
    pub(crate) fn survivor(&self, object_type: TypeNumber, id: RecordId) -> Option<RecordId> {
        let mut id = id;
        // A merge into a record that was itself merged is followed; a circle ends as a deletion.
        for _ in 0..MAX_MERGES {
            id = match self.gone.get(&(object_type, id)) {
                Some(other) => (*other)?,
                None => match table::fate_of_id(&id.value().to_string()) {
                    RecordFate::Exists => return Some(id),
                    RecordFate::Deleted => return None,
                    RecordFate::MergedInto(other) => RecordId::parse(&other)?,
                },
            };
        }
        None
    }

    /// The records of a key.
    pub(crate) fn find(&self, lookup: Lookup<'_>, key: &str) -> Result<Vec<Found>, Absence> {
        if let Some(ids) = self.assigned.get(&subject(lookup, key)) {
            let found: Vec<Found> = ids
                .iter()
                .filter_map(|id| self.survivor(lookup.object_type, *id))
                .map(|id| Found {
                    id,
                    value: lookup.kind.fold(key).into_owned(),
                    additional: Vec::new(),
                })
                .collect();
            return Some(found)
                .filter(|found| !found.is_empty())
                .ok_or(Absence::Usual);
        }
        let found = keys::find(lookup.type_name, lookup.property, lookup.kind, key)?;
        let records: Vec<Found> = (0..u128::from(found.count))
            .filter_map(|nth| {
                let id = RecordId::of_value(found.first + nth)?;
                self.survivor(lookup.object_type, id)
            })
            .map(|id| Found {
                id,
                value: match lookup.kind {
                    PropertyKind::RecordId => id.value().to_string(),
                    _ => found.stored.clone(),
                },
                additional: found.additional.clone(),
            })
            .collect();
        Some(records)
            .filter(|records| !records.is_empty())
            .ok_or(Absence::Usual)
    }

    /// The records that a search finds for a value. It finds neither secondary emails nor, within `lag` of its first
    /// search, a record that is new.
    pub(crate) fn search(
        &mut self,
        lookup: Lookup<'_>,
        value: &str,
        now: Duration,
        lag: Duration,
    ) -> Vec<Found> {
        // Values must be in lower case where HubSpot folds the property.
        if lookup.kind.is_folded() && value.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Vec::new();
        }
        let rule = keys::find(lookup.type_name, lookup.property, lookup.kind, value);
        if let Ok(rule) = rule {
            if rule.is_secondary {
                return Vec::new();
            }
            if rule.is_new {
                let first = *self.searched.entry(subject(lookup, value)).or_insert(now);
                if now < first + lag {
                    return Vec::new();
                }
            }
        }
        self.find(lookup, value).unwrap_or_default()
    }
}
