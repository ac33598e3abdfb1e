//! What identifies a row of the input in its report: its types, its ids or the keys in place of them, and its labels.
//!
//! A row by key has the id that was found in its line, but it is compared by the key: the input has no ids, and a key
//! may name another record in the next run. Labels are compared by category and id, as they can be renamed. An invalid row
//! has no labels: the line of such a row is that of a row with any labels, because these may have been the problem.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};

use crate::domain::association_type::AssociationType;
use crate::domain::label_set::LabelSet;
use crate::domain::labels::AskedLabels;
use crate::domain::outcome::{Outcome, OutcomeKind, RowTarget};
use crate::domain::row_keys::{CellKey, RowKeys};
use crate::input::row::{CheckedRow, RowContent, target_of};
use crate::report::checkpoint::{Checkpoint, RowStatus};
use crate::report::column::Column;
use crate::report::line::key_value;
use crate::report::line_fields::target_values;
use crate::report::report_line::ReportLine;
use crate::text::excerpt;

/// Characters of a pair that a message shows.
const MAX_SHOWN_CHARS: usize = 200;

/// What identifies a row of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowIdentity {
    target: RowTarget,
    keys: Option<Box<RowKeys>>,
    labels: Option<LabelSet>,
    is_invalid: bool,
}

impl RowIdentity {
    /// The identity of a valid row without labels that has this target, and these keys in place of ids.
    #[cfg(test)]
    pub(crate) fn new(target: RowTarget, keys: Option<Box<RowKeys>>) -> Self {
        Self {
            target,
            keys,
            labels: None,
            is_invalid: false,
        }
    }

    /// The identity of the same row with these labels.
    #[cfg(test)]
    pub(crate) fn with_labels(self, labels: Option<LabelSet>) -> Self {
        Self { labels, ..self }
    }

    /// The identity of a row of the input. Labels that are not resolved are left out.
    #[must_use]
    pub fn of(row: &CheckedRow) -> Self {
        Self {
            target: target_of(row),
            keys: row.content.keys().map(Box::new),
            labels: row.labels.as_ref().and_then(AskedLabels::known).cloned(),
            is_invalid: matches!(row.content, RowContent::Invalid(_)),
        }
    }

    /// Whether the row has keys.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// Whether the row asks for labels.
    #[must_use]
    pub fn has_labels(&self) -> bool {
        self.labels.is_some()
    }

    /// Its status according to the lines of a report; `None` if the report has no line of it.
    #[must_use]
    pub fn status_in(&self, checkpoint: &Checkpoint, row: u64) -> Option<RowStatus> {
        let status = checkpoint.status(row, self.fingerprint());
        status.or_else(|| {
            // A row may have become valid or invalid since, by no change of its own.
            let asked = if self.is_invalid {
                Asked::Nothing
            } else {
                Asked::Invalid
            };
            checkpoint.status(row, self.fingerprint_with(asked))
        })
    }

    /// Its fingerprint, which is that of its line if the row was as valid as it is now.
    #[must_use]
    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint_with(Asked::by(self.is_invalid, self.labels.as_ref()))
    }

    /// The fingerprint of its pair or keys, whatever its labels are. It identifies the line among those of the row.
    #[must_use]
    pub(crate) fn pair_fingerprint(&self) -> u64 {
        self.fingerprint_with(Asked::Nothing)
    }

    fn fingerprint_with(&self, asked: Asked<'_>) -> u64 {
        fingerprint_of(&self.target, self.keys.as_deref(), asked)
    }
}

impl fmt::Display for RowIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.keys {
            None => self.target.fmt(formatter)?,
            Some(keys) => {
                let [from_type, from_id, to_type, to_id] = self.target.values();
                let from = shown_record(&from_type, &from_id, cell(keys.from.as_ref()));
                let to = shown_record(&to_type, &to_id, cell(keys.to.as_ref()));
                formatter.write_str(&excerpt(&format!("{from} -> {to}"), MAX_SHOWN_CHARS))?;
            }
        }
        match &self.labels {
            Some(labels) => formatter.write_str(&shown_labels(&labels.to_string())),
            None => Ok(()),
        }
    }
}

