//! Pairs and outcomes for tests. A test states what matters to it, and takes the rest from here.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::label_set::LabelSet;
use crate::domain::labels::LinkLabels;
use crate::domain::link_request::LinkRequest;
use crate::domain::outcome::{Details, Outcome, OutcomeKind, RowTarget};
use crate::domain::pair::{ObjectType, Pair, Record, RecordId, RowKey};
use crate::domain::row_keys::{CellKey, MatchKind, RowKeys};

/// The record `contacts 7`: a type and an id.
pub(crate) fn record(text: &str) -> Record {
    let (object_type, id) = text.split_once(' ').expect("a type and an id");
    Record {
        object_type: ObjectType::new(object_type).expect("a type"),
        id: RecordId::new(id).expect("an id"),
    }
}

/// The pair of two records, such as `contacts 7` and `companies 9`.
pub(crate) fn pair(from: &str, to: &str) -> Pair {
    Pair {
        from: record(from),
        to: record(to),
    }
}

/// The four values of a row that is not a pair.
pub(crate) fn raw(values: [&str; 4]) -> RowTarget {
    RowTarget::Raw(values.map(str::to_owned))
}

/// The keys of a row whose first record is named by a key, which has this match if it was found.
pub(crate) fn from_key(cell: &str, matched: Option<MatchKind>) -> RowKeys {
    let from = CellKey {
        cell: cell.into(),
        matched,
    };
    RowKeys {
        from: Some(from),
        to: None,
    }
}

/// The labels that a report shows as this text.
pub(crate) fn label_set(text: &str) -> LabelSet {
    LabelSet::parse(text).expect("labels")
}

/// The position of a row whose file has a header of one line.
pub(crate) fn key(row: u64) -> RowKey {
    RowKey { row, line: row + 1 }
}

/// Details with one category, or none where `category` is empty.
pub(crate) fn details(category: &str, message: &str) -> Details {
    let category = Some(category.to_owned()).filter(|category| !category.is_empty());
    Details {
        num_errors: u64::from(category.is_some()),
        categories: category.into_iter().collect(),
        message: message.to_owned(),
        ..Details::default()
    }
}

/// The outcome of a row that links the contact and the company with its number.
pub(crate) fn outcome(row: u64, kind: OutcomeKind) -> Outcome {
    Outcome {
        key: key(row),
        target: RowTarget::Pair(pair(
            &format!("contacts {row}"),
            &format!("companies {row}"),
        )),
        keys: None,
        kind,
        details: Details::default(),
        attempts: 1,
        duration: Duration::ZERO,
        finished_at: Timestamp::UNIX_EPOCH,
        existed_before: None,
        labels: None,
        proof: None,
    }
}

/// A pair with labels, as a request links it.
#[derive(Clone, Debug)]
pub(crate) struct LabelledPair(pub(crate) Pair, pub(crate) Option<LinkLabels>);

impl LabelledPair {
    /// A pair that asks for these labels and is sent with others besides, such as `USER_DEFINED:3:A`.
    pub(crate) fn new(pair: Pair, asked: &str, kept: &str) -> Self {
        let asked = LabelSet::parse(asked).expect("labels");
        let kept = LabelSet::parse(kept).map(|kept| kept.iter().cloned().collect::<Vec<_>>());
        let labels = LinkLabels::beside(asked, &kept.unwrap_or_default());
        Self(pair, Some(labels))
    }
}

impl LinkRequest for LabelledPair {
    fn pair(&self) -> &Pair {
        &self.0
    }

    fn labels(&self) -> Option<&LinkLabels> {
        self.1.as_ref()
    }
}
