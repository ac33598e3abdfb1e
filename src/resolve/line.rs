//! The text of a row, and its outcome → its line of the output. Pure.
//!
//! Cells are copied as they are, with their quotes, so that an invalid row does not become valid by being written again. The
//! id of a key that no record matches is empty, which an import refuses.

use crate::domain::outcome::Outcome;
use crate::domain::row_keys::CellKey;
use crate::input::columns::resolve::TypeSource;
use crate::input::csv::delimiter::{CANDIDATES, Delimiter};
use crate::input::csv::quotes::raw_fields;
use crate::input::csv::record::is_blank;
use crate::resolve::columns::{Fill, OutputColumns, Side};
use crate::resolve::raw_rows::RawRow;

/// How lines are made.
#[derive(Clone, Debug)]
pub struct LineFormat {
    columns: OutputColumns,
    delimiter: Delimiter,
    /// Whether a cell of the input may hold several ids or keys. Each line has one of them.
    splits: bool,
}

impl LineFormat {
    /// The lines of these columns.
    #[must_use]
    pub fn new(columns: OutputColumns, delimiter: Delimiter, splits: bool) -> Self {
        Self {
            columns,
            delimiter,
            splits,
        }
    }

    /// The header, from the fields of the input's. A line before it names a delimiter that an import does not detect.
    #[must_use]
    pub fn header(&self, names: &[Vec<u8>]) -> Vec<u8> {
        let mut line = Vec::new();
        if !CANDIDATES.contains(&self.delimiter) {
            line.extend_from_slice(b"sep=");
            line.push(self.delimiter.as_byte());
            line.push(b'\n');
        }
        let added = self.columns.added.iter();
        let added = added.map(|(name, _)| self.quoted(name.as_bytes()));
        let fields: Vec<_> = names.iter().cloned().chain(added).collect();
        self.push_line(&fields, &mut line);
        line
    }

    /// Appends the line of a row.
    pub fn push_row(&self, raw: &RawRow, outcome: &Outcome, lines: &mut Vec<u8>) {
        let cells = raw_fields(&raw.text, self.delimiter.as_byte());
        let row = RowCells {
            format: self,
            raw,
            cells: &cells,
            outcome,
            values: outcome.target.values(),
        };
        let mut fields: Vec<Vec<u8>> = cells.iter().map(|cell| cell.to_vec()).collect();
        let width = self.columns.width;
        let surplus = cells.get(width..).unwrap_or_default();
        // Further cells with values stay: without them, the row would no longer be invalid.
        if surplus.iter().all(|cell| is_blank(without_quotes(cell))) {
            fields.resize(width, Vec::new());
        }
        for &(index, fill) in &self.columns.replaced {
            fields[index] = row.value(fill);
        }
        let added = self.columns.added.iter();
        fields.extend(added.map(|&(_, fill)| row.value(fill)));
        self.push_line(&fields, lines);
    }

    fn push_line(&self, fields: &[Vec<u8>], lines: &mut Vec<u8>) {
        for (place, field) in fields.iter().enumerate() {
            if place > 0 {
                lines.push(self.delimiter.as_byte());
            }
            lines.extend_from_slice(field);
        }
        lines.push(b'\n');
    }

    /// A value as a field, in quotes if it needs them.
    fn quoted(&self, value: &[u8]) -> Vec<u8> {
        let is_special = |byte: &u8| *byte == self.delimiter.as_byte() || b"\"\r\n".contains(byte);
        if !value.iter().any(is_special) {
            return value.to_vec();
        }
        let mut field = vec![b'"'];
        for &byte in value {
            field.extend(std::iter::repeat_n(byte, if byte == b'"' { 2 } else { 1 }));
        }
        field.push(b'"');
        field
    }
}

fn without_quotes(cell: &[u8]) -> &[u8] {
    let inner = cell.strip_prefix(b"\"");
    inner
        .and_then(|cell| cell.strip_suffix(b"\""))
        .unwrap_or(cell)
}

