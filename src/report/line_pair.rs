//! The pair of a line, as the records that an API call names.

use crate::domain::pair::{ObjectType, Pair, Record, RecordId};
use crate::report::column::Column;
use crate::report::report_line::ReportLine;

/// Reads the pairs of lines. Most lines have the types of the line before, which are shared.
#[derive(Debug, Default)]
pub(crate) struct PairReader {
    types: [Option<ObjectType>; 2],
}

impl PairReader {
    /// The pair of a line; `None` for a row without two ids.
    pub(crate) fn pair(&mut self, line: &ReportLine<'_>) -> Option<Pair> {
        Some(Pair {
            from: self.record(line, 0, [Column::FromType, Column::FromId])?,
            to: self.record(line, 1, [Column::ToType, Column::ToId])?,
        })
    }

    fn record(
        &mut self,
        line: &ReportLine<'_>,
        side: usize,
        [object_type, id]: [Column; 2],
    ) -> Option<Record> {
        let id = RecordId::of_digits(line.field(id))?;
        let text = str::from_utf8(line.field(object_type)).ok()?;
        // An apostrophe keeps a spreadsheet from running a type as a formula; no type has one.
        let text = text.strip_prefix('\'').unwrap_or(text);
        let last = self.types[side].take().filter(|last| last.as_str() == text);
        let object_type = last.or_else(|| ObjectType::new(text))?;
        self.types[side] = Some(object_type.clone());
        Some(Record { object_type, id })
    }
}