/// The labels as a message shows them behind the pair.
fn shown_labels(labels: &str) -> String {
    let labels = excerpt(labels, MAX_SHOWN_CHARS);
    format!(" with the labels `{labels}`")
}

fn cell(key: Option<&CellKey>) -> Option<&str> {
    key.map(|key| &*key.cell)
}

/// A key is in backticks, so that it cannot be read as an id.
fn shown_record(object_type: &str, id: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => format!("{object_type} `{key}`"),
        None => format!("{object_type} {id}"),
    }
}

fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

impl ReportLine<'_> {
    /// Whether the row has keys in place of ids.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.keys().iter().any(|key| !key.is_empty())
    }

    fn keys(&self) -> [&[u8]; 2] {
        [Column::FromKey, Column::ToKey].map(|column| self.field(column))
    }

    /// The fingerprint of its row.
    #[must_use]
    pub(crate) fn fingerprint(&self) -> u64 {
        let text = self.field(Column::Labels);
        let labels = self.labels();
        self.fingerprint_with(match &labels {
            None if self.outcome != OutcomeKind::Invalid && !text.is_empty() => Asked::Other(text),
            labels => Asked::by(self.outcome == OutcomeKind::Invalid, labels.as_ref()),
        })
    }

    /// The fingerprint of its pair or keys, whatever its labels are.
    #[must_use]
    pub(crate) fn pair_fingerprint(&self) -> u64 {
        self.fingerprint_with(Asked::Nothing)
    }

    fn fingerprint_with(&self, asked: Asked<'_>) -> u64 {
        let [from_type, from_id, to_type, to_id] = self.target();
        let [from_key, to_key] = self.keys();
        let values = [
            Value::Text(from_type),
            Value::of_record(from_id, from_key),
            Value::Text(to_type),
            Value::of_record(to_id, to_key),
        ];
        fingerprint(values, asked)
    }

    /// The pair and its labels as a message shows them.
    #[must_use]
    pub(crate) fn shown(&self) -> String {
        let [from_type, from_id, to_type, to_id] = self.target().map(String::from_utf8_lossy);
        let [from_key, to_key] = self.keys().map(String::from_utf8_lossy);
        let from = shown_record(&from_type, &from_id, non_empty(&from_key));
        let to = shown_record(&to_type, &to_id, non_empty(&to_key));
        let pair = excerpt(&format!("{from} -> {to}"), MAX_SHOWN_CHARS);
        match non_empty(&self.text(Column::Labels)) {
            Some(labels) => pair + &shown_labels(labels),
            None => pair,
        }
    }
}

/// The fingerprint of the line of an outcome.
#[must_use]
pub(crate) fn fingerprint_of_outcome(outcome: &Outcome) -> u64 {
    let labels = outcome.labels.as_ref().map(|labels| &labels.asked);
    let asked = Asked::by(outcome.kind == OutcomeKind::Invalid, labels);
    fingerprint_of(&outcome.target, outcome.keys.as_deref(), asked)
}

/// The fingerprint of the line of a valid row without labels that has this target.
#[must_use]
pub(crate) fn fingerprint_of_target(target: &RowTarget) -> u64 {
    fingerprint_of(target, None, Asked::Nothing)
}

fn fingerprint_of(target: &RowTarget, keys: Option<&RowKeys>, asked: Asked<'_>) -> u64 {
    let values = target_values(target);
    let [from_type, from_id, to_type, to_id] = values.each_ref().map(|value| value.as_bytes());
    let key_of = |key: &Option<CellKey>| cell(key.as_ref()).map(key_value).unwrap_or_default();
    let (from_key, to_key) = match keys {
        Some(keys) => (key_of(&keys.from), key_of(&keys.to)),
        None => Default::default(),
    };
    let values = [
        Value::Text(from_type),
        Value::of_record(from_id, from_key.as_bytes()),
        Value::Text(to_type),
        Value::of_record(to_id, to_key.as_bytes()),
    ];
    fingerprint(values, asked)
}

