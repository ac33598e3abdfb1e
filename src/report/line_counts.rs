//! Counts a line of a report in the same way as its outcome was counted when the row ended.

use crate::domain::cause::Cause;
use crate::domain::pair::RowKey;
use crate::domain::run_counts::{Example, RunCounts};
use crate::report::column::Column;
use crate::report::report_line::ReportLine;

impl ReportLine<'_> {
    /// Counts the row of this line.
    pub fn count_in(&self, counts: &mut RunCounts) {
        counts.existed.add(self.existed_before());
        let categories = self.field(Column::Categories);
        let first = categories.split(|&byte| byte == b';').next();
        let category = first
            .map(String::from_utf8_lossy)
            .filter(|category| !category.is_empty());
        let message = self.text(Column::Message);
        let category = category.as_deref();
        let category = category.map(|category| (category, Cause::of(category, &message)));
        counts.count_row(self.outcome, category, || self.example());
    }

    fn example(&self) -> Example {
        Example {
            key: RowKey {
                row: self.row,
                line: self.number_in(Column::Line),
            },
            values: self
                .target()
                .map(|value| String::from_utf8_lossy(value).into_owned()),
            keys: [Column::FromKey, Column::ToKey].map(|column| self.text(column).into_owned()),
            http_status: u16::try_from(self.number_in(Column::HttpStatus))
                .ok()
                .filter(|&status| status > 0),
            message: self.text(Column::Message).into_owned(),
            correlation_id: Some(self.text(Column::CorrelationId).into_owned())
                .filter(|id| !id.is_empty()),
        }
    }
}
