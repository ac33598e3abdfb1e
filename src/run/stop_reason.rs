//! Why a run ends before its rows do, and when the first replies already tell that it must. Pure.

use std::io;
use std::time::Duration;

use tokio::task::JoinError;

use super::error_budget::BudgetExceeded;
use super::time_limit::TimeLimit;
use crate::exit::ExitStatus;
use crate::input::InputError;
use crate::outcome::{Outcome, OutcomeKind};
use crate::verdict::{FatalCause, refuses_type};

/// So many first rows that are all told the same about their types mean that the types are wrong.
const TYPE_ERRORS: u32 = 3;

/// So many first rows that all meet a 404 mean that the path is wrong, not the rows.
const NOT_FOUNDS: u32 = 25;

/// So many rows in a row that fail for the server's TLS trouble behind its front (525, 526).
const TLS_FAILURES: u32 = 5;

/// A signal that asks the run to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM, or SIGHUP: the terminal went away.
    Terminate,
}

/// Somebody asked the run to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopRequest {
    /// The first time: finish what is in flight.
    Gracefully(Signal),
    /// Again: now.
    Now(Signal),
}

/// Why a run ended before every row had its outcome.
#[derive(Debug)]
pub enum StopReason {
    /// Somebody asked it to.
    Signal(Signal),
    /// A reply said that no row can succeed now.
    Fatal {
        /// What the reply was.
        cause: FatalCause,
        /// In its own words.
        message: String,
        /// The scopes it named as missing.
        scopes: Vec<String>,
        /// What HubSpot's support asks for.
        correlation_id: Option<String>,
    },
    /// The first rows all ended alike.
    UniformFailures {
        /// What they met.
        what: UniformFailure,
        /// How many.
        rows: u32,
        /// The message that they got.
        message: String,
    },
    /// The input could not be read on, or is not the one that the report was made from.
    Input(InputError),
    /// Too many rows ended badly.
    BudgetExceeded(BudgetExceeded),
    /// The API did not answer anybody for so long that it is not waited for any more.
    ApiUnreachable {
        /// How long.
        lasted: Duration,
        /// Whether it answered anybody before.
        was_reachable: bool,
        /// What the last reply was.
        message: String,
    },
    /// The system had no descriptor for any connection for so long.
    NoDescriptor {
        /// How long.
        lasted: Duration,
        /// What the system said.
        message: String,
    },
    /// The time that it was given is over.
    TimeIsUp(TimeLimit),
    /// A bug in this program.
    Bug(String),
    /// The report could not be written.
    Report(io::Error),
}

/// What the first rows can have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniformFailure {
    /// The API does not know the object type.
    TypeError,
    /// The path is not there.
    NotFound,
    /// The server behind the front has TLS trouble.
    TlsFailure,
}

impl StopReason {
    /// How the program ends.
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
                FatalCause::OtherPortal | FatalCause::Untrusted => ExitStatus::Utilization,
            },
            Self::UniformFailures { what, .. } => match what {
                UniformFailure::TypeError | UniformFailure::NotFound => ExitStatus::Utilization,
                UniformFailure::TlsFailure => ExitStatus::StoppedEarly,
            },
            Self::Input(_) => ExitStatus::Utilization,
            Self::BudgetExceeded(_)
            | Self::ApiUnreachable { .. }
            | Self::NoDescriptor { .. }
            | Self::TimeIsUp(_) => ExitStatus::StoppedEarly,
            Self::Bug(_) => ExitStatus::Bug,
            Self::Report(_) => ExitStatus::CannotWrite,
        }
    }

    /// Whether the account's requests of the day are used up.
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

    /// Whether it outweighs every reason that comes later, or that came before.
    fn severity(&self) -> u8 {
        match self {
            Self::Signal(_) | Self::TimeIsUp(_) => 0,
            Self::Fatal {
                cause: FatalCause::DailyLimit | FatalCause::LongWait(_),
                ..
            }
            | Self::ApiUnreachable { .. }
            | Self::NoDescriptor { .. } => 1,
            Self::BudgetExceeded(_) => 2,
            Self::UniformFailures { .. } | Self::Input(_) => 3,
            Self::Fatal { .. } => 4,
            Self::Bug(_) => 5,
            Self::Report(_) => 6,
        }
    }

    /// A task of the run panicked.
    pub(super) fn of_panic(error: JoinError) -> Self {
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

    /// Puts `later` in place of `known` if it is more serious.
    pub(super) fn raise(known: &mut Option<Self>, later: Self) {
        match known {
            Some(known) if known.severity() >= later.severity() => {}
            _ => *known = Some(later),
        }
    }
}

/// Watches whether rows end alike in a way that says the settings are wrong.
#[derive(Debug, Default)]
pub(super) struct UniformFailureDetector {
    streak: Option<(UniformFailure, u32, String)>,
    /// Whether some row ended otherwise: then the settings cannot be all wrong.
    is_mixed: bool,
}

impl UniformFailureDetector {
    /// A refusal named a record of its own row: so the path is right.
    pub(super) fn note_own(&mut self) {
        self.is_mixed = true;
    }

    /// Takes one more outcome, in the order in which rows end.
    pub(super) fn note(&mut self, outcome: &Outcome) -> Option<StopReason> {
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
    use crate::outcome::{Details, RowTarget};
    use crate::pair::RowKey;
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
    fn a_start_of_nothing_but_404_stops_the_run() {
        let missing = || outcome(OutcomeKind::Rejected, 404, "HTTP 404");
        assert_eq!(stops_after((0..40).map(|_| missing())), Some(25));
        let late = std::iter::once(outcome(OutcomeKind::Associated, 200, ""));
        assert_eq!(stops_after(late.chain((0..40).map(|_| missing()))), None);
    }

    #[test]
    fn a_404_that_names_the_record_of_its_row_says_that_the_path_is_right() {
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
    fn a_later_reason_can_only_raise_the_seriousness() {
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