/// What the columns of one row can hold.
struct RowCells<'r> {
    format: &'r LineFormat,
    raw: &'r RawRow,
    /// The cells verbatim.
    cells: &'r [&'r [u8]],
    outcome: &'r Outcome,
    /// The four values of the outcome.
    values: [String; 4],
}

impl RowCells<'_> {
    fn value(&self, fill: Fill) -> Vec<u8> {
        match fill {
            Fill::Type(side) => match &self.format.columns.source(side).object_type {
                TypeSource::Fixed(object_type) => {
                    self.format.quoted(object_type.as_str().as_bytes())
                }
                TypeSource::Column(column) => self.cell(column.index),
            },
            Fill::Id(side) => self.id(side),
            Fill::Key(side) => self.key_cell(side),
            Fill::Problem => self.format.quoted(problem(self.outcome).as_bytes()),
        }
    }

    fn cell(&self, index: usize) -> Vec<u8> {
        self.cells
            .get(index)
            .map(|cell| cell.to_vec())
            .unwrap_or_default()
    }

    fn id(&self, side: Side) -> Vec<u8> {
        let (value, is_misquoted) = match side {
            Side::From => (&self.values[1], self.raw.misquoted[0]),
            Side::To => (&self.values[3], self.raw.misquoted[1]),
        };
        let source = self.format.columns.source(side);
        if source.has_keys {
            let is_found = self.key(side).is_some_and(|key| key.matched.is_some());
            return if is_found {
                self.format.quoted(value.as_bytes())
            } else {
                Vec::new()
            };
        }
        if self.format.splits && !is_misquoted {
            return self.format.quoted(value.as_bytes());
        }
        self.cell(source.id)
    }

    fn key(&self, side: Side) -> Option<&CellKey> {
        let keys = self.outcome.keys.as_ref()?;
        match side {
            Side::From => keys.from.as_ref(),
            Side::To => keys.to.as_ref(),
        }
    }

    /// The key as it stands in its cell; with lists, the one of this line.
    fn key_cell(&self, side: Side) -> Vec<u8> {
        match self.key(side) {
            Some(key) if self.format.splits => self.format.quoted(key.cell.as_bytes()),
            _ => self.cell(self.format.columns.source(side).id),
        }
    }
}

