//! The links that are being written, and the rows that wait until theirs is not. Pure.
//!
//! A labelled write may replace the labels of a link, so the labels of a link are read, and sent with those that a row asks
//! for. If two rows with the same link were read and then sent, the second would remove what the first has added. So at most
//! one row of a link is open, from the read of its link until its outcome, and the others are held.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::domain::pair::{Pair, Record};
use crate::domain::standard_type::canonical;
use crate::links::read::number::RecordNumber;
use crate::run::links::row::LinkRow;

/// A record: the number of its type, and its id.
type RecordKey = (u32, RecordNumber);

/// A link, without its direction.
type LinkKey = [RecordKey; 2];

/// The links of the open rows.
#[derive(Debug, Default)]
pub(crate) struct OpenLinks {
    open: HashSet<LinkKey>,
    /// The rows of open links that are held, in their order. No queue is empty.
    held: HashMap<LinkKey, VecDeque<LinkRow>>,
    rows_held: usize,
    /// The types by their canonical spelling.
    types: HashMap<Box<str>, u32>,
}

impl OpenLinks {
    /// Opens the link of a row, and returns the row; holds the row if its link is open.
    pub(crate) fn open(&mut self, row: LinkRow) -> Option<LinkRow> {
        let link = self.key(&row.pair);
        if self.open.insert(link) {
            return Some(row);
        }
        self.held.entry(link).or_default().push_back(row);
        self.rows_held += 1;
        None
    }

    /// Whether a row with this link is held.
    pub(crate) fn is_awaited(&mut self, pair: &Pair) -> bool {
        !self.held.is_empty() && {
            let link = self.key(pair);
            self.held.contains_key(&link)
        }
    }

    /// The open row with this link has its outcome: closes the link, or returns the held row that is open instead.
    pub(crate) fn close(&mut self, pair: &Pair) -> Option<LinkRow> {
        let link = self.key(pair);
        let Some(rows) = self.held.get_mut(&link) else {
            self.open.remove(&link);
            return None;
        };
        let row = rows.pop_front();
        if rows.is_empty() {
            self.held.remove(&link);
        }
        self.rows_held -= usize::from(row.is_some());
        row
    }

    /// The number of rows that are held.
    pub(crate) fn rows_held(&self) -> usize {
        self.rows_held
    }

    fn key(&mut self, pair: &Pair) -> LinkKey {
        let mut link = [&pair.from, &pair.to].map(|record| self.record(record));
        link.sort_unstable();
        link
    }

    fn record(&mut self, record: &Record) -> RecordKey {
        let name = canonical(record.object_type.as_str());
        let number = if let Some(&number) = self.types.get(name) {
            number
        } else {
            let number = u32::try_from(self.types.len()).expect("fewer types than rows");
            self.types.insert(name.into(), number);
            number
        };
        (number, RecordNumber::of(&record.id))
    }
}

/// Whether two pairs with the same link have the same direction, so that association types of one are those of the other.
pub(crate) fn is_same_direction(pair: &Pair, other: &Pair) -> bool {
    pair.from.object_type.is_same_as(&other.from.object_type)
        && RecordNumber::of(&pair.from.id) == RecordNumber::of(&other.from.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::{ObjectType, RecordId, RowKey};
    use crate::run::row::SendableRow;

    fn pair([from_type, from, to_type, to]: [&str; 4]) -> Pair {
        let record = |object_type, id| Record {
            object_type: ObjectType::new(object_type).unwrap(),
            id: RecordId::new(id).unwrap(),
        };
        Pair {
            from: record(from_type, from),
            to: record(to_type, to),
        }
    }

    fn row(number: u64, pair: Pair) -> LinkRow {
        let key = RowKey {
            row: number,
            line: number + 1,
        };
        SendableRow::new(key, pair).into()
    }

    fn number(row: Option<LinkRow>) -> Option<u64> {
        row.map(|row| row.key.row)
    }

    #[test]
    fn one_row_of_a_link_is_open_and_the_others_follow_in_order() {
        let mut links = OpenLinks::default();
        let same = [
            ["contacts", "7", "companies", "9"],
            ["0-1", "007", "Company", "9"],
            ["companies", "9", "contact", "7"],
        ]
        .map(pair);
        assert_eq!(number(links.open(row(1, same[0].clone()))), Some(1));
        for (pair, number) in same.iter().zip(2..) {
            assert!(links.open(row(number, pair.clone())).is_none());
        }
        assert_eq!(links.rows_held(), 3);
        for expected in 2..=4 {
            assert!(links.is_awaited(&same[2]));
            assert_eq!(number(links.close(&same[1])), Some(expected));
        }
        assert!(!links.is_awaited(&same[0]));
        assert_eq!(links.rows_held(), 0);
        assert!(links.close(&same[0]).is_none());
        assert_eq!(number(links.open(row(5, same[0].clone()))), Some(5));
    }

    #[test]
    fn links_are_compared_exactly() {
        let mut links = OpenLinks::default();
        let others = [
            ["contacts", "7", "companies", "9"],
            ["contacts", "9", "companies", "7"],
            ["contacts", "7", "contacts", "9"],
            ["contacts", "7", "deals", "9"],
            ["contacts", "10000000000000000007", "companies", "9"],
            ["contacts", "20000000000000000007", "companies", "9"],
        ];
        for (values, number) in others.into_iter().zip(1..) {
            assert!(
                links.open(row(number, pair(values))).is_some(),
                "{values:?}"
            );
        }
    }

    #[test]
    fn a_link_has_two_directions() {
        let forward = pair(["contacts", "7", "companies", "9"]);
        assert!(is_same_direction(
            &forward,
            &pair(["0-1", "07", "companies", "9"])
        ));
        assert!(!is_same_direction(
            &forward,
            &pair(["companies", "9", "contacts", "7"])
        ));
        let peers = pair(["contacts", "7", "contacts", "9"]);
        assert!(!is_same_direction(
            &peers,
            &pair(["contacts", "9", "contacts", "7"])
        ));
    }
}
