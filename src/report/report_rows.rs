//! Reads the report of an import as rows with pairs: for the commands that look at what it did.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::category::Category;
use crate::domain::label_set::LabelSet;
use crate::domain::outcome::OutcomeKind;
use crate::domain::pair::{Pair, RowKey};
use crate::domain::proof::ExistedBefore;
use crate::report::column::Column;
use crate::report::end_of_run::EndOfRun;
use crate::report::error::ReportError;
use crate::report::line_pair::PairReader;
use crate::report::origin::Origin;
use crate::report::reader::ReportReader;
use crate::report::report_source::{ReportSource, open_to_read};

/// The rows of a report, in the order of its lines.
pub struct ReportRows {
    path: PathBuf,
    reader: ReportReader<ReportSource>,
    pairs: PairReader,
}

/// A row of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// Its position in the input.
    pub key: RowKey,
    /// The line of the report; the header is line 1.
    pub report_line: u64,
    /// Its pair, with the ids that were found for keys; `None` for a row without two ids.
    pub pair: Option<Pair>,
    /// How it ended.
    pub outcome: OutcomeKind,
    /// Whether it was skipped because HubSpot showed the link before ([`Category::Exists`]).
    pub is_existing: bool,
    /// Whether the pair was linked before it was sent; `None` if that was not asked.
    pub existed_before: Option<ExistedBefore>,
    /// The labels that it asked for.
    pub labels: Option<LabelSet>,
    /// Those of them that its link did not have before, as far as that is known.
    pub labels_added: Option<LabelSet>,
    /// When it ended; read only for rows with labels.
    pub finished_at: Option<Timestamp>,
    /// The account that the run wrote to; `None` if it is not known.
    pub portal_id: Option<u64>,
    /// The kind of run that wrote the line.
    pub origin: Origin,
}

impl ReportRows {
    /// Opens the report of an import, plain or compressed. Fails if the file is no such report.
    pub fn open(path: &Path) -> Result<Self, ReportError> {
        let source = open_to_read(path)?;
        Ok(Self {
            path: path.to_owned(),
            reader: ReportReader::new(source).map_err(|source| ReportError::ReadBack {
                path: path.to_owned(),
                source,
            })?,
            pairs: PairReader::default(),
        })
    }

    /// Reads the next row; `None` at the end. A damaged line is an error that names it, unless only a torn end of the
    /// file follows.
    pub fn next(&mut self) -> Result<Option<ReportRow>, ReportError> {
        let line = match self.reader.read() {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(None),
            Err(source) => {
                let path = self.path.clone();
                return Err(ReportError::ReadBack { path, source });
            }
        };
        let labels = line.labels();
        let time = labels.as_ref().map(|_| line.text(Column::FinishedAt));
        let is_skipped = line.outcome == OutcomeKind::Skipped;
        Ok(Some(ReportRow {
            key: RowKey {
                row: line.row,
                line: line.number_in(Column::Line),
            },
            report_line: line.number,
            pair: self.pairs.pair(&line),
            outcome: line.outcome,
            is_existing: is_skipped
                && line.field(Column::Categories) == Category::Exists.as_str().as_bytes(),
            existed_before: line.existed_before(),
            labels,
            labels_added: line.labels_added(),
            finished_at: time.and_then(|time| time.parse().ok()),
            portal_id: line.portal_id(),
            origin: line.origin(),
        }))
    }

    /// Whether the run that wrote the report has finished. To be called once the last row was read.
    #[must_use]
    pub fn end_of_run(&self) -> EndOfRun {
        self.reader.end_of_run()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{self, details, pair, raw};
    use crate::domain::outcome::{Outcome, RowTarget};
    use crate::report::layout::Layout;
    use crate::report::line::LineBuffer;
    use crate::report::read_error::ReadBackError;
    use std::fs;

    fn outcome(row: u64, kind: OutcomeKind) -> Outcome {
        Outcome {
            target: RowTarget::Pair(pair(&format!("contacts {row}"), "companies 7")),
            ..fixtures::outcome(row, kind)
        }
    }

    fn report(outcomes: &[Outcome], layout: Layout) -> Vec<u8> {
        let mut lines = LineBuffer::of(Origin::RealRun, layout, Some(62_515));
        lines.add_header();
        for outcome in outcomes {
            lines.add(outcome);
        }
        lines.take()
    }

    fn rows(content: &[u8]) -> (Result<Vec<ReportRow>, ReportError>, EndOfRun) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        fs::write(&path, content).unwrap();
        let mut rows = match ReportRows::open(&path) {
            Ok(rows) => rows,
            Err(error) => return (Err(error), EndOfRun::NotNoted),
        };
        let mut found = Vec::new();
        loop {
            match rows.next() {
                Ok(Some(row)) => found.push(row),
                Ok(None) => return (Ok(found), rows.end_of_run()),
                Err(error) => return (Err(error), rows.end_of_run()),
            }
        }
    }

