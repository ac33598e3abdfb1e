//! What earlier reports show as associated: the memory of a nightly run.

use std::io;
use std::path::Path;

use super::column::Column;
use super::held::ReportError;
use super::origin::Origin;
use super::packed::open_to_read;
use super::reader::{ReadBackError, ReportLine, ReportReader};
use crate::outcome::OutcomeKind;
use crate::pair::RecordId;
use crate::pair_set::PairSet;
use crate::verdict::Category;

/// Adds the pairs that the report at `path` shows as linked, for a run of this `origin`: a real run takes no line of a
/// rehearsal. A report that is empty shows none.
pub fn add_associated(path: &Path, origin: Origin, pairs: &mut PairSet) -> Result<(), ReportError> {
    read(open_to_read(path)?, origin, pairs).map_err(|source| {
        let path = path.to_owned();
        match source {
            ReadBackError::OtherOrigin { line, .. } => ReportError::RehearsedMemory { path, line },
            source => ReportError::ReadBack { path, source },
        }
    })
}

fn read(report: impl io::Read, origin: Origin, pairs: &mut PairSet) -> Result<(), ReadBackError> {
    let mut reader = ReportReader::new(report)?;
    while let Some(line) = reader.read()? {
        if origin == Origin::RealRun {
            line.check_origin(origin)?;
        }
        if !is_linked(&line) {
            continue;
        }
        let [from_type, from_id, to_type, to_id] = line.subject().map(str::from_utf8);
        let id = |text: &str| RecordId::new(text);
        // Whoever edited an id away has a line that says nothing about a pair.
        if let (Ok(from_type), Ok(to_type), Some(from_id), Some(to_id)) = (
            from_type,
            to_type,
            from_id.ok().and_then(id),
            to_id.ok().and_then(id),
        ) {
            pairs.insert_ids([from_type, to_type], [from_id, to_id]);
        }
    }
    Ok(())
}

/// What was skipped because it was linked is as good as linked: so one report is all that the next night
/// needs.
fn is_linked(line: &ReportLine<'_>) -> bool {
    match line.outcome {
        OutcomeKind::Associated => true,
        OutcomeKind::Skipped => {
            line.field(Column::Categories) == Category::AlreadyAssociated.as_str().as_bytes()
        }
        OutcomeKind::Rejected | OutcomeKind::Failed | OutcomeKind::Invalid => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_report_shows_as_linked_is_known() {
        let report = "\
row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories
1,contacts,1,deals,1,associated,
2,contacts,2,deals,2,rejected,OBJECT_NOT_FOUND
3,contacts,3,deals,3,failed,HTTP_502
4,contacts,x4,deals,4,invalid,CLIENT_INVALID_ROW
5,contacts,5,deals,5,skipped,CLIENT_ALREADY_ASSOCIATED
6,contacts,2,deals,2,skipped,CLIENT_DUPLICATE
7,contacts,,deals,7,skipped,CLIENT_NOTHING_TO_LINK
8,contacts,008,deals,8,associated,
9,contacts,9,deals,9,associ";
        let mut pairs = PairSet::default();
        read(report.as_bytes(), Origin::RealRun, &mut pairs).unwrap();
        assert_eq!(pairs.len(), 3);
        let id = |text| RecordId::new(text).unwrap();
        for number in ["1", "5", "8"] {
            let ids = [id(number), id(number)];
            assert!(!pairs.insert_ids(["contacts", "deals"], ids), "{number}");
        }
        let mut none = PairSet::default();
        read("".as_bytes(), Origin::RealRun, &mut none).unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn a_real_run_takes_no_line_of_a_rehearsal_and_a_rehearsal_takes_any() {
        let report = "\
row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories,correlation_id
1,contacts,1,deals,1,associated,,8f6e
2,contacts,x,deals,2,invalid,CLIENT_INVALID_ROW,sandbox
";
        let mut pairs = PairSet::default();
        let error = read(report.as_bytes(), Origin::RealRun, &mut pairs).unwrap_err();
        assert_eq!(error.to_string(), "line 3 was written by a rehearsal");
        let mut pairs = PairSet::default();
        read(report.as_bytes(), Origin::Rehearsal, &mut pairs).unwrap();
        assert_eq!(pairs.len(), 1);
    }
}
