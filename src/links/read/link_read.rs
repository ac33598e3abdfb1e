//! One request that reads links. Pure.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::links::read::number::RecordNumber;
use crate::verdict::retry::AttemptCounts;

/// Maximum number of links of a record in a reply.
pub(crate) const PAGE_LINKS: u64 = 500;

/// Which records of the rows a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The first ones.
    Asked,
    /// The second ones.
    Inverse,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Asked, Self::Inverse];

    /// Its place in the order of the row.
    pub(crate) fn place(self) -> usize {
        self as usize
    }

    /// The place of the other record of the row.
    pub(crate) fn other(self) -> usize {
        1 - self.place()
    }
}

/// A record to read, with the rows that wait for it. Small: there may be as many as rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadRecord {
    low: u64,
    /// The first of its rows, which are linked to each other.
    pub(crate) first_row: u32,
    /// Their number, as far as it fits.
    pub(crate) rows: u16,
    high: u8,
}

impl ReadRecord {
    pub(crate) fn new(number: RecordNumber, first_row: u32, rows: usize) -> Self {
        Self {
            low: number.low,
            first_row,
            rows: u16::try_from(rows).unwrap_or(u16::MAX),
            high: number.high,
        }
    }

    pub(crate) fn number(&self) -> RecordNumber {
        RecordNumber {
            high: self.high,
            low: self.low,
        }
    }
}

/// The position in the links of a record of which some were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// The page to ask for, as the API names it.
    pub(crate) after: Box<str>,
    /// Pages that were read.
    pub(crate) pages: u32,
    /// Whether the latest page had no links.
    pub(crate) is_barren: bool,
}

/// A record, and from where its links are read.
pub(crate) type PlacedRecord = (ReadRecord, Option<Box<Position>>);

/// A request for the links of distinct records of one type.
#[derive(Debug)]
pub(crate) struct LinkRead {
    /// The attempts for it so far.
    pub(crate) counts: AttemptCounts,
    /// How often it was refused for the credentials.
    pub(crate) refusals: u32,
    /// The number of the pair of types.
    pub(crate) types: u32,
    pub(crate) side: Side,
    /// Whether an earlier reply left these records open.
    pub(crate) is_repeated: bool,
    /// How often errors that may pass were the replies for all these records.
    pub(crate) passing_errors: u32,
    /// In the order of their numbers.
    pub(crate) records: Vec<ReadRecord>,
    /// The positions of the records; empty if all are read from the start.
    pub(crate) positions: Vec<Option<Box<Position>>>,
}

impl LinkRead {
    /// A request for these records, which are distinct.
    pub(crate) fn new(types: u32, side: Side, mut records: Vec<PlacedRecord>) -> Self {
        records.sort_unstable_by_key(|(record, _)| record.number());
        let is_continued = records.iter().any(|(_, position)| position.is_some());
        let (records, positions) = records.into_iter().unzip();
        Self {
            counts: AttemptCounts::default(),
            refusals: 0,
            types,
            side,
            is_repeated: false,
            passing_errors: 0,
            records,
            positions: if is_continued { positions } else { Vec::new() },
        }
    }

    /// The number of records in it.
    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    /// Two requests for half of the records.
    pub(crate) fn halves(self) -> [Self; 2] {
        let (types, side) = (self.types, self.side);
        let (is_repeated, passing_errors) = (self.is_repeated, self.passing_errors);
        let mut first = self.into_records();
        let second = first.split_off(first.len().div_ceil(2));
        [first, second].map(|records| Self {
            is_repeated,
            passing_errors,
            ..Self::new(types, side, records)
        })
    }

    /// Its records with their positions.
    pub(crate) fn into_records(self) -> Vec<PlacedRecord> {
        let positions = self.positions.into_iter().chain(std::iter::repeat(None));
        self.records.into_iter().zip(positions).collect()
    }

    fn position(&self, place: usize) -> Option<&Position> {
        self.positions.get(place)?.as_deref()
    }

    /// The JSON of the request.
    pub(crate) fn body(&self) -> Vec<u8> {
        // An input is `{"id":"123456789012"},`.
        let mut body = Vec::with_capacity(16 + 24 * self.records());
        // Writing to memory cannot fail.
        serde_json::to_writer(&mut body, &Inputs(self)).unwrap_or_default();
        body
    }
}

/// The body of a request.
struct Inputs<'r>(&'r LinkRead);

/// A record in it.
struct Input<'r>(&'r LinkRead, usize);

impl Serialize for Inputs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct List<'r>(&'r LinkRead);
        impl Serialize for List<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq((0..self.0.records()).map(|place| Input(self.0, place)))
            }
        }
        let mut body = serializer.serialize_struct("Inputs", 1)?;
        body.serialize_field("inputs", &List(self.0))?;
        body.end()
    }
}

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Id(RecordNumber);
        impl Serialize for Id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }
        let Self(request, place) = *self;
        let mut input = serializer.serialize_struct("Input", 2)?;
        input.serialize_field("id", &Id(request.records[place].number()))?;
        if let Some(position) = request.position(place) {
            input.serialize_field("after", &position.after)?;
        }
        input.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: &str) -> ReadRecord {
        ReadRecord::new(RecordNumber::of_text(number).unwrap(), 0, 1)
    }

    fn position(after: &str) -> Position {
        Position {
            after: after.into(),
            pages: 1,
            is_barren: false,
        }
    }

    #[test]
    fn a_record_takes_sixteen_bytes() {
        assert_eq!(size_of::<ReadRecord>(), 16);
    }

    #[test]
    fn the_body_names_each_record_and_the_page_to_continue_with() {
        let records = vec![
            (record("99999999999999999999"), None),
            (record("0041001"), Some(Box::new(position("a\"b")))),
        ];
        let request = LinkRead::new(0, Side::Asked, records);
        assert_eq!(
            String::from_utf8(request.body()).unwrap(),
            r#"{"inputs":[{"id":"41001","after":"a\"b"},{"id":"99999999999999999999"}]}"#
        );
    }

    #[test]
    fn halves_have_all_records_and_keep_their_pages() {
        let records = vec![
            (record("1"), None),
            (record("2"), None),
            (record("3"), Some(Box::new(position("x")))),
        ];
        let [first, second] = LinkRead::new(7, Side::Inverse, records).halves();
        assert_eq!(first.body(), br#"{"inputs":[{"id":"1"},{"id":"2"}]}"#);
        assert_eq!(second.body(), br#"{"inputs":[{"id":"3","after":"x"}]}"#);
        assert_eq!((second.types, second.side), (7, Side::Inverse));
    }
}
