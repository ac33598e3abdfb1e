//! Assigns the records of a reply to the keys of its request. Pure.

use std::collections::HashMap;

use crate::domain::row_keys::MatchKind;
use crate::lookup::property::LookupProperty;
use crate::lookup::reply::wire::WireRecord;
use crate::lookup::result::MAX_CANDIDATES;

/// The keys of a request, by their text.
pub(crate) struct KeyIndex<'k> {
    property: &'k LookupProperty,
    places: HashMap<&'k str, usize>,
}

/// A record that matches a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) id: u64,
    pub(crate) kind: MatchKind,
}

/// A record of a reply that cannot be assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnreadableRecord {
    /// Its id is not a number of 64 bits.
    Id,
    /// It lacks the property that was asked for.
    NoProperty,
}

impl UnreadableRecord {
    /// What is wrong with the reply.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Id => "the reply to the lookup has a record without a usable id",
            Self::NoProperty => {
                "the reply to the lookup has a record without the property that was asked for"
            }
        }
    }
}

impl<'k> KeyIndex<'k> {
    pub(crate) fn new(property: &'k LookupProperty, keys: &[&'k str]) -> Self {
        let places = keys.iter().enumerate();
        Self {
            property,
            places: places.map(|(place, key)| (*key, place)).collect(),
        }
    }

    /// The place of the key that this value is.
    pub(crate) fn place(&self, value: &str) -> Option<usize> {
        let folded = self.property.kind.fold(value.trim());
        self.places.get(&*folded).copied()
    }

    /// For each key, the records that match it, each once, in the order of the reply:
    /// [`MAX_CANDIDATES`] at most.
    pub(crate) fn matches(
        &self,
        records: &[WireRecord<'_>],
    ) -> Result<Vec<Vec<Match>>, UnreadableRecord> {
        let mut matches = vec![Vec::new(); self.places.len()];
        let (name, secondary) = (&*self.property.name, self.property.secondary());
        for record in records.iter().filter(|record| !record.is_archived()) {
            let id = record.id().ok_or(UnreadableRecord::Id)?;
            let main = record.property(name);
            let others = secondary.and_then(|name| record.property(name));
            if main.is_none() && others.is_none() {
                return Err(UnreadableRecord::NoProperty);
            }
            for value in main.into_iter().flat_map(|value| self.values(value)) {
                self.add(&mut matches, id, value, None);
            }
            for value in others.into_iter().flat_map(|list| list.split(';')) {
                self.add(&mut matches, id, value, Some(MatchKind::Secondary));
            }
        }
        Ok(matches)
    }

    /// The values of the main property: only that of the secondary emails is a list.
    fn values<'v>(&self, value: &'v str) -> impl Iterator<Item = &'v str> {
        let is_list = &*self.property.name == crate::domain::key_kind::SECONDARY_EMAILS;
        value.split(move |character| is_list && character == ';')
    }

    fn add(&self, matches: &mut [Vec<Match>], id: u64, value: &str, kind: Option<MatchKind>) {
        let Some(place) = self.place(value) else {
            return;
        };
        let kind = kind.unwrap_or_else(|| {
            if self.places.contains_key(value.trim()) {
                MatchKind::Exact
            } else {
                MatchKind::Folded
            }
        });
        let found = &mut matches[place];
        if found.len() < MAX_CANDIDATES && !found.iter().any(|known| known.id == id) {
            found.push(Match { id, kind });
        }
    }
}
