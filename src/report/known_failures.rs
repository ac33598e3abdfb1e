//! The rows that failed in earlier reports, with the cause.
//!
//! Such a row is sent again. If it fails again for the same cause, the failure is no new evidence about the file, the
//! settings or the API, so it does not count towards the failure limit again.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

use crate::domain::cause::Cause;
use crate::domain::outcome::Outcome;
use crate::report::column::Column;
use crate::report::report_line::ReportLine;
use crate::report::row_identity::fingerprint_of_outcome;

/// The rows that failed earlier, in 64 bits each. Two rows with the same hash (a probability of one in 10^18 per
/// pair) would only be counted incorrectly for the limit.
#[derive(Debug, Default)]
pub struct KnownFailures {
    marks: HashSet<u64>,
}

impl KnownFailures {
    /// Adds the row of a line, if it failed.
    pub fn add(&mut self, line: &ReportLine<'_>) {
        if line.outcome.is_good() {
            return;
        }
        let categories = line.text(Column::Categories);
        let category = categories.split(';').next().unwrap_or_default();
        let message = line.text(Column::Message);
        self.marks
            .insert(mark(line.fingerprint(), category, &message));
    }

    /// Whether an earlier row with the same types, the same ids or keys and the same labels failed for the same cause.
    #[must_use]
    pub fn contains(&self, outcome: &Outcome) -> bool {
        if self.marks.is_empty() || outcome.kind.is_good() {
            return false;
        }
        let details = &outcome.details;
        let category = details.categories.first().map_or("", String::as_str);
        let row = fingerprint_of_outcome(outcome);
        self.marks.contains(&mark(row, category, &details.message))
    }
}

/// The message is not compared: it contains ids and times.
fn mark(row: u64, category: &str, message: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(row);
    hasher.write(category.as_bytes());
    hasher.write_u8(match Cause::of(category, message) {
        Cause::Category => 0,
        Cause::Limit => 1,
        Cause::UnknownType => 2,
    });
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures;
    use crate::domain::fixtures::{details, from_key, raw};
    use crate::domain::outcome::OutcomeKind;
    use crate::report::line::LineBuffer;
    use crate::report::reader::ReportReader;

    fn by_key(row: u64, cell: &str, category: &str) -> Outcome {
        Outcome {
            keys: Some(from_key(cell, None).into()),
            ..outcome(row, "", OutcomeKind::Rejected, category, "")
        }
    }

    fn outcome(row: u64, id: &str, kind: OutcomeKind, category: &str, message: &str) -> Outcome {
        Outcome {
            target: raw(["contacts", id, "deals", "9"]),
            details: details(category, message),
            ..fixtures::outcome(row, kind)
        }
    }

    #[test]
    fn a_row_is_known_by_its_values_and_the_cause_and_not_by_its_place_or_message() {
        const LIMIT: &str = "Association Limit exceeded";
        let mut lines = LineBuffer::default();
        lines.add_header();
        for known in [
            outcome(1, "1", OutcomeKind::Associated, "", ""),
            outcome(
                2,
                "2",
                OutcomeKind::Rejected,
                "OBJECT_NOT_FOUND",
                "2, of 9:15",
            ),
            outcome(
                3,
                "=3",
                OutcomeKind::Invalid,
                "CLIENT_INVALID_ROW",
                "letters",
            ),
            outcome(4, "4", OutcomeKind::Failed, "HTTP_423", ""),
            outcome(5, "5", OutcomeKind::Rejected, "VALIDATION_ERROR", LIMIT),
            outcome(6, "6", OutcomeKind::Skipped, "CLIENT_DUPLICATE", ""),
            by_key(7, "a@b.c", "OBJECT_NOT_FOUND"),
        ] {
            lines.add(&known);
        }
        let mut failures = KnownFailures::default();
        let bytes = lines.take();
        let mut reader = ReportReader::new(bytes.as_slice()).unwrap();
        while let Some(line) = reader.read().unwrap() {
            failures.add(&line);
        }
        let rejected = OutcomeKind::Rejected;
        for (known, outcome) in [
            (true, by_key(8, "a@b.c", "OBJECT_NOT_FOUND")),
            (false, by_key(8, "b@b.c", "OBJECT_NOT_FOUND")),
            (false, outcome(8, "a@b.c", rejected, "OBJECT_NOT_FOUND", "")),
            (
                true,
                outcome(7, "2", rejected, "OBJECT_NOT_FOUND", "2, of 9:16"),
            ),
            (false, outcome(7, "2", rejected, "VALIDATION_ERROR", "")),
            (false, outcome(7, "7", rejected, "OBJECT_NOT_FOUND", "")),
            (
                true,
                outcome(8, "=3", OutcomeKind::Invalid, "CLIENT_INVALID_ROW", ""),
            ),
            (true, outcome(9, "4", OutcomeKind::Failed, "HTTP_423", "")),
            (true, outcome(9, "5", rejected, "VALIDATION_ERROR", LIMIT)),
            (
                false,
                outcome(9, "5", rejected, "VALIDATION_ERROR", "no such record"),
            ),
            (false, outcome(9, "1", rejected, "OBJECT_NOT_FOUND", "")),
            (
                false,
                outcome(9, "6", OutcomeKind::Skipped, "CLIENT_DUPLICATE", ""),
            ),
        ] {
            assert_eq!(failures.contains(&outcome), known, "{outcome:?}");
        }
    }
}
