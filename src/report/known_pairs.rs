//! The pairs that earlier reports show as associated, with their labels, and the rows that failed in them.

use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use crate::domain::category::shows_link;
use crate::domain::known_links::KnownLinks;
use crate::domain::outcome::OutcomeKind;
use crate::domain::pair::RecordId;
use crate::report::column::Column;
use crate::report::damage::{Damage, OnDamage};
use crate::report::error::ReportError;
use crate::report::known_failures::KnownFailures;
use crate::report::locked_report::{LockedReport, ReportPlan};
use crate::report::origin::Origin;
use crate::report::read_error::ReadBackError;
use crate::report::reader::ReportReader;
use crate::report::report_line::ReportLine;
use crate::report::report_source::open_to_read;

/// The number of accounts that are remembered.
const MAX_PORTALS: usize = 2;

/// The known pairs and rows of earlier reports.
#[derive(Debug, Default)]
pub struct KnownPairs {
    /// The pairs that are associated.
    pub associated: KnownLinks,
    /// The rows that failed.
    pub failures: KnownFailures,
    /// The accounts in which they are associated, with the first line that names each.
    portals: Vec<KnownPortal>,
}

/// An account that a report of known pairs names.
#[derive(Debug)]
struct KnownPortal {
    id: u64,
    path: PathBuf,
    line: u64,
}

impl KnownPairs {
    /// Adds the report at `path`, for a run of this `origin`: a real run accepts no line of a rehearsal. An empty
    /// report adds nothing. Damaged lines are skipped: their pairs are sent again, which does no harm.
    pub fn add(&mut self, path: &Path, origin: Origin) -> Result<Damage, ReportError> {
        let file = open_to_read(path).map_err(|error| match error {
            ReportError::Missing { path } => ReportError::MissingKnownPairs { path },
            other => other,
        })?;
        self.read(file, path, origin)
            .map_err(|source| unusable(path, source))
    }

    /// Adds a report that is already locked.
    pub fn add_locked(&mut self, locked: &LockedReport) -> Result<Damage, ReportError> {
        let mut file = &locked.file;
        let read = file.rewind().map_err(ReadBackError::from);
        read.and_then(|()| self.read(file, locked.path(), locked.plan.origin))
            .map_err(|source| unusable(locked.path(), source))
    }

    /// Fails if a pair is associated in another account than the one that a real run writes to. A rehearsal may use the
    /// report of any account.
    pub fn check_portal(&self, plan: &ReportPlan) -> Result<(), ReportError> {
        let Some(wanted) = plan.portal.filter(|_| plan.origin == Origin::RealRun) else {
            return Ok(());
        };
        match self.portals.iter().find(|portal| portal.id != wanted) {
            Some(KnownPortal { id, path, line }) => Err(ReportError::KnownPairsOfOtherPortal {
                path: path.clone(),
                line: *line,
                found: *id,
                wanted,
            }),
            None => Ok(()),
        }
    }

    fn note_portal(&mut self, line: &ReportLine<'_>, path: &Path) {
        let Some(id) = line.portal_id() else {
            return;
        };
        // The second account is already too many.
        if self.portals.len() < MAX_PORTALS && self.portals.iter().all(|known| known.id != id) {
            self.portals.push(KnownPortal {
                id,
                path: path.to_owned(),
                line: line.number,
            });
        }
    }

    fn read(
        &mut self,
        report: impl io::Read,
        path: &Path,
        origin: Origin,
    ) -> Result<Damage, ReadBackError> {
        let mut reader = ReportReader::with(report, OnDamage::Skip)?;
        while let Some(line) = reader.read()? {
            if origin == Origin::RealRun {
                line.check_origin(origin)?;
            }
            if is_linked(&line) {
                self.note_portal(&line, path);
                line.add_pair_to(&mut self.associated);
            } else {
                self.failures.add(&line);
            }
        }
        Ok(reader.damage())
    }
}

