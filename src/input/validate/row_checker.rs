//! One record → a [`Pair`], ids or keys of one, or all of its problems.
//!
//! Pure, and strict: a value is the cell without surrounding blanks and without the `="…"` of a spreadsheet's
//! text form. Nothing is repaired, because a guessed id would link the wrong record.

use crate::domain::key_kind::KeyKind;
use crate::domain::pair;
use crate::domain::pair::{ObjectType, Pair, RecordId};
use crate::input::columns::column::Column;
use crate::input::columns::resolve::Columns;
use crate::input::csv::record::Record;
use crate::input::decode::encoding::TextEncoding;
use crate::input::row::{InvalidRow, RowContent, SkippedRow};
use crate::input::validate::cell::value_problem;
use crate::input::validate::id_list::Separator;
use crate::input::validate::pair_expander::{PairExpander, content_of, problem};
use crate::input::validate::problem::{MOST_PAIRS, RowProblem, ValueProblem};
use crate::input::validate::row_values::{
    cached_type, cell_of, check_id, check_types, invalid, raw_values, split_cell,
};
use crate::input::validate::shape::RowShape;

/// Checks the rows of one file. It caches the last types, so that a row with the same types as the row before
/// allocates nothing.
#[derive(Debug)]
pub(crate) struct Checker {
    columns: Columns,
    shape: RowShape,
    pub(crate) encoding: TextEncoding,
    /// The types of the last row that had them in columns.
    last_types: [Option<ObjectType>; 2],
}

impl Checker {
    /// For text that was decoded to UTF-8 from `encoding`.
    pub(crate) fn new(columns: Columns, shape: RowShape, encoding: TextEncoding) -> Self {
        Self {
            columns,
            shape,
            encoding,
            last_types: [None, None],
        }
    }

    pub(crate) fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Checks a row whose cells hold one id or key each. `content` has the result of an earlier row, and is replaced.
    pub(crate) fn check(&mut self, record: Record<'_>, content: &mut RowContent) {
        if self.columns.are_keys() != [false, false] {
            *content = self.check_keyed(record);
        } else if self.check_fast(record, content).is_none() {
            *content = self.check_fully(record);
        }
    }

    /// The fast path for nearly every row: ids without blanks, and the types of the row before, which are
    /// already in `content`. `None` means that the row needs the full check.
    fn check_fast(&self, record: Record<'_>, content: &mut RowContent) -> Option<()> {
        let columns = &self.columns;
        if !self.shape.fits(record) || record.has_misquoted() {
            return None;
        }
        let id = |column: &Column| RecordId::of_digits(record.field(column.index)?);
        let (from_id, to_id) = (id(&columns.from_id)?, id(&columns.to_id)?);
        let from_type = cached_type(&columns.from_type, record, self.last_types[0].as_ref())?;
        let to_type = cached_type(&columns.to_type, record, self.last_types[1].as_ref())?;
        match content {
            RowContent::Pair(Pair { from, to })
                if from.object_type == *from_type && to.object_type == *to_type =>
            {
                from.id = from_id;
                to.id = to_id;
            }
            _ => {
                let record = |object_type: &ObjectType, id| pair::Record {
                    object_type: object_type.clone(),
                    id,
                };
                *content = RowContent::Pair(Pair {
                    from: record(from_type, from_id),
                    to: record(to_type, to_id),
                });
            }
        }
        Some(())
    }

    fn check_fully(&mut self, record: Record<'_>) -> RowContent {
        let columns = &self.columns;
        if let Some(invalid) = wrong_field_count(self.shape, columns, record) {
            return RowContent::Invalid(invalid);
        }
        let [from_type, to_type] =
            check_types(columns, record, self.encoding, &mut self.last_types);
        let from_id = check_id(&columns.from_id, record, self.encoding);
        let to_id = check_id(&columns.to_id, record, self.encoding);
        match (from_type, from_id, to_type, to_id) {
            (Ok(from_type), Ok(from_id), Ok(to_type), Ok(to_id)) => RowContent::Pair(Pair {
                from: pair::Record {
                    object_type: from_type,
                    id: from_id,
                },
                to: pair::Record {
                    object_type: to_type,
                    id: to_id,
                },
            }),
            (from_type, from_id, to_type, to_id) => {
                let problems = [from_type.err(), from_id.err(), to_type.err(), to_id.err()];
                let problems = problems.into_iter().flatten().collect();
                RowContent::Invalid(invalid(problems, columns, record))
            }
        }
    }