    #[test]
    fn a_row_has_all_that_its_line_proves() {
        let outcomes = [
            Outcome {
                existed_before: Some(ExistedBefore::No),
                ..outcome(2, OutcomeKind::Associated)
            },
            Outcome {
                existed_before: Some(ExistedBefore::Yes),
                details: details(Category::Exists.as_str(), ""),
                ..outcome(1, OutcomeKind::Skipped)
            },
            Outcome {
                target: raw(["contacts", "x", "companies", "7"]),
                ..outcome(3, OutcomeKind::Invalid)
            },
        ];
        let (found, end) = rows(&report(&outcomes, Layout::Current));
        let found = found.unwrap();
        assert_eq!(end, EndOfRun::NotFinished);
        let associated = ReportRow {
            key: outcomes[0].key,
            report_line: 2,
            pair: Some(pair("contacts 2", "companies 7")),
            outcome: OutcomeKind::Associated,
            is_existing: false,
            existed_before: Some(ExistedBefore::No),
            labels: None,
            labels_added: None,
            finished_at: None,
            portal_id: Some(62_515),
            origin: Origin::RealRun,
        };
        assert_eq!(found[0], associated);
        assert!(found[1].is_existing);
        assert_eq!(found[1].pair, Some(pair("contacts 1", "companies 7")));
        assert_eq!(found[2].pair, None);
        let (found, end) = rows(&report(&outcomes, Layout::WithoutKeys));
        assert_eq!(end, EndOfRun::NotNoted);
        let found = found.unwrap();
        assert_eq!((found[0].existed_before, found[0].portal_id), (None, None));
    }

    #[test]
    fn a_type_that_a_spreadsheet_would_run_is_the_type_of_the_input() {
        let target = RowTarget::Pair(pair("-1 5", "companies 7"));
        let outcome = Outcome {
            target: target.clone(),
            ..outcome(1, OutcomeKind::Associated)
        };
        let (found, _) = rows(&report(&[outcome], Layout::Current));
        let found = found.unwrap().remove(0).pair.map(RowTarget::Pair);
        assert_eq!(found, Some(target));
    }

    #[test]
    fn a_damaged_line_is_an_error_and_a_torn_end_is_not() {
        let outcomes = [1, 2, 3].map(|row| outcome(row, OutcomeKind::Associated));
        let whole = report(&outcomes, Layout::Current);
        let (found, end) = rows(&whole[..whole.len() - 5]);
        assert_eq!((found.unwrap().len(), end), (2, EndOfRun::NotFinished));
        let mut damaged = whole.clone();
        let second = whole.windows(2).position(|bytes| bytes == b"\n2");
        damaged[second.unwrap() + 4] = 0;
        let (found, _) = rows(&damaged);
        let Err(ReportError::ReadBack { source, .. }) = found else {
            panic!("it was read");
        };
        assert!(
            matches!(source, ReadBackError::Damaged { line: 3, .. }),
            "{source}"
        );
    }

    #[test]
    fn only_the_report_of_an_import_is_read() {
        for (header, message) in [
            (
                Layout::Verify.header(),
                "it is a report of `verify`, not of `import`",
            ),
            (
                "name,email\n".to_owned(),
                "it is not a report of this program: the header has no column `row`, `from_object_type`, \
                 `from_object_id`, `to_object_type`, `to_object_id`, `outcome`",
            ),
        ] {
            let (Err(ReportError::ReadBack { source, .. }), _) = rows(header.as_bytes()) else {
                panic!("it was read");
            };
            assert_eq!(source.to_string(), message);
        }
    }
}