impl ReportLine<'_> {
    /// Adds the link of its ids, with its labels, to those that are known.
    fn add_pair_to(&self, pairs: &mut KnownLinks) {
        let [from_type, from_id, to_type, to_id] = self.target().map(str::from_utf8);
        let id = |text: &str| RecordId::new(text);
        // A line whose id was edited away does not identify a pair.
        if let (Ok(from_type), Ok(to_type), Some(from_id), Some(to_id)) = (
            from_type,
            to_type,
            from_id.ok().and_then(id),
            to_id.ok().and_then(id),
        ) {
            pairs.insert_known(
                [from_type, to_type],
                [from_id, to_id],
                self.labels().as_ref(),
            );
        }
    }

    /// Adds the pair to those that later rows repeat, if the row has keys: the input does not have its ids, and it is not
    /// looked up again. A line of a row that was skipped as a duplicate is left out: the row that it repeats may have no
    /// line, and must be sent.
    pub fn add_looked_up_pair_to(&self, pairs: &mut KnownLinks) {
        if self.has_keys() && (self.outcome == OutcomeKind::Rejected || is_linked(self)) {
            self.add_pair_to(pairs);
        }
    }
}

fn unusable(path: &Path, source: ReadBackError) -> ReportError {
    let path = path.to_owned();
    match source {
        ReadBackError::OtherOrigin { line, .. } => ReportError::RehearsedKnownPairs { path, line },
        source => ReportError::ReadBack { path, source },
    }
}

