//! The reasons to stop a run early. Pure.

use std::io;
use std::time::Duration;

use tokio::task::JoinError;

use crate::domain::outcome::Details;
use crate::exit_status::ExitStatus;
use crate::input::error::InputError;
use crate::run::guards::failure_limit::FailureLimitReached;
use crate::run::guards::time_limit::TimeLimit;
use crate::verdict::retry::FatalCause;

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
    /// The API refuses to look up values of a property, before anything was sent to link.
    PropertyRefused {
        /// The property.
        property: String,
        /// The type of its records.
        object_type: String,
        /// What is wrong with it.
        refusal: PropertyRefusal,
        /// The message of the reply.
        message: String,
    },
    /// No record has any of the keys that were looked up first.
    NoKeyFound {
        /// The property.
        property: String,
        /// The type of its records.
        object_type: String,
        /// The number of keys.
        keys: u64,
    },
    /// A time limit of the run has passed.
    TimeIsUp(TimeLimit),
    /// A bug in this program.
    Bug(String),
    /// The report could not be written.
    Report(io::Error),
}

/// What is wrong with a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyRefusal {
    /// Several records may have the same value: only the search can look it up.
    NotUnique,
    /// The type has no such property.
    Unknown,
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
            Self::Input(_) | Self::PropertyRefused { .. } => ExitStatus::Usage,
            Self::FailureLimit(_)
            | Self::ApiUnreachable { .. }
            | Self::NoDescriptor { .. }
            | Self::NoKeyFound { .. }
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
            Self::FailureLimit(_) | Self::NoKeyFound { .. } => 2,
            Self::UniformFailures { .. } | Self::Input(_) | Self::PropertyRefused { .. } => 3,
            Self::Fatal { .. } => 4,
            Self::Bug(_) => 5,
            Self::Report(_) => 6,
        }
    }

    /// Makes the reason from a reply that showed that no row can succeed now.
    pub(crate) fn fatal(cause: FatalCause, scopes: Vec<String>, details: Details) -> Self {
        Self::Fatal {
            cause,
            message: details.message,
            scopes,
            correlation_id: details.correlation_id,
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

#[cfg(test)]
mod tests {
    use super::*;

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
