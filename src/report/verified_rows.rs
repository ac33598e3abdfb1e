//! Reads the report of `verify` as pairs with their states.

use std::path::{Path, PathBuf};

use crate::domain::label_set::LabelSet;
use crate::domain::pair::Pair;
use crate::domain::proof::{LinkState, RecordState};
use crate::report::column::Column;
use crate::report::damage::OnDamage;
use crate::report::error::ReportError;
use crate::report::layout::ReportKind;
use crate::report::line_pair::PairReader;
use crate::report::reader::ReportReader;
use crate::report::record_column::records_of;
use crate::report::report_line::ReportLine;
use crate::report::report_source::{ReportSource, open_to_read};

/// The rows of a report of `verify`, in the order of its lines.
pub struct VerifiedRows {
    path: PathBuf,
    reader: ReportReader<ReportSource>,
    pairs: PairReader,
}

/// A row of a report of `verify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRow {
    /// The number of the row.
    pub row: u64,
    /// Its pair; `None` for a row without two ids.
    pub pair: Option<Pair>,
    /// Whether the pair is linked; `None` for an invalid row.
    pub state: Option<LinkState>,
    /// Whether the records of a missing link exist; `None` if that was not asked.
    pub records: Option<[RecordState; 2]>,
    /// The labels that the row asks for and that its link lacks; `None` if it asks for none.
    pub missing_labels: Option<LabelSet>,
}

impl VerifiedRows {
    /// Opens a report of `verify`, plain or compressed. Fails if the file is no such report.
    pub fn open(path: &Path) -> Result<Self, ReportError> {
        let source = open_to_read(path)?;
        let reader = ReportReader::of_kind(source, ReportKind::Verify, OnDamage::Refuse);
        Ok(Self {
            path: path.to_owned(),
            reader: reader.map_err(|source| ReportError::ReadBack {
                path: path.to_owned(),
                source,
            })?,
            pairs: PairReader::default(),
        })
    }

    /// Reads the next row; `None` at the end. A damaged line is an error that names it, unless only a torn end of the
    /// file follows.
    pub fn next(&mut self) -> Result<Option<VerifiedRow>, ReportError> {
        let line = match self.reader.read() {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(None),
            Err(source) => {
                let path = self.path.clone();
                return Err(ReportError::ReadBack { path, source });
            }
        };
        Ok(Some(VerifiedRow {
            row: line.row,
            pair: self.pairs.pair(&line),
            state: line.link_state(),
            records: records_of(&line.text(Column::Record)),
            missing_labels: line.missing_labels(),
        }))
    }
}

impl ReportLine<'_> {
    /// The labels that a row of `verify` asks for and that its link lacks; all of them if its types cannot be read.
    fn missing_labels(&self) -> Option<LabelSet> {
        let asked = self.labels()?;
        let found = LabelSet::parse(&self.text(Column::AssociationTypes));
        let found = found.as_ref().map(|labels| labels.iter().as_slice());
        let missing = asked.missing_in(found.unwrap_or_default());
        LabelSet::new(missing.cloned())
    }

    /// The state of the link in a report of `verify`; `None` for an invalid row.
    #[must_use]
    pub fn link_state(&self) -> Option<LinkState> {
        LinkState::of_word(self.field(Column::State))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{outcome, pair, raw};
    use crate::domain::outcome::{Outcome, OutcomeKind, RowTarget};
    use crate::domain::proof::{Proof, Verified};
    use crate::report::line::LineBuffer;
    use crate::report::origin::Origin;

    #[test]
    fn what_verify_wrote_is_read_back() {
        let pair = pair("contacts 1", "companies 7");
        let records = Some([RecordState::Exists, RecordState::Deleted]);
        let states = [
            (LinkState::Present, None),
            (LinkState::Missing, records),
            (LinkState::Missing, None),
            (LinkState::Unknown, None),
        ];
        let mut lines = LineBuffer::of(Origin::RealRun, ReportKind::Verify.layout(), None);
        lines.add_header();
        let mut expected = Vec::new();
        for (row, (state, records)) in (1..).zip(states) {
            let verified = Verified {
                state,
                types: Vec::new(),
                records,
            };
            lines.add(&Outcome {
                target: RowTarget::Pair(pair.clone()),
                proof: Some(Proof::Verified(verified).into()),
                ..outcome(row, OutcomeKind::Skipped)
            });
            expected.push(VerifiedRow {
                row,
                pair: Some(pair.clone()),
                state: Some(state),
                records,
                missing_labels: None,
            });
        }
        lines.add(&Outcome {
            target: raw(["contacts", "x", "companies", "7"]),
            ..outcome(5, OutcomeKind::Invalid)
        });
        expected.push(VerifiedRow {
            row: 5,
            pair: None,
            state: None,
            records: None,
            missing_labels: None,
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        std::fs::write(&path, lines.take()).unwrap();
        let mut rows = VerifiedRows::open(&path).unwrap();
        let found = std::iter::from_fn(|| rows.next().unwrap());
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }
}
