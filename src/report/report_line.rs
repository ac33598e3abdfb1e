//! One line of a report, as it was read.

use std::borrow::Cow;

use crate::domain::outcome::OutcomeKind;
use crate::domain::proof::{ExistedBefore, UndoOutcome};
use crate::input::csv::fields::Fields;
use crate::report::column::Column;
use crate::report::header::Places;
use crate::report::origin::{MARK, Origin, is_marked};
use crate::report::read_error::ReadBackError;

/// One line of a report, borrowed until the next one is read.
#[derive(Clone, Copy, Debug)]
pub struct ReportLine<'r> {
    /// Its number in the file; the header is line 1.
    pub number: u64,
    /// The row.
    pub row: u64,
    /// The outcome of the row.
    pub outcome: OutcomeKind,
    /// The raw line, with its line break.
    pub raw: &'r [u8],
    pub(crate) fields: Fields<'r>,
    /// Where each column is.
    pub(crate) places: &'r Places,
}

impl<'r> ReportLine<'r> {
    /// The bytes of the field in `column`; empty if the report has no such column.
    #[must_use]
    pub fn field(&self, column: Column) -> &'r [u8] {
        field(self.fields, self.places, column)
    }

    /// The field as text.
    #[must_use]
    pub fn text(&self, column: Column) -> Cow<'r, str> {
        String::from_utf8_lossy(self.field(column))
    }

    /// The number in `column`; 0 if there is none.
    #[must_use]
    pub fn number_in(&self, column: Column) -> u64 {
        let text = str::from_utf8(self.field(column)).ok();
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// The four values that identify the pair.
    #[must_use]
    pub fn target(&self) -> [&'r [u8]; 4] {
        [
            Column::FromType,
            Column::FromId,
            Column::ToType,
            Column::ToId,
        ]
        .map(|column| self.field(column))
    }

    /// The account that the run wrote to; `None` if it was not known, or the report has no such column.
    #[must_use]
    pub fn portal_id(&self) -> Option<u64> {
        Some(self.number_in(Column::PortalId)).filter(|&id| id > 0)
    }

    /// Whether the pair was linked before the run sent it; `None` if that was not asked.
    #[must_use]
    pub fn existed_before(&self) -> Option<ExistedBefore> {
        ExistedBefore::of_word(self.field(Column::ExistedBefore))
    }

    /// The outcome in a report of `undo`; `None` in any other.
    #[must_use]
    pub fn undo_outcome(&self) -> Option<UndoOutcome> {
        self.places[Column::Reason as usize]?;
        UndoOutcome::of_word(self.field(Column::Outcome))
    }

    /// The kind of run that wrote the line.
    #[must_use]
    pub fn origin(&self) -> Origin {
        if is_marked(self.field(Column::CorrelationId)) {
            Origin::Rehearsal
        } else {
            Origin::RealRun
        }
    }

    /// The correlation id of the reply that ended the row; empty if there was no reply.
    #[must_use]
    pub fn reply_id(&self) -> &[u8] {
        let id = self.field(Column::CorrelationId);
        if id == MARK.as_bytes() { &[] } else { id }
    }

    /// Fails if another kind of run wrote the line.
    pub(crate) fn check_origin(&self, wanted: Origin) -> Result<(), ReadBackError> {
        match self.origin() {
            origin if origin == wanted => Ok(()),
            origin => Err(ReadBackError::OtherOrigin {
                line: self.number,
                origin,
            }),
        }
    }
}

/// The field of a line in `column`; empty if the report has no such column.
pub(crate) fn field<'f>(fields: Fields<'f>, places: &Places, column: Column) -> &'f [u8] {
    let field = places[column as usize].and_then(|place| fields.get(place));
    field.unwrap_or_default()
}