/// What a row asks for besides its link.
#[derive(Clone, Copy)]
enum Asked<'a> {
    /// No label.
    Nothing,
    /// These labels.
    Labels(&'a LabelSet),
    /// The text in the column of the labels, which is no list of labels: no row asks for it.
    Other(&'a [u8]),
    /// Anything: the row is invalid.
    Invalid,
}

impl<'a> Asked<'a> {
    fn by(is_invalid: bool, labels: Option<&'a LabelSet>) -> Self {
        match labels {
            _ if is_invalid => Self::Invalid,
            Some(labels) => Self::Labels(labels),
            None => Self::Nothing,
        }
    }

    fn hash(self, hasher: &mut DefaultHasher) {
        // Each begins with a byte that neither UTF-8 nor the end of a value has.
        match self {
            Self::Nothing => {}
            Self::Invalid => hasher.write_u8(0xfd),
            Self::Other(text) => {
                hasher.write_u8(0xfc);
                hasher.write(text);
            }
            Self::Labels(labels) => {
                for AssociationType {
                    category, type_id, ..
                } in labels.iter()
                {
                    hasher.write_u8(0xfb);
                    hasher.write(category.as_bytes());
                    hasher.write_u8(0xff);
                    hasher.write_u64(*type_id);
                }
            }
        }
    }
}

/// A value that identifies a row.
#[derive(Clone, Copy)]
enum Value<'v> {
    /// A type, an id, or what stood in its place.
    Text(&'v [u8]),
    /// A key.
    Key(&'v [u8]),
}

impl<'v> Value<'v> {
    /// The value for a record with this id and this key; the key is empty if the cell held an id.
    fn of_record(id: &'v [u8], key: &'v [u8]) -> Self {
        if key.is_empty() {
            Self::Text(id)
        } else {
            Self::Key(key)
        }
    }
}

/// A 64-bit hash of the values of a row. Only valid within one process.
fn fingerprint(values: [Value<'_>; 4], asked: Asked<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for value in values {
        // No value contains the last byte: values are UTF-8.
        let (text, end) = match value {
            Value::Text(text) => (text, 0xff),
            Value::Key(key) => (key, 0xfe),
        };
        hasher.write(text);
        hasher.write_u8(end);
    }
    asked.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{self, from_key, key, label_set, raw, record};
    use crate::domain::keyed_pair::{KeyedPair, RecordName};
    use crate::domain::labels::LinkLabels;
    use crate::domain::pair::ObjectType;
    use crate::domain::row_keys::MatchKind;
    use crate::input::row::{InvalidRow, RawValues};
    use crate::report::layout::Layout;
    use crate::report::line::LineBuffer;
    use crate::report::reader::ReportReader;
    use proptest::prelude::*;

    /// A row of the input with a key in its first id cell.
    fn keyed_row(cell: &str) -> RowIdentity {
        RowIdentity::of(&CheckedRow {
            key: key(1),
            content: RowContent::Keyed(Box::new(KeyedPair {
                from: RecordName::Key {
                    object_type: ObjectType::new("contacts").unwrap(),
                    cell: cell.into(),
                },
                to: RecordName::Id(record("companies 9")),
            })),
            labels: None,
        })
    }

    /// The outcome of such a row, with the id that was found.
    fn keyed_outcome(cell: &str, id: &str) -> Outcome {
        Outcome {
            target: raw(["contacts", id, "companies", "9"]),
            keys: Some(from_key(cell, (!id.is_empty()).then_some(MatchKind::Exact)).into()),
            ..fixtures::outcome(1, OutcomeKind::Associated)
        }
    }

    /// The fingerprint of its line, and the pair as a message shows it.
    fn read_back(outcome: &Outcome) -> (u64, String) {
        let mut lines = LineBuffer::default();
        lines.add_header();
        lines.add(outcome);
        let text = lines.take();
        let mut reader = ReportReader::new(text.as_slice()).unwrap();
        assert_eq!(reader.layout(), Some(Layout::Current));
        let line = reader.read().unwrap().unwrap();
        assert_eq!(line.has_keys(), outcome.keys.is_some());
        (line.fingerprint(), line.shown())
    }

    #[test]
    fn a_key_is_not_the_id_of_the_same_digits() {
        let by_key = keyed_row("7");
        let target = raw(["contacts", "7", "companies", "9"]);
        let by_id = RowIdentity::new(target, None);
        assert_ne!(by_key.fingerprint(), by_id.fingerprint());
        assert_eq!(by_key.to_string(), "contacts `7` -> companies 9");
        assert_eq!(by_id.to_string(), "contacts 7 -> companies 9");
        assert_eq!(read_back(&keyed_outcome("7", "51")).1, by_key.to_string());
    }

    /// A row of the input that asks for these labels; an invalid one asks for none.
    fn labelled_row(labels: Option<&str>, is_invalid: bool) -> RowIdentity {
        let pair = fixtures::pair("contacts 7", "companies 9");
        let content = if is_invalid {
            RowContent::Invalid(InvalidRow {
                problems: Vec::new(),
                values: RawValues::of(&pair),
            })
        } else {
            RowContent::Pair(pair)
        };
        RowIdentity::of(&CheckedRow {
            key: key(1),
            content,
            labels: labels.map(|text| AskedLabels::Known(label_set(text))),
        })
    }

    #[test]
    fn a_row_is_that_of_a_line_with_the_same_labels_or_of_an_invalid_row() {
        let (a, b) = ("USER_DEFINED:1:A", "USER_DEFINED:1:A;USER_DEFINED:2:B");
        let rows = [
            (None, false),
            (Some(a), false),
            (Some(b), false),
            (None, true),
        ];
        for (outcome, text, matched) in [
            ("associated", "", [true, false, false, true]),
            ("associated", a, [false, true, false, false]),
            (
                "associated",
                "USER_DEFINED:1:renamed",
                [false, true, false, false],
            ),
            (
                "skipped",
                "USER_DEFINED:2:B;USER_DEFINED:1:A",
                [false, false, true, false],
            ),
            ("associated", "INTEGRATOR_DEFINED:1:A", [false; 4]),
            ("associated", "Decision maker", [false; 4]),
            ("invalid", "", [true; 4]),
            ("invalid", a, [true; 4]),
        ] {
            let report = format!(
                "row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,labels\n\
                 1,contacts,7,companies,9,{outcome},{text}\n"
            );
            let mut reader = ReportReader::new(report.as_bytes()).unwrap();
            let line = reader.read().unwrap().unwrap();
            let mut checkpoint = Checkpoint::default();
            checkpoint.insert(1, line.fingerprint(), true);
            let found = rows.map(|(labels, is_invalid)| {
                let row = labelled_row(labels, is_invalid);
                assert_eq!(row.pair_fingerprint(), line.pair_fingerprint());
                row.status_in(&checkpoint, 1).is_some()
            });
            assert_eq!(found, matched, "{outcome} {text}");
        }
    }

    #[test]
    fn the_labels_of_both_sides_are_shown_behind_the_pair() {
        let text = "USER_DEFINED:1:A, b";
        let shown = "contacts 7 -> companies 9 with the labels `USER_DEFINED:1:A, b`";
        assert_eq!(labelled_row(Some(text), false).to_string(), shown);
        let outcome = Outcome {
            target: raw(["contacts", "7", "companies", "9"]),
            labels: Some(Box::new(LinkLabels::only(label_set(text)))),
            ..fixtures::outcome(1, OutcomeKind::Associated)
        };
        let (fingerprint, line) = read_back(&outcome);
        assert_eq!(line, shown);
        assert_eq!(fingerprint, fingerprint_of_outcome(&outcome));
        let unlabelled = labelled_row(None, false);
        assert_eq!(unlabelled.to_string(), "contacts 7 -> companies 9");
    }

    proptest! {
        #[test]
        fn a_row_by_key_is_its_line_whatever_id_was_found(
            cell in "[!-~é][ -~é]{0,250}[!-~é]",
            ids in prop::sample::subsequence(vec!["", "7", "41001"], 2),
        ) {
            let row = keyed_row(&cell);
            for id in ids {
                prop_assert_eq!(read_back(&keyed_outcome(&cell, id)).0, row.fingerprint());
            }
            let other = keyed_row(&format!("x{cell}"));
            prop_assert_ne!(other.fingerprint(), row.fingerprint());
        }
    }
}
