//! The reason word of a run, for scripts. The words are a stable interface; docs/summary.md explains them.

use crate::error::RunError;
use crate::labels::error::LabelError;
use crate::report::error::ReportError;
use crate::run::guards::time_limit::TimeLimit;
use crate::run::stop_reason::{Signal, StopReason, UniformFailure};
use crate::verdict::retry::FatalCause;

/// Every row has its line.
pub const FINISHED: &str = "finished";

/// A file besides the report cannot be written.
pub const OUTPUT: &str = "output";

/// All reason words.
#[cfg(test)]
pub const REASONS: [&str; 30] = [
    FINISHED,
    "interrupted",
    "terminated",
    "daily-limit",
    "long-wait",
    "error-budget",
    "api-failing",
    "no-descriptors",
    "max-duration",
    "until",
    "unauthorized",
    "no-token",
    "missing-scopes",
    "forbidden",
    "untrusted",
    "type-error",
    "not-found",
    "tls-failure",
    "property-refused",
    "no-key-found",
    "input",
    "settings",
    "credentials",
    "portal",
    "report",
    "report-busy",
    OUTPUT,
    "client",
    "system",
    "bug",
];

/// The reason word of a run that ended before every row had its line.
#[must_use]
pub fn reason_of_stop(reason: &StopReason) -> &'static str {
    match reason {
        StopReason::Signal(Signal::Interrupt) => "interrupted",
        StopReason::Signal(Signal::Terminate) => "terminated",
        StopReason::Fatal { cause, .. } => match cause {
            FatalCause::DailyLimit => "daily-limit",
            FatalCause::LongWait(_) => "long-wait",
            FatalCause::Unauthorized => "unauthorized",
            FatalCause::NoToken => "no-token",
            FatalCause::OtherPortal => "portal",
            FatalCause::MissingScopes => "missing-scopes",
            FatalCause::Forbidden => "forbidden",
            FatalCause::Untrusted => "untrusted",
        },
        StopReason::UniformFailures { what, .. } => match what {
            UniformFailure::TypeError => "type-error",
            UniformFailure::NotFound => "not-found",
            UniformFailure::TlsFailure => "tls-failure",
        },
        StopReason::Input(_) => "input",
        StopReason::FailureLimit(spent) if spent.transient => "api-failing",
        StopReason::ApiUnreachable { .. } => "api-failing",
        StopReason::NoDescriptor { .. } => "no-descriptors",
        StopReason::PropertyRefused { .. } => "property-refused",
        StopReason::NoKeyFound { .. } => "no-key-found",
        StopReason::FailureLimit(_) => "error-budget",
        StopReason::TimeIsUp(TimeLimit::MaxDuration(_)) => "max-duration",
        StopReason::TimeIsUp(TimeLimit::Until(_)) => "until",
        StopReason::Bug(_) => "bug",
        StopReason::Report(_) => "report",
    }
}

/// The reason word of a run that could not start, or whose files could not be written.
#[must_use]
pub fn reason_of_error(error: &RunError) -> &'static str {
    match error {
        RunError::Settings(_) | RunError::SandboxSettings(_) | RunError::Verify(_) => "settings",
        RunError::Credentials(_)
        | RunError::Labels(LabelError::Refused {
            is_forbidden: true, ..
        }) => "credentials",
        RunError::Portal(_) => "portal",
        RunError::Labels(LabelError::Unread { .. }) => "outage",
        RunError::Input(_) | RunError::Labels(_) => "input",
        RunError::Report(ReportError::Busy { .. }) => "report-busy",
        RunError::Report(_) | RunError::Undo(_) => "report",
        RunError::Rejects(_) | RunError::Resolve(_) | RunError::Output(_) | RunError::Stdout(_) => {
            OUTPUT
        }
        RunError::Client(_) => "client",
        RunError::Stopped(Signal::Interrupt) => "interrupted",
        RunError::Stopped(Signal::Terminate) => "terminated",
        RunError::SandboxStart(_) | RunError::System(_) => "system",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::every_stop_tests::every_stop;
    use std::io;

    #[test]
    fn every_reason_word_of_an_early_stop_is_listed() {
        let mut words: Vec<_> = every_stop()
            .iter()
            .map(|(_, reason)| reason_of_stop(reason))
            .collect();
        assert!(words.iter().all(|word| REASONS.contains(word)));
        words.sort_unstable();
        words.dedup();
        // The others are of runs that did not start, or did not stop early.
        let of_others = [
            FINISHED,
            "settings",
            "credentials",
            "report-busy",
            OUTPUT,
            "client",
            "system",
        ];
        assert_eq!(words.len(), REASONS.len() - of_others.len());
        assert!(words.iter().all(|word| !of_others.contains(word)));
    }

    #[test]
    fn a_run_that_could_not_start_has_a_reason_word() {
        let busy = ReportError::Busy {
            path: "r.csv".into(),
            by: None,
            lock_file: None,
        };
        for (error, word) in [
            (RunError::Report(busy), "report-busy"),
            (RunError::System(io::Error::other("x")), "system"),
            (RunError::Stopped(Signal::Interrupt), "interrupted"),
            (RunError::Stopped(Signal::Terminate), "terminated"),
        ] {
            assert_eq!(reason_of_error(&error), word);
            assert!(REASONS.contains(&word));
        }
    }
}
