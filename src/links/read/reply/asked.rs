//! What a request asked, and what its reply says about that. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::outcome::Details;
use crate::links::read::found::Found;
use crate::links::read::number::RecordNumber;

/// A link that a row asks for.
#[derive(Debug)]
pub(crate) struct WantedLink {
    /// The other record.
    pub(crate) other: RecordNumber,
    /// The number of the row.
    pub(crate) row: u32,
    /// The types of the link, if the reply lists it.
    pub(crate) found: Option<Arc<Found>>,
}

/// What the errors of a reply say about a record.
#[derive(Clone, Debug, Default)]
pub(crate) enum Named {
    /// No error names it.
    #[default]
    Not,
    /// It has no links.
    WithoutLinks,
    /// Its links could not be read.
    Problem(Problem),
}

/// An error other than that a record has no links.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) details: Arc<Details>,
    /// Whether it may pass.
    pub(crate) may_pass: bool,
}

/// A record of a request.
#[derive(Debug)]
pub(crate) struct AskedRecord {
    pub(crate) number: RecordNumber,
    /// Its first wanted link.
    start: usize,
    /// Whether the reply lists its links.
    pub(crate) is_listed: bool,
    /// The number of its links on this page.
    pub(crate) links: u64,
    /// The next page of its links.
    pub(crate) next: Option<Box<str>>,
    pub(crate) named: Named,
}

/// All records of a request.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// In the order of their numbers.
    records: Vec<AskedRecord>,
    /// Those of one record after those of another, each in the order of the other records.
    wanted: Vec<WantedLink>,
    /// The other records, and whether the reply lists a link of them; empty if that does not matter.
    others: HashMap<RecordNumber, bool>,
    /// An error that names no record of the request.
    pub(crate) stray: Option<Problem>,
}

impl Asked {
    /// Adds a record, whose number is higher than those of the others, and its rows with their other records.
    pub(crate) fn add(
        &mut self,
        number: RecordNumber,
        rows: impl Iterator<Item = (RecordNumber, u32)>,
        tracks_others: bool,
    ) {
        let start = self.wanted.len();
        self.records.push(AskedRecord {
            number,
            start,
            is_listed: false,
            links: 0,
            next: None,
            named: Named::Not,
        });
        self.wanted.extend(rows.map(|(other, row)| WantedLink {
            other,
            row,
            found: None,
        }));
        let own = &mut self.wanted[start..];
        own.sort_unstable_by_key(|link| link.other);
        if tracks_others {
            self.others
                .extend(own.iter().map(|link| (link.other, false)));
        }
    }

    /// The number of records.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The place of a record. Replies are nearly always in the order of the request, so `expected` is tried first.
    pub(crate) fn place(&self, number: RecordNumber, expected: usize) -> Option<usize> {
        let is_expected = |record: &AskedRecord| record.number == number;
        if self.records.get(expected).is_some_and(is_expected) {
            return Some(expected);
        }
        self.records
            .binary_search_by_key(&number, |record| record.number)
            .ok()
    }

    pub(crate) fn record(&self, place: usize) -> &AskedRecord {
        &self.records[place]
    }

    pub(crate) fn record_mut(&mut self, place: usize) -> &mut AskedRecord {
        &mut self.records[place]
    }

    /// The wanted links of a record.
    pub(crate) fn wanted_of(&self, place: usize) -> &[WantedLink] {
        let end = self.records.get(place + 1).map(|next| next.start);
        &self.wanted[self.records[place].start..end.unwrap_or(self.wanted.len())]
    }

    /// Whether a row asks for this link of a record.
    pub(crate) fn is_wanted(&self, place: usize, other: RecordNumber) -> bool {
        let wanted = self.wanted_of(place);
        wanted
            .binary_search_by_key(&other, |link| link.other)
            .is_ok()
    }

    /// Records that the reply lists a link of a record.
    pub(crate) fn add_link(&mut self, place: usize, other: RecordNumber) {
        self.records[place].links += 1;
        if let Some(is_seen) = self.others.get_mut(&other) {
            *is_seen = true;
        }
    }

    /// Stores the types of a wanted link.
    pub(crate) fn set_found(&mut self, place: usize, other: RecordNumber, found: &Arc<Found>) {
        let start = self.records[place].start;
        let own = self.wanted_of(place);
        let first = own.partition_point(|link| link.other < other);
        let count = own[first..].partition_point(|link| link.other == other);
        for link in &mut self.wanted[start + first..start + first + count] {
            link.found = Some(Arc::clone(found));
        }
    }

    /// Whether the reply lists a link of this other record.
    pub(crate) fn was_seen(&self, other: RecordNumber) -> bool {
        self.others.get(&other).copied().unwrap_or_default()
    }
}
