//! The reasons to stop a run early, and the detection of failures that the first rows have in common.
//! Pure.

use std::io;
use std::time::Duration;

use tokio::task::JoinError;

use crate::domain::cause::refuses_type;
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::exit_status::ExitStatus;
use crate::input::error::InputError;
use crate::run::guards::failure_limit::FailureLimitReached;
use crate::run::guards::time_limit::TimeLimit;
use crate::verdict::retry::FatalCause;

/// If this number of first rows get the same error about their types, the types are wrong.
const TYPE_ERRORS: u32 = 3;

/// If this number of first rows get a 404, the path is wrong, not the rows.
const NOT_FOUNDS: u32 = 25;

/// The run stops after this number of consecutive rows with a TLS failure between the gateway and the
/// server behind it (525, 526).
const TLS_FAILURES: u32 = 5;

/// A signal that asks the run to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM, or SIGHUP: the terminal was closed.
    Terminate,
}

/// A request to stop the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopRequest {
    /// The first signal: finish the requests in flight.
    Gracefully(Signal),
    /// A further signal: stop immediately.
    Now(Signal),
}

/// Why a run ended before every row had an outcome.
#[derive(Debug)]
pub enum StopReason {
    /// A signal.
    Signal(Signal),
    /// A reply showed that no row can succeed now.
    Fatal {
        /// The kind of reply.
        cause: FatalCause,
        /// The message of the reply.
        message: String,
        /// The scopes that the reply names as missing.
        scopes: Vec<String>,
        /// The correlation id, which HubSpot's support needs.
        correlation_id: Option<String>,
    },
    /// The first rows all failed in the same way.
    UniformFailures {
        /// The failure that they have in common.
        what: UniformFailure,
        /// The number of rows.
        rows: u32,
        /// Their message.
        message: String,
    },
    /// The input could not be read further, or is not the one that the report was made from.
    Input(InputError),
    /// The failure limit was reached.
    FailureLimit(FailureLimitReached),
    /// The API was unreachable for so long that the run gave up.
    ApiUnreachable {
        /// How long.
        lasted: Duration,
        /// Whether it was reachable earlier in this run.
        was_reachable: bool,
        /// What the last reply was.
        message: String,
    },
    /// The system had no file descriptor for any connection for too long.
    NoDescriptor {
        /// How long.
        lasted: Duration,
        /// The error of the system.
        message: String,
    },
    /// A time limit of the run has passed.
    TimeIsUp(TimeLimit),
    /// A bug in this program.
    Bug(String),
    /// The report could not be written.
    Report(io::Error),
}

/// A failure that the first rows can have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniformFailure {
    /// The API does not know the object type.
    TypeError,
    /// The path does not exist.
    NotFound,
    /// The TLS connection between the gateway and the server behind it failed.
    TlsFailure,
}

impl StopReason {
    /// The exit status for this reason.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Signal(Signal::Interrupt) => ExitStatus::Interrupted,
            Self::Signal(Signal::Terminate) => ExitStatus::Terminated,
            Self::Fatal { cause, .. } => match cause {
                FatalCause::Unauthorized
                | FatalCause::NoToken
                | FatalCause::MissingScopes
                | FatalCause::Forbidden => ExitStatus::Credentials,
                FatalCause::DailyLimit | FatalCause::LongWait(_) => ExitStatus::StoppedEarly,
                FatalCause::OtherPortal | FatalCause::Untrusted => ExitStatus::Usage,
            },
            Self::UniformFailures { what, .. } => match what {
                UniformFailure::TypeError | UniformFailure::NotFound => ExitStatus::Usage,
                UniformFailure::TlsFailure => ExitStatus::StoppedEarly,
            },
            Self::Input(_) => ExitStatus::Usage,
            Self::FailureLimit(_)
            | Self::ApiUnreachable { .. }
            | Self::NoDescriptor { .. }
            | Self::TimeIsUp(_) => ExitStatus::StoppedEarly,
            Self::Bug(_) => ExitStatus::Bug,
            Self::Report(_) => ExitStatus::CannotWrite,
        }
    }

    /// Whether the daily limit is used up.
    #[must_use]
    pub fn is_daily_limit(&self) -> bool {
        matches!(
            self,
            Self::Fatal {
                cause: FatalCause::DailyLimit,
                ..
            }
        )
    }

    /// The severity: a more severe reason replaces a less severe one, whichever came first.
    fn severity(&self) -> u8 {
        match self {
            Self::Signal(_) | Self::TimeIsUp(_) => 0,
            Self::Fatal {
                cause: FatalCause::DailyLimit | FatalCause::LongWait(_),
                ..
            }
            | Self::ApiUnreachable { .. }
            | Self::NoDescriptor { .. } => 1,
            Self::FailureLimit(_) => 2,
            Self::UniformFailures { .. } | Self::Input(_) => 3,
            Self::Fatal { .. } => 4,
            Self::Bug(_) => 5,
            Self::Report(_) => 6,
        }
    }

    /// Makes the reason from a task that panicked.
    pub(crate) fn of_panic(error: JoinError) -> Self {
        let what = match error.try_into_panic() {
            Ok(panic) => match panic.downcast::<String>() {
                Ok(text) => *text,
                Err(panic) => panic
                    .downcast_ref::<&str>()
                    .copied()
                    .unwrap_or("a panic")
                    .to_owned(),
            },
            Err(error) => error.to_string(),
        };
        Self::Bug(what)
    }

    /// Replaces `known` with `later` if that is more severe.
    pub(crate) fn raise(known: &mut Option<Self>, later: Self) {
        match known {
            Some(known) if known.severity() >= later.severity() => {}
            _ => *known = Some(later),
        }
    }
}

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

    fn outcome(kind: OutcomeKind, status: u16, message: &str) -> Outcome {
        Outcome {
            key: RowKey { row: 1, line: 2 },
            target: RowTarget::Raw(Default::default()),
            kind,
            details: Details {
                http_status: (status > 0).then_some(status),
                message: message.to_owned(),
                ..Details::default()
            },
            attempts: 1,
            duration: Duration::ZERO,
            finished_at: Timestamp::UNIX_EPOCH,
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

    #[test]
    fn a_later_reason_can_only_raise_the_severity() {
        let halted = |cause| StopReason::Fatal {
            cause,
            message: String::new(),
            scopes: vec![],
            correlation_id: None,
        };
        let report = || StopReason::Report(io::Error::other("full"));
        let mut reason = None;
        for (later, status) in [
            (
                StopReason::Signal(Signal::Interrupt),
                ExitStatus::Interrupted,
            ),
            (
                StopReason::Signal(Signal::Terminate),
                ExitStatus::Interrupted,
            ),
            (halted(FatalCause::DailyLimit), ExitStatus::StoppedEarly),
            (halted(FatalCause::Unauthorized), ExitStatus::Credentials),
            (halted(FatalCause::DailyLimit), ExitStatus::Credentials),
            (report(), ExitStatus::CannotWrite),
            (halted(FatalCause::Unauthorized), ExitStatus::CannotWrite),
        ] {
            StopReason::raise(&mut reason, later);
            assert_eq!(reason.as_ref().unwrap().exit_status(), status);
        }
    }
}
