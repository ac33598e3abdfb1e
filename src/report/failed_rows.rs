//! Finds the lines of rows that are not associated, by row and pair. Uses 24 bytes of memory per line; the text is
//! read from the file on demand. A compressed file has no random access, so the lines of such a report are kept in
//! memory.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use crate::domain::pair::RowKey;
use crate::report::column::Column;
use crate::report::comparison::Mismatch;
use crate::report::error::ReportError;
use crate::report::read_error::ReadBackError;
use crate::report::reader::ReportReader;
use crate::report::report_line::ReportLine;
use crate::report::report_source::{ReportSource, open_to_read};
use crate::report::row_identity::RowIdentity;

/// The lines of a report whose rows were rejected, failed or invalid.
pub struct FailedRows {
    reader: ReportReader<Place>,
    /// Sorted by row.
    lines: Vec<FailedRow>,
    /// All lines before this index were looked up.
    passed: usize,
    /// The current row, and how many of its lines were found.
    current: Option<(RowKey, usize)>,
}

/// Where the text of the lines is.
enum Place {
    File(File),
    Memory(Cursor<Vec<u8>>),
}

impl Read for Place {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory(text) => text.read(buffer),
        }
    }
}

impl Seek for Place {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(place),
            Self::Memory(text) => text.seek(place),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FailedRow {
    row: u64,
    /// Of its pair or keys: the labels of the input are not resolved here, and identify no line of a row.
    fingerprint: u64,
    /// The offset in the file.
    offset: u64,
}

/// Why a row is not associated, as given in its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureReason {
    /// The error categories.
    pub categories: String,
    /// What went wrong.
    pub message: String,
}

impl FailedRows {
    /// Reads the whole report at `path`.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let failed = |source| ReportError::ReadBack {
            path: path.to_owned(),
            source,
        };
        let source = open_to_read(path)?;
        let (reader, mut lines) = match source.into_file() {
            Ok(file) => find(file),
            Err(compressed) => find_in_compressed(compressed),
        }
        .map_err(failed)?;
        lines.sort_unstable();
        Ok(Self {
            reader,
            lines,
            passed: 0,
            current: None,
        })
    }

    /// Whether every row that has such a line was looked up.
    #[must_use]
    pub fn are_all_visited(&self) -> bool {
        self.passed == self.lines.len()
    }

    /// Moves to a row; rows come in order. Fails if a line of an earlier row was not found: then the report was made
    /// from another input.
    pub fn advance_to(&mut self, key: RowKey) -> Result<(), Mismatch> {
        if self.current.is_none_or(|(current, _)| current != key) {
            self.leave()?;
            self.current = Some((key, 0));
        }
        Ok(())
    }

    /// Ends the input. Fails if a line was not found.
    pub fn end(&mut self) -> Result<(), Mismatch> {
        self.leave()?;
        match self.lines.get(self.passed) {
            Some(&FailedRow { row, .. }) => Err(Mismatch::end_before(row)),
            None => Ok(()),
        }
    }

    /// Why the pair of the current row is not associated; `None` if it is associated.
    pub fn why(&mut self, identity: &RowIdentity) -> Result<Option<FailureReason>, ReadBackError> {
        let wanted = identity.pair_fingerprint();
        let mut lines = self.of_current().iter();
        let Some(&FailedRow { offset, .. }) = lines.find(|line| line.fingerprint == wanted) else {
            return Ok(None);
        };
        if let Some((_, found)) = &mut self.current {
            *found += 1;
        }
        let line = self.reader.read_at(offset)?;
        Ok(line.map(|line| FailureReason {
            categories: line.text(Column::Categories).into_owned(),
            message: line.text(Column::Message).into_owned(),
        }))
    }

    fn of_current(&self) -> &[FailedRow] {
        let rest = &self.lines[self.passed..];
        let row = self.current.map_or(0, |(key, _)| key.row);
        &rest[..rest.partition_point(|line| line.row <= row)]
    }

    /// Checks that every line of the current row was found.
    fn leave(&mut self) -> Result<(), Mismatch> {
        let count = self.of_current().len();
        match self.current {
            Some((key, found)) if found < count => Err(Mismatch::at(key)),
            _ => {
                self.passed += count;
                Ok(())
            }
        }
    }
}

type Found = (ReportReader<Place>, Vec<FailedRow>);

/// The lines of a report whose rows are not associated.
fn find(mut file: File) -> Result<Found, ReadBackError> {
    file.rewind()?;
    let mut reader = ReportReader::new(Place::File(file))?;
    let mut lines = Vec::new();
    loop {
        let offset = reader.whole_length();
        match reader.read()? {
            Some(line) => lines.extend(FailedRow::of(&line, offset)),
            None => return Ok((reader, lines)),
        }
    }
}

/// The same for a compressed report: copies these lines into a report in memory.
fn find_in_compressed(report: ReportSource) -> Result<Found, ReadBackError> {
    let mut reader = ReportReader::new(report)?;
    let mut text = reader.header().to_vec();
    let mut lines = Vec::new();
    while let Some(line) = reader.read()? {
        if let Some(bad) = FailedRow::of(&line, text.len() as u64) {
            lines.push(bad);
            text.extend_from_slice(line.raw);
        }
    }
    let reader = ReportReader::new(Place::Memory(Cursor::new(text)))?;
    Ok((reader, lines))
}

