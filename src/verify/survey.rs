//! What the report of an import has for `verify`: a first look at all its lines, before anything is sent. Pure.

use crate::domain::outcome::OutcomeKind;
use crate::report::origin::Origin;
use crate::report::report_rows::ReportRow;

/// Why the report cannot be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A rehearsal wrote this line.
    Rehearsed {
        /// The number of the line.
        line: u64,
    },
    /// This line is of another portal than those before.
    SeveralPortals {
        /// The portal of the lines before.
        first: u64,
        /// The portal of the line.
        other: u64,
        /// The number of the line.
        line: u64,
    },
}

/// What the lines of a report are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// The number of pairs to verify.
    pub verified: u64,
    /// The number of the other lines.
    pub left_out: u64,
    /// The portal that the report was made in, if its lines show it.
    pub portal: Option<u64>,
}

impl Survey {
    /// Adds the next line, and returns whether it is verified: it shows a link that the import made, or one that HubSpot
    /// showed to the import.
    pub fn add(&mut self, row: &ReportRow) -> Result<bool, Refusal> {
        let line = row.report_line;
        if row.origin == Origin::Rehearsal {
            return Err(Refusal::Rehearsed { line });
        }
        if let (Some(first), Some(other)) = (self.portal, row.portal_id)
            && first != other
        {
            return Err(Refusal::SeveralPortals { first, other, line });
        }
        self.portal = self.portal.or(row.portal_id);
        let is_verified = row.outcome == OutcomeKind::Associated || row.is_existing;
        if is_verified {
            self.verified += 1;
        } else {
            self.left_out += 1;
        }
        Ok(is_verified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::key;

    fn line(number: u64, outcome: OutcomeKind, portal_id: Option<u64>) -> ReportRow {
        ReportRow {
            key: key(number),
            report_line: number,
            pair: None,
            outcome,
            is_existing: false,
            existed_before: None,
            labels: None,
            labels_added: None,
            finished_at: None,
            portal_id,
            origin: Origin::RealRun,
        }
    }

    #[test]
    fn only_links_that_the_import_made_or_saw_are_verified() {
        let mut survey = Survey::default();
        for (outcome, is_existing, expected) in [
            (OutcomeKind::Associated, false, true),
            (OutcomeKind::Skipped, true, true),
            (OutcomeKind::Skipped, false, false),
            (OutcomeKind::Rejected, false, false),
            (OutcomeKind::Failed, false, false),
            (OutcomeKind::Invalid, false, false),
        ] {
            let row = ReportRow {
                is_existing,
                ..line(2, outcome, None)
            };
            let found = survey.add(&row).unwrap();
            assert_eq!(found, expected, "{outcome} {is_existing}");
        }
        assert_eq!((survey.verified, survey.left_out), (2, 4));
    }

    #[test]
    fn the_portal_is_the_only_one_that_the_lines_show() {
        let mut survey = Survey::default();
        for (number, portal) in [(2, None), (3, Some(7)), (4, Some(7)), (5, None)] {
            let row = line(number, OutcomeKind::Associated, portal);
            survey.add(&row).unwrap();
        }
        assert_eq!(survey.portal, Some(7));
        let other = line(6, OutcomeKind::Failed, Some(8));
        let several = Refusal::SeveralPortals {
            first: 7,
            other: 8,
            line: 6,
        };
        assert_eq!(survey.add(&other), Err(several));
    }

    #[test]
    fn one_line_of_a_rehearsal_is_enough_to_refuse_the_report() {
        let mut survey = Survey::default();
        let real = line(2, OutcomeKind::Associated, None);
        survey.add(&real).unwrap();
        let rehearsed = ReportRow {
            origin: Origin::Rehearsal,
            ..line(3, OutcomeKind::Rejected, None)
        };
        assert_eq!(survey.add(&rehearsed), Err(Refusal::Rehearsed { line: 3 }));
    }
}
