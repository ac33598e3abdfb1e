//! Which run a line of a report is from: a real one or a rehearsal.

use crate::report::column::Column;
use crate::report::origin::{MARK, Origin, is_marked};
use crate::report::reader::{ReadBackError, ReportLine};

impl ReportLine<'_> {
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