impl FailedRow {
    /// The index entry of the line at `offset`, if its row is not associated.
    fn of(line: &ReportLine<'_>, offset: u64) -> Option<Self> {
        (!line.outcome.is_good()).then(|| Self {
            row: line.row,
            fingerprint: line.pair_fingerprint(),
            offset,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{from_key, key, raw};

    const REPORT: &str = "\
row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories,error_message
2,contacts,2,deals,9,failed,HTTP_502,\"bad, \"\"very\"\" bad\"
1,contacts,1,deals,9,associated,,
3,contacts,3,deals,8,rejected,GONE;OTHER,gone
3,contacts,3,deals,7,associated,,
3,contacts,3,deals,6,invalid,X,wrong
4,contacts,4,deals,9,skipped,,
5,contacts,5,deals,9,fail";

    fn identity(from: &str, to: &str) -> RowIdentity {
        RowIdentity::new(raw(["contacts", from, "deals", to]), None)
    }

    fn bad_lines(folder: &Path) -> FailedRows {
        read(folder, REPORT.as_bytes())
    }

    fn read(folder: &Path, report: &[u8]) -> FailedRows {
        let path = folder.join("r.csv");
        std::fs::write(&path, report).unwrap();
        FailedRows::read(&path).unwrap()
    }

    #[test]
    fn lines_are_found_by_row_and_pair_wherever_they_are_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let compressed = zstd::encode_all(REPORT.as_bytes(), 3).unwrap();
        for report in [REPORT.as_bytes(), &compressed] {
            are_found(read(folder.path(), report));
        }
    }

    fn are_found(mut bad: FailedRows) {
        assert_eq!(bad.lines.len(), 3);
        let mut found = Vec::new();
        for (row, from, to) in [
            (1, "1", "9"),
            (2, "2", "9"),
            (3, "3", "6"),
            (3, "3", "7"),
            (3, "3", "8"),
            (4, "4", "9"),
        ] {
            bad.advance_to(key(row)).unwrap();
            if let Some(why) = bad.why(&identity(from, to)).unwrap() {
                found.push(format!("{row} {to} {} {}", why.categories, why.message));
            }
        }
        bad.end().unwrap();
        assert_eq!(
            found,
            [
                "2 9 HTTP_502 bad, \"very\" bad",
                "3 6 X wrong",
                "3 8 GONE;OTHER gone"
            ]
        );
        assert!(bad.are_all_visited());
    }

    #[test]
    fn the_line_of_a_row_by_key_is_found_by_its_key() {
        let report = "\
row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories,error_message,from_key,to_key
1,contacts,,deals,9,rejected,NONE,none,a@b.c,
1,contacts,7,deals,9,rejected,GONE,gone,b@b.c,
";
        let folder = tempfile::tempdir().unwrap();
        let mut bad = read(folder.path(), report.as_bytes());
        bad.advance_to(key(1)).unwrap();
        for (cell, category) in [
            ("b@b.c", Some("GONE")),
            ("a@b.c", Some("NONE")),
            ("c", None),
        ] {
            let row = RowIdentity::new(
                raw(["contacts", "", "deals", "9"]),
                Some(from_key(cell, None).into()),
            );
            let why = bad.why(&row).unwrap();
            assert_eq!(why.map(|why| why.categories).as_deref(), category);
        }
        bad.end().unwrap();
    }

    #[test]
    fn the_line_of_a_row_with_labels_is_found_before_they_are_resolved() {
        let report = "\
row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories,error_message,labels
1,contacts,1,deals,9,rejected,GONE,gone,USER_DEFINED:1:A
1,contacts,2,deals,9,associated,,,USER_DEFINED:1:A
2,contacts,1,deals,9,invalid,X,wrong,
";
        let folder = tempfile::tempdir().unwrap();
        let mut bad = read(folder.path(), report.as_bytes());
        for (row, from, category) in [(1, "1", Some("GONE")), (1, "2", None), (2, "1", Some("X"))] {
            bad.advance_to(key(row)).unwrap();
            let why = bad.why(&identity(from, "9")).unwrap();
            assert_eq!(
                why.map(|why| why.categories).as_deref(),
                category,
                "row {row}"
            );
        }
        bad.end().unwrap();
    }

    #[test]
    fn another_input_is_detected_at_the_first_line_without_a_row() {
        let folder = tempfile::tempdir().unwrap();
        let mut bad = bad_lines(folder.path());
        bad.advance_to(key(2)).unwrap();
        assert_eq!(bad.why(&identity("2", "8")).unwrap(), None);
        assert_eq!(bad.advance_to(key(3)).unwrap_err().row, 2);
        let mut bad = bad_lines(folder.path());
        bad.advance_to(key(2)).unwrap();
        bad.why(&identity("2", "9")).unwrap().unwrap();
        let missing = bad.end().unwrap_err();
        assert_eq!(missing, Mismatch::end_before(3));
    }
}