    /// Checks a row in which a cell holds a key.
    fn check_keyed(&mut self, record: Record<'_>) -> RowContent {
        let columns = &self.columns;
        if let Some(invalid) = wrong_field_count(self.shape, columns, record) {
            return RowContent::Invalid(invalid);
        }
        let encoding = self.encoding;
        let types = check_types(columns, record, encoding, &mut self.last_types);
        let mut kinds = columns
            .properties
            .iter()
            .zip(&types)
            .map(|(property, object_type)| {
                let property = property.as_ref()?;
                Some(match object_type {
                    Ok(object_type) => KeyKind::of(object_type, property.as_str()),
                    // Only what holds for the values of any property is checked.
                    Err(_) => KeyKind::Text,
                })
            });
        let mut cell = |column| cell_of(column, record, kinds.next().flatten(), encoding);
        let cells = [cell(&columns.from_id), cell(&columns.to_id)];
        match types {
            [Ok(from_type), Ok(to_type)] => {
                content_of(columns, [from_type, to_type], cells.each_ref())
            }
            [from_type, to_type] => {
                let problems = [
                    from_type.err(),
                    problem(&columns.from_id, &cells[0]),
                    to_type.err(),
                    problem(&columns.to_id, &cells[1]),
                ];
                let problems = problems.into_iter().flatten().collect();
                RowContent::Invalid(invalid(problems, columns, record))
            }
        }
    }

    /// Checks a row whose cells may hold several ids or keys each. Problems that do not concern one of the ids are
    /// reported once, for the row as a whole; otherwise the pairs are in `expander`, and this returns `None`.
    pub(crate) fn check_lists(
        &mut self,
        record: Record<'_>,
        separator: &Separator,
        expander: &mut PairExpander,
    ) -> Option<RowContent> {
        let columns = &self.columns;
        expander.clear();
        if let Some(invalid) = wrong_field_count(self.shape, columns, record) {
            return Some(RowContent::Invalid(invalid));
        }
        let types = match check_types(columns, record, self.encoding, &mut self.last_types) {
            [Ok(from_type), Ok(to_type)] => [from_type, to_type],
            [from_type, to_type] => {
                let problems = [from_type.err(), to_type.err()].into_iter().flatten();
                let invalid = invalid(problems.collect(), columns, record);
                return Some(RowContent::Invalid(invalid));
            }
        };
        let separated = (separator, self.encoding);
        let kind = |side: usize| {
            let property = columns.properties[side].as_ref()?;
            Some(KeyKind::of(&types[side], property.as_str()))
        };
        let lists = [&mut expander.from, &mut expander.to];
        for (side, list) in lists.into_iter().enumerate() {
            let column = [&columns.from_id, &columns.to_id][side];
            split_cell(column, record, separated, kind(side), list);
        }
        let missing = columns.list_side.missing(&expander.from, &expander.to);
        if missing != [false, false] {
            let ids = [&columns.from_id, &columns.to_id];
            let blank = ids.into_iter().zip(missing).filter(|(_, missing)| *missing);
            let problems = blank.map(|(column, _)| value_problem(column, b"", ValueProblem::Blank));
            let invalid = invalid(problems.collect(), columns, record);
            return Some(RowContent::Invalid(invalid));
        }
        if expander.is_empty() {
            let values = raw_values(columns, record);
            return Some(RowContent::Skipped(SkippedRow::NothingToLink(values)));
        }
        let ids = [expander.from.len(), expander.to.len()];
        // A longer list was not read to its end.
        if ids[0].saturating_mul(ids[1]) > MOST_PAIRS {
            expander.clear();
            let problem = RowProblem::TooManyPairs { ids };
            return Some(RowContent::Invalid(invalid(vec![problem], columns, record)));
        }
        expander.open(types);
        None
    }
}

/// A row with too many or too few fields may have its values in the wrong columns.
fn wrong_field_count(shape: RowShape, columns: &Columns, record: Record<'_>) -> Option<InvalidRow> {
    if shape.fits(record) {
        return None;
    }
    let problem = RowProblem::FieldCount {
        expected: columns.field_count,
        found: record.field_count(),
    };
    Some(invalid(vec![problem], columns, record))
}
