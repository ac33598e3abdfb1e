//! Detects that the first rows fail in the same way, so that the settings are wrong and not the rows. Pure.

use crate::domain::cause::refuses_type;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::run::stop_reason::{StopReason, UniformFailure};

/// If this number of first rows get the same error about their types, the types are wrong.
const TYPE_ERRORS: u32 = 3;

/// If this number of first rows get a 404, the path is wrong, not the rows.
const NOT_FOUNDS: u32 = 25;

/// The run stops after this number of consecutive rows with a TLS failure between the gateway and the
/// server behind it (525, 526).
const TLS_FAILURES: u32 = 5;

/// Detects that rows fail in a way that indicates wrong settings.
#[derive(Debug, Default)]
pub(crate) struct UniformFailureDetector {
    streak: Option<(UniformFailure, u32, String)>,
    /// Whether some row ended differently: then the settings cannot be wrong for all rows.
    is_mixed: bool,
}

impl UniformFailureDetector {
    /// Records a rejection that named a record of its own row: the path is correct.
    pub(crate) fn note_own(&mut self) {
        self.is_mixed = true;
    }

    /// Records an outcome, in the order in which rows end.
    pub(crate) fn note(&mut self, outcome: &Outcome) -> Option<StopReason> {
        if matches!(outcome.kind, OutcomeKind::Invalid | OutcomeKind::Skipped) {
            return None;
        }
        let Some(what) = uniform_failure(outcome) else {
            self.is_mixed = true;
            self.streak = None;
            return None;
        };
        let message = &outcome.details.message;
        let rows = match &self.streak {
            Some((known, rows, text))
                if *known == what && (what != UniformFailure::TypeError || text == message) =>
            {
                rows + 1
            }
            known => {
                self.is_mixed |= known.is_some();
                1
            }
        };
        let max = match what {
            UniformFailure::TypeError => TYPE_ERRORS,
            UniformFailure::NotFound => NOT_FOUNDS,
            UniformFailure::TlsFailure => TLS_FAILURES,
        };
        self.streak = Some((what, rows, message.clone()));
        let counts = what == UniformFailure::TlsFailure || !self.is_mixed;
        (counts && rows == max).then(|| StopReason::UniformFailures {
            what,
            rows,
            message: message.clone(),
        })
    }
}

fn uniform_failure(outcome: &Outcome) -> Option<UniformFailure> {
    let details = &outcome.details;
    match details.http_status? {
        400 if refuses_type(&details.message) => Some(UniformFailure::TypeError),
        404 => Some(UniformFailure::NotFound),
        525 | 526 => Some(UniformFailure::TlsFailure),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::{Details, RowTarget};
    use crate::domain::pair::RowKey;
    use jiff::Timestamp;
    use std::time::Duration;

    fn outcome(kind: OutcomeKind, status: u16, message: &str) -> Outcome {
        Outcome {
            key: RowKey { row: 1, line: 2 },
            target: RowTarget::Raw(Default::default()),
            keys: None,
            kind,
            details: Details {
                http_status: (status > 0).then_some(status),
                message: message.to_owned(),
                ..Details::default()
            },
            attempts: 1,
            duration: Duration::ZERO,
            finished_at: Timestamp::UNIX_EPOCH,
            existed_before: None,
            labels: None,
            proof: None,
        }
    }

    /// After how many of these outcomes the run stops.
    fn stops_after(outcomes: impl IntoIterator<Item = Outcome>) -> Option<usize> {
        let mut uniform_failures = UniformFailureDetector::default();
        outcomes
            .into_iter()
            .position(|outcome| uniform_failures.note(&outcome).is_some())
            .map(|index| index + 1)
    }

    const TYPES: &str = "Unable to infer object type from: widgets";

    #[test]
    fn three_identical_type_errors_at_the_start_stop_the_run() {
        let same = || outcome(OutcomeKind::Rejected, 400, TYPES);
        let other = || {
            outcome(
                OutcomeKind::Rejected,
                400,
                "Unable to infer object type from: gadgets",
            )
        };
        let good = || outcome(OutcomeKind::Associated, 200, "");
        let invalid = || outcome(OutcomeKind::Invalid, 0, "");
        assert_eq!(stops_after([same(), same(), same(), same()]), Some(3));
        assert_eq!(
            stops_after([same(), invalid(), same(), invalid(), same()]),
            Some(5)
        );
        assert_eq!(stops_after([good(), same(), same(), same(), same()]), None);
        assert_eq!(
            stops_after([same(), same(), good(), same(), same(), same()]),
            None
        );
        assert_eq!(stops_after([other(), same(), same(), same(), same()]), None);
        let invalid_ids = (0..9).map(|_| {
            outcome(
                OutcomeKind::Rejected,
                400,
                "One or more associations are invalid",
            )
        });
        assert_eq!(stops_after(invalid_ids), None);
    }

    #[test]
    fn only_404s_at_the_start_stop_the_run() {
        let missing = || outcome(OutcomeKind::Rejected, 404, "HTTP 404");
        assert_eq!(stops_after((0..40).map(|_| missing())), Some(25));
        let late = std::iter::once(outcome(OutcomeKind::Associated, 200, ""));
        assert_eq!(stops_after(late.chain((0..40).map(|_| missing()))), None);
    }

    #[test]
    fn a_404_that_names_the_record_of_its_row_shows_that_the_path_is_correct() {
        let missing = || outcome(OutcomeKind::Rejected, 404, "contact 7 not found");
        let mut uniform_failures = UniformFailureDetector::default();
        assert!((0..24).all(|_| uniform_failures.note(&missing()).is_none()));
        uniform_failures.note_own();
        assert!((0..40).all(|_| uniform_failures.note(&missing()).is_none()));
    }

    #[test]
    fn tls_failures_behind_the_gateway_stop_the_run_at_any_time() {
        let broken = || outcome(OutcomeKind::Failed, 526, "HTTP 526");
        let good = || outcome(OutcomeKind::Associated, 200, "");
        let outcomes = [
            good(),
            broken(),
            broken(),
            good(),
            broken(),
            broken(),
            broken(),
            broken(),
            broken(),
        ];
        assert_eq!(stops_after(outcomes), Some(9));
    }
}