/// Why a row has no ids: category and message; empty if it has both.
fn problem(outcome: &Outcome) -> String {
    let details = &outcome.details;
    let category = details.categories.join(";");
    match (category.is_empty(), details.message.is_empty()) {
        (_, true) => category,
        (true, false) => details.message.clone(),
        (false, false) => format!("{category}: {}", details.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::{Details, OutcomeKind, RowTarget};
    use crate::domain::pair::{ObjectType, RowKey};
    use crate::domain::property_name::PropertyName;
    use crate::domain::row_keys::{MatchKind, RowKeys};
    use crate::input::columns::resolve::Columns;
    use crate::input::columns::settings::ColumnSettings;
    use crate::input::csv::delimiter::fields_of;
    use crate::input::csv_input::Input;
    use crate::input::fixtures;
    use crate::input::row::RowContent;
    use jiff::Timestamp;
    use proptest::prelude::*;
    use std::time::Duration;

    const SPLIT: bool = true;
    const WHOLE: bool = false;

    /// The format for a file whose `email` column has the keys of contacts, and whose `to_id` column has ids.
    fn format(header: &str, delimiter: &str, splits: bool) -> LineFormat {
        let delimiter: Delimiter = delimiter.parse().unwrap();
        let headers = fields_of(header.as_bytes(), delimiter);
        let settings = ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: ObjectType::new("companies"),
            from_id_column: if header.contains("email") {
                "email".parse().ok()
            } else {
                None
            },
            ..ColumnSettings::default()
        };
        let key = PropertyName::new("key").unwrap();
        let columns = Columns::resolve(&headers, &settings, [Some(&key), None]).unwrap();
        let columns = OutputColumns::of("f", &headers, &columns, splits).unwrap();
        LineFormat::new(columns, delimiter, splits)
    }

    fn key(cell: &str, matched: Option<MatchKind>) -> RowKeys {
        let from = Some(CellKey {
            cell: cell.into(),
            matched,
        });
        RowKeys { from, to: None }
    }

    fn outcome(
        ids: [&str; 2],
        keys: impl Into<Option<RowKeys>>,
        problem: Option<(&str, &str)>,
    ) -> Outcome {
        let [from, to] = ids;
        Outcome {
            key: RowKey { row: 1, line: 2 },
            target: RowTarget::Raw(["contacts", from, "companies", to].map(str::to_owned)),
            keys: keys.into().map(Box::new),
            kind: if problem.is_some() {
                OutcomeKind::Rejected
            } else {
                OutcomeKind::Skipped
            },
            details: problem.map_or_else(Details::default, |(category, message)| Details {
                categories: vec![category.to_owned()],
                message: message.to_owned(),
                ..Details::default()
            }),
            attempts: 0,
            duration: Duration::ZERO,
            finished_at: Timestamp::UNIX_EPOCH,
            existed_before: None,
            labels: None,
            proof: None,
        }
    }

    fn line(format: &LineFormat, text: &str, outcome: &Outcome) -> String {
        let raw = RawRow {
            row: 1,
            text: text.as_bytes().into(),
            misquoted: [false; 2],
        };
        let mut lines = Vec::new();
        format.push_row(&raw, outcome, &mut lines);
        String::from_utf8(lines).unwrap()
    }

    #[test]
    fn the_header_has_the_added_columns_and_names_a_delimiter_that_is_not_detected() {
        let names = |header: &str, delimiter| {
            raw_fields(header.as_bytes(), delimiter)
                .into_iter()
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>()
        };
        let header = "\"My, name\",email,to_id";
        assert_eq!(
            format(header, ",", WHOLE).header(&names(header, b',')),
            b"\"My, name\",email,to_id,from_object_type,from_object_id,to_object_type,resolve_problem\n"
        );
        let header = "email_to".replace('_', "^") + "_id";
        let line = format(&header, "^", WHOLE).header(&names(&header, b'^'));
        assert!(
            line.starts_with(b"sep=^\nemail^to_id^from_object_type^"),
            "{}",
            String::from_utf8_lossy(&line)
        );
    }

    #[test]
    fn a_row_keeps_its_cells_and_gets_the_ids_or_the_problem() {
        let added = format("note,email,to_id", ",", WHOLE);
        let replaced = format("from_id,to_id", ",", WHOLE);
        let found = outcome(["7", "52"], key("Ann@x.com", Some(MatchKind::Folded)), None);
        let missing = outcome(
            ["", "52"],
            key("123", None),
            Some(("CLIENT_KEY_NOT_FOUND", "no \"x\", so")),
        );
        let invalid = outcome(
            ["#N/A", "5E+11"],
            None,
            Some(("CLIENT_INVALID_ROW", "to id")),
        );
        for (format, text, outcome, expected) in [
            (
                &added,
                "\"a, b\", Ann@x.com ,52",
                &found,
                "\"a, b\", Ann@x.com ,52,contacts,7,companies,\n",
            ),
            (
                &added,
                "a,123,52",
                &missing,
                "a,123,52,contacts,,companies,\"CLIENT_KEY_NOT_FOUND: no \"\"x\"\", so\"\n",
            ),
            (
                &added,
                "a,#N/A,5E+11",
                &invalid,
                "a,#N/A,5E+11,contacts,,companies,CLIENT_INVALID_ROW: to id\n",
            ),
            // The key of a record that was not found must not be read as an id.
            (
                &replaced,
                "123,52",
                &missing,
                ",52,contacts,companies,123,\"CLIENT_KEY_NOT_FOUND: no \"\"x\"\", so\"\n",
            ),
            (
                &replaced,
                " Ann@x.com ,52",
                &found,
                "7,52,contacts,companies, Ann@x.com ,\n",
            ),
            // Blank cells at the end do not move the added columns.
            (
                &added,
                "a,Ann@x.com,52,,\"\"",
                &found,
                "a,Ann@x.com,52,contacts,7,companies,\n",
            ),
            (
                &added,
                "a,b",
                &invalid,
                "a,b,,contacts,,companies,CLIENT_INVALID_ROW: to id\n",
            ),
            (
                &added,
                "a,b,5,6",
                &invalid,
                "a,b,5,6,contacts,,companies,CLIENT_INVALID_ROW: to id\n",
            ),
        ] {
            assert_eq!(line(format, text, outcome), expected, "{text}");
        }
    }

    #[test]
    fn each_key_of_a_list_has_its_own_line() {
        let format = format("from_id;to_id", ";", SPLIT);
        let second = outcome(["8", "52"], key("b@x.com", Some(MatchKind::Exact)), None);
        assert_eq!(
            line(&format, "a@x.com|b@x.com;51|52", &second),
            "8;52;contacts;companies;b@x.com;\n"
        );
    }

    proptest! {
        /// An import of the output without flags has a pair where the lookup found one, and an invalid row elsewhere.
        #[test]
        fn an_import_of_the_output_reads_the_ids_that_were_found(
            rows in prop::collection::vec(("[0-9]{1,3}|[a-z,;\"# ]{0,6}", "[1-9][0-9]{0,3}|[a-z,;\"]{0,3}", any::<bool>(), 0..3_usize), 1..8),
            in_place in any::<bool>(),
            delimiter in prop::sample::select(vec![",", ";", "tab", "^"]),
        ) {
            let byte = delimiter.parse::<Delimiter>().unwrap().as_byte();
            let header = [if in_place { "from_id" } else { "email" }, "to_id"].join(&char::from(byte).to_string());
            let format = format(&header, delimiter, WHOLE);
            let names: Vec<Vec<u8>> = raw_fields(header.as_bytes(), byte).into_iter().map(<[u8]>::to_vec).collect();
            let mut file = format.header(&names);
            let mut expected = Vec::new();
            for (number, (from, to, is_found, surplus)) in (7_u64..).zip(&rows) {
                let mut fields = vec![format.quoted(from.as_bytes()), format.quoted(to.as_bytes())];
                fields.extend(std::iter::repeat_n(b"x".to_vec(), *surplus));
                let is_valid = to.bytes().all(|byte| byte.is_ascii_digit()) && !to.is_empty() && *surplus == 0;
                let id = number.to_string();
                let outcome = match (is_valid, *is_found) {
                    (true, true) => outcome([&id, to], key(from, Some(MatchKind::Exact)), None),
                    (true, false) => outcome(["", to], key(from, None), Some(("CLIENT_KEY_NOT_FOUND", "x"))),
                    (false, _) => outcome([from, to], None, Some(("CLIENT_INVALID_ROW", "x"))),
                };
                let text = fields.join(&byte);
                let raw = RawRow { row: 1, text: text.into(), misquoted: [false; 2] };
                format.push_row(&raw, &outcome, &mut file);
                expected.push((is_valid && *is_found).then(|| [id, to.clone()]));
            }
            let mut input: Input = fixtures::open(&file).unwrap();
            let read = fixtures::rows(&mut input).unwrap().into_iter().map(|row| match row.content {
                RowContent::Pair(pair) => Some([pair.from.id.to_string(), pair.to.id.to_string()]),
                RowContent::Invalid(_) => None,
                other => panic!("{other:?}"),
            });
            prop_assert_eq!(read.collect::<Vec<_>>(), expected);
        }
    }
}