fn is_linked(line: &ReportLine<'_>) -> bool {
    let category = str::from_utf8(line.field(Column::Categories));
    shows_link(line.outcome, category.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{label_set, pair};
    use crate::domain::labels::AskedLabels;
    use crate::report::existing_file::IfExists;
    use crate::report::layout::ReportKind;

    fn is_known(pairs: &KnownLinks, number: &str) -> bool {
        let pair = pair(&format!("contacts {number}"), &format!("deals {number}"));
        pairs.contains(&pair, None)
    }

    #[test]
    fn pairs_that_a_report_shows_as_associated_are_known() {
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
        let mut known_pairs = KnownPairs::default();
        known_pairs
            .read(report.as_bytes(), Path::new("r.csv"), Origin::RealRun)
            .unwrap();
        let pairs = known_pairs.associated;
        assert_eq!(pairs.link_count(), 3);
        for number in ["1", "5", "8"] {
            assert!(is_known(&pairs, number), "{number}");
        }
        let mut none = KnownPairs::default();
        none.read("".as_bytes(), Path::new("r.csv"), Origin::RealRun)
            .unwrap();
        assert!(none.associated.is_empty());
    }

    #[test]
    fn a_damaged_report_loses_its_damaged_lines_and_no_other() {
        let report = "\
row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories
1,contacts,1,deals,1,associated,
2,contacts,2,de\0\0\0\0\0\0\0\0\0\0\0\0\0\0s,3,associated,
4,contacts,4,deals,4,associated,
5,contacts,5,deals
6,contacts,6,deals,6,associated,
\0\0\0\0";
        let mut known_pairs = KnownPairs::default();
        let damage = known_pairs
            .read(report.as_bytes(), Path::new("r.csv"), Origin::RealRun)
            .unwrap();
        assert_eq!((damage.lines, damage.first_line), (2, 3));
        let pairs = known_pairs.associated;
        assert_eq!(pairs.link_count(), 3);
        for number in ["1", "4", "6"] {
            assert!(is_known(&pairs, number), "{number}");
        }
        let other = "name,email\nA,a@example.com\n";
        let error =
            KnownPairs::default().read(other.as_bytes(), Path::new("r.csv"), Origin::RealRun);
        assert!(matches!(error, Err(ReadBackError::NoReport { .. })));
    }

    #[test]
    fn a_real_run_accepts_no_line_of_a_rehearsal_and_a_rehearsal_accepts_any() {
        let report = "\
row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories,correlation_id
1,contacts,1,deals,1,associated,,8f6e
2,contacts,x,deals,2,invalid,CLIENT_INVALID_ROW,sandbox
";
        let mut known_pairs = KnownPairs::default();
        let error = known_pairs
            .read(report.as_bytes(), Path::new("r.csv"), Origin::RealRun)
            .unwrap_err();
        assert_eq!(error.to_string(), "line 3 was written by a rehearsal");
        let mut known_pairs = KnownPairs::default();
        known_pairs
            .read(report.as_bytes(), Path::new("r.csv"), Origin::Rehearsal)
            .unwrap();
        assert_eq!(known_pairs.associated.link_count(), 1);
    }

    #[test]
    fn the_ids_found_for_a_row_by_key_count_for_later_duplicates() {
        let report = "\
row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories,from_key,to_key
1,contacts,1,deals,1,associated,,a@b.c,
2,contacts,2,deals,2,rejected,OBJECT_NOT_FOUND,,two
3,contacts,3,deals,3,skipped,CLIENT_ALREADY_ASSOCIATED,c@b.c,
4,contacts,,deals,4,rejected,CLIENT_KEY_NOT_FOUND,d@b.c,
5,contacts,5,deals,5,skipped,CLIENT_DUPLICATE,e@b.c,
6,contacts,6,deals,6,associated,,,
";
        let mut pairs = KnownLinks::default();
        let mut reader = ReportReader::new(report.as_bytes()).unwrap();
        while let Some(line) = reader.read().unwrap() {
            line.add_looked_up_pair_to(&mut pairs);
        }
        assert_eq!(pairs.link_count(), 3);
        for number in ["1", "2", "3"] {
            assert!(is_known(&pairs, number), "{number}");
        }
    }

    #[test]
    fn a_real_run_uses_no_pairs_of_another_portal() {
        let report = "\
row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,portal_id
1,contacts,1,deals,1,associated,
2,contacts,2,deals,2,rejected,9
3,contacts,3,deals,3,associated,7
4,contacts,4,deals,4,associated,8";
        let mut known_pairs = KnownPairs::default();
        known_pairs
            .read(
                format!("{report}\n").as_bytes(),
                Path::new("r.csv"),
                Origin::RealRun,
            )
            .unwrap();
        let check = |portal, origin| {
            let plan = ReportPlan {
                path: "new.csv".into(),
                if_exists: IfExists::Refuse,
                origin,
                portal,
                kind: ReportKind::Import,
            };
            let error = known_pairs.check_portal(&plan).err();
            error.map(|error| error.to_string())
        };
        assert_eq!(check(None, Origin::RealRun), None);
        assert_eq!(check(Some(1), Origin::Rehearsal), None);
        let message = |line, of, to| {
            format!(
                "the report `r.csv` is of portal {of} (line {line}), and this run writes to portal {to}"
            )
        };
        assert_eq!(check(Some(7), Origin::RealRun), Some(message(5, 8, 7)));
        assert_eq!(check(Some(8), Origin::RealRun), Some(message(4, 7, 8)));
    }

    #[test]
    fn a_linked_pair_is_known_with_the_labels_that_its_lines_name() {
        let report = "\
row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,error_categories,labels
1,contacts,1,deals,1,associated,,USER_DEFINED:1:A
2,contacts,1,deals,1,skipped,CLIENT_EXISTS,USER_DEFINED:2:B
3,contacts,1,deals,1,rejected,CLIENT_LABEL_NOT_CONFIRMED,USER_DEFINED:3:C
4,contacts,2,deals,2,skipped,CLIENT_ALREADY_ASSOCIATED,USER_DEFINED:1:A
5,contacts,3,deals,3,associated,,
6,contacts,4,deals,4,associated,,no list
";
        let mut known_pairs = KnownPairs::default();
        let path = Path::new("r.csv");
        known_pairs
            .read(report.as_bytes(), path, Origin::RealRun)
            .unwrap();
        let pairs = known_pairs.associated;
        for (number, labels, expected) in [
            ("1", "USER_DEFINED:1:A;USER_DEFINED:2:B", true),
            ("1", "USER_DEFINED:1:A;USER_DEFINED:3:C", false),
            ("2", "USER_DEFINED:1:A", true),
            ("2", "USER_DEFINED:2:B", false),
            ("3", "USER_DEFINED:1:A", false),
            ("4", "USER_DEFINED:1:A", false),
        ] {
            let pair = pair(&format!("contacts {number}"), &format!("deals {number}"));
            let asked = AskedLabels::Known(label_set(labels));
            assert_eq!(
                pairs.contains(&pair, Some(&asked)),
                expected,
                "{number} {labels}"
            );
            assert!(pairs.contains(&pair, None));
        }
    }
}
