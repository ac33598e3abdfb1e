//! Outcomes in the order of the input + the text of the rows → the output file.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::resolve::line::LineFormat;
use crate::resolve::raw_rows::{RawRow, RawRows};
use crate::run::write_report::{ReportJob, WriteReport};

/// Lines are written once the buffer has this many bytes.
const PIECE: usize = 64 * 1024;

/// What the lines of the output came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineTotals {
    /// Lines with the ids of both records.
    pub resolved: u64,
    /// Lines of rows with an empty list.
    pub empty: u64,
    /// Lines with a problem.
    pub problems: u64,
}

/// Writes a line for each outcome.
pub struct OutputWriter<W> {
    format: LineFormat,
    raw_rows: RawRows,
    /// The row of the last outcome. With lists, it may have further ones.
    current: Option<RawRow>,
    lines: Vec<u8>,
    file: Arc<Mutex<W>>,
    totals: LineTotals,
    error: Option<io::Error>,
}

impl<W: Write + Send + 'static> OutputWriter<W> {
    /// Writes lines to `file`, behind the header.
    pub fn new(format: LineFormat, header: Vec<u8>, raw_rows: RawRows, file: W) -> Self {
        Self {
            format,
            raw_rows,
            current: None,
            lines: header,
            file: Arc::new(Mutex::new(file)),
            totals: LineTotals::default(),
            error: None,
        }
    }

    /// What the lines came to.
    #[must_use]
    pub fn totals(&self) -> LineTotals {
        self.totals
    }

    /// The file with everything that was added; an error if a line could not be made, or a job still writes.
    pub fn into_file(mut self) -> io::Result<W> {
        self.flush()()?;
        let file = Arc::into_inner(self.file);
        let file = file.ok_or_else(|| io::Error::other("the output is still being written"))?;
        Ok(file.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<W: Write + Send + 'static> WriteReport for OutputWriter<W> {
    fn add(&mut self, outcome: &Outcome) {
        match outcome.kind {
            OutcomeKind::Skipped if !outcome.details.categories.is_empty() => {
                self.totals.empty += 1;
            }
            kind if kind.is_good() => self.totals.resolved += 1,
            _ => self.totals.problems += 1,
        }
        let number = outcome.key.row;
        if self.current.as_ref().is_none_or(|row| row.row != number) {
            self.current = self.raw_rows.take(number);
        }
        if let Some(row) = &self.current {
            self.format.push_row(row, outcome, &mut self.lines);
        } else {
            // A bug: outcomes must have the order of the rows.
            let lost = format!("the text of row {number} is not known");
            self.error = Some(io::Error::other(lost));
        }
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= PIECE
    }

    fn flush(&mut self) -> ReportJob {
        let (lines, error) = (std::mem::take(&mut self.lines), self.error.take());
        let file = Arc::clone(&self.file);
        Box::new(move || {
            if let Some(error) = error {
                return Err(error);
            }
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(&lines)
        })
    }

    fn sync(&mut self) -> Option<ReportJob> {
        // The file gets its name once it is whole, and is synced then.
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::{Details, RowTarget};
    use crate::domain::pair::{ObjectType, RowKey};
    use crate::domain::property_name::PropertyName;
    use crate::domain::row_keys::{CellKey, MatchKind, RowKeys};
    use crate::input::columns::resolve::Columns;
    use crate::input::columns::settings::ColumnSettings;
    use crate::resolve::columns::OutputColumns;
    use crate::resolve::raw_rows::{RawRowSender, raw_rows};
    use jiff::Timestamp;
    use std::time::Duration;

    fn writer() -> (RawRowSender, OutputWriter<Vec<u8>>) {
        let headers = ["from_id", "to_id"].map(str::to_owned);
        let settings = ColumnSettings {
            from_type: ObjectType::new("contacts"),
            to_type: ObjectType::new("companies"),
            ..ColumnSettings::default()
        };
        let key = PropertyName::new("key").unwrap();
        let columns = Columns::resolve(&headers, &settings, [Some(&key), None]).unwrap();
        let columns = OutputColumns::of("f", &headers, &columns, true).unwrap();
        let format = LineFormat::new(columns, ",".parse().unwrap(), true);
        let (sender, rows) = raw_rows();
        (
            sender,
            OutputWriter::new(format, b"header\n".to_vec(), rows, Vec::new()),
        )
    }

    fn outcome(row: u64, key: &str, id: &str, category: Option<&str>) -> Outcome {
        let matched = (!id.is_empty()).then_some(MatchKind::Exact);
        let from = Some(CellKey {
            cell: key.into(),
            matched,
        });
        Outcome {
            key: RowKey { row, line: row + 1 },
            target: RowTarget::Raw(["contacts", id, "companies", "52"].map(str::to_owned)),
            keys: Some(Box::new(RowKeys { from, to: None })),
            kind: match category {
                None | Some("CLIENT_NOTHING_TO_LINK") => OutcomeKind::Skipped,
                Some(_) => OutcomeKind::Rejected,
            },
            details: Details {
                categories: category.map(str::to_owned).into_iter().collect(),
                ..Details::default()
            },
            attempts: 0,
            duration: Duration::ZERO,
            finished_at: Timestamp::UNIX_EPOCH,
            existed_before: None,
            labels: None,
            proof: None,
        }
    }

    fn push(sender: &RawRowSender, row: u64, text: &str) {
        let text = text.as_bytes().into();
        sender.push(RawRow {
            row,
            text,
            misquoted: [false; 2],
        });
    }

    #[test]
    fn each_outcome_has_a_line_with_the_text_of_its_row() {
        let (sender, mut writer) = writer();
        push(&sender, 1, "\"a,b\",52");
        push(&sender, 2, "c,52");
        push(&sender, 3, ",52");
        writer.add(&outcome(1, "a", "7", None));
        writer.add(&outcome(1, "b", "8", None));
        writer.flush()().unwrap();
        writer.add(&outcome(2, "c", "", Some("CLIENT_KEY_NOT_FOUND")));
        writer.add(&outcome(3, "", "", Some("CLIENT_NOTHING_TO_LINK")));
        let totals = LineTotals {
            resolved: 2,
            empty: 1,
            problems: 1,
        };
        assert_eq!(writer.totals(), totals);
        assert_eq!(
            String::from_utf8(writer.into_file().unwrap()).unwrap(),
            "header\n7,52,contacts,companies,a,\n8,52,contacts,companies,b,\n\
             ,52,contacts,companies,c,CLIENT_KEY_NOT_FOUND\n,52,contacts,companies,,CLIENT_NOTHING_TO_LINK\n"
        );
    }

    #[test]
    fn an_outcome_without_the_text_of_its_row_is_an_error() {
        let (sender, mut writer) = writer();
        push(&sender, 1, "a,52");
        push(&sender, 2, "b,52");
        writer.add(&outcome(2, "b", "8", None));
        writer.add(&outcome(1, "a", "7", None));
        assert_eq!(
            writer.flush()().unwrap_err().to_string(),
            "the text of row 1 is not known"
        );
    }
}
