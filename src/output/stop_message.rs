//! Why a run ended early, as an error with the command that resumes it. Pure.

use std::fmt::Write as _;
use std::time::Duration;

use crate::diagnostic::Problem;
use crate::domain::run_counts::{CategoryCount, RunCounts};
use crate::error::word_of;
use crate::input::error::InputError;
use crate::number::{grouped, rows, span};
use crate::output::lookup_stop::{no_key_found, refused};
use crate::output::scope_stop::missing_scopes;
use crate::output::stop::{Advice, Stop};
use crate::output::write_failure::write_failure;
use crate::report::layout::ReportKind;
use crate::report::lost_report::LostReport;
use crate::run::guards::failure_limit::{FailureLimitReached, ReachedLimit};
use crate::run::guards::time_limit::TimeLimit;
use crate::run::stop_reason::{StopReason, UniformFailure};
use crate::text::excerpt;
use crate::verdict::retry::FatalCause;

/// The advice for an API that does not reply, or fails.
const WHEN_API_WORKS: &str =
    "wait until the network and HubSpot work again (https://status.hubspot.com)";

/// The data for the message of a run that ended early.
#[derive(Debug)]
pub struct StopMessage<'s> {
    /// Why the run ended.
    pub reason: &'s StopReason,
    /// The counters of the run.
    pub counts: &'s RunCounts,
    /// The region in the token, if it names one.
    pub region: Option<&'s str>,
    /// The base URL of the API.
    pub base_url: &'s str,
    /// When the daily limit resets, in words.
    pub daily_reset: &'s str,
    /// Whether the command changes anything in the account.
    pub writes: bool,
    /// The command whose report the run writes.
    pub report: ReportKind,
    /// The command to run next.
    pub next: &'s FollowUpCommand,
}

/// The command to run after an early end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUpCommand {
    /// The command, ready for a shell.
    pub command: String,
    /// Flags of types or of properties, without dashes, that were removed because their value was wrong.
    pub missing_flags: Vec<&'static str>,
}

impl From<String> for FollowUpCommand {
    fn from(command: String) -> Self {
        Self {
            command,
            missing_flags: Vec::new(),
        }
    }
}

impl FollowUpCommand {
    /// The missing flags, for a message.
    #[must_use]
    pub fn missing_flags_text(&self) -> Option<String> {
        let flags: Vec<_> = self
            .missing_flags
            .iter()
            .map(|flag| format!("`--{flag}`"))
            .collect();
        (!flags.is_empty()).then(|| flags.join(", "))
    }

    /// What the missing flags take.
    #[must_use]
    pub fn missing_value(&self) -> &'static str {
        let is_property = |flag: &&str| flag.ends_with("-property");
        if self.missing_flags.iter().any(is_property) {
            "property"
        } else {
            "type"
        }
    }
}

impl StopMessage<'_> {
    /// The error to show.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let Stop {
            what,
            causes,
            advice,
        } = self.stop();
        Problem {
            what: format!("{what}; {}", self.lines_in_report()),
            causes,
            hint: Some(self.hint(advice)),
        }
    }

    /// The error of a command that writes no report: its output is written only if it ends by itself.
    #[must_use]
    pub fn problem_without_report(&self) -> Problem {
        let Stop {
            what,
            causes,
            advice,
        } = self.stop();
        Problem {
            what,
            causes,
            hint: Some(self.hint(advice.or(Some(Advice::To("start again".to_owned()))))),
        }
    }

    fn hint(&self, advice: Option<Advice>) -> String {
        let mut run = format!("run `{}`", self.next.command);
        if let Some(flags) = self.next.missing_flags_text() {
            let value = self.next.missing_value();
            let _infallible = write!(run, ", with {flags} and that {value}");
        }
        Stop::hint(advice, &run)
    }

    fn stop(&self) -> Stop {
        match self.reason {
            StopReason::Signal(signal) => Stop::new(word_of(*signal)),
            StopReason::Fatal {
                cause,
                message,
                scopes,
                correlation_id,
            } => {
                let id = correlation_id
                    .as_ref()
                    .map(|id| format!(" (correlation id {id})"));
                self.fatal(*cause, scopes)
                    .because(format!("{message}{}", id.unwrap_or_default()))
            }
            StopReason::UniformFailures {
                what,
                rows,
                message,
            } => self.uniform_failures(*what, *rows).because(message),
            StopReason::Input(error) => unreadable(error),
            StopReason::FailureLimit(excess) => over_budget(excess),
            StopReason::ApiUnreachable {
                lasted,
                was_reachable,
                message,
            } => self.unreachable(*lasted, *was_reachable).because(message),
            StopReason::NoDescriptor { lasted, message } => Stop::new(format!(
                "stopped: no file descriptor was available for a connection for {}",
                span(*lasted)
            ))
            .because(message)
            .advice("raise the limit on open files (`ulimit -n` shows it)"),
            StopReason::PropertyRefused {
                property: name,
                object_type,
                refusal,
                message,
            } => refused(*refusal, object_type, name, message),
            StopReason::NoKeyFound {
                property,
                object_type,
                keys,
            } => no_key_found(object_type, property, *keys),
            StopReason::TimeIsUp(limit) => time_is_up(*limit),
            StopReason::Bug(panic) => Stop::new("stopped by a bug in this program")
                .because(excerpt(panic, 300))
                .advice("please report this bug"),
            StopReason::Report(error) => {
                let (what, advice) = write_failure(error, self.report);
                Stop::new(what).because(error.to_string()).advice(advice)
            }
        }
    }

    /// The number of rows that need not be sent again.
    fn lines_in_report(&self) -> String {
        let is_lost = match self.reason {
            StopReason::Report(error) => LostReport::cause_of(error).is_some(),
            _ => false,
        };
        let finished = self.counts.finished();
        let rows = rows(finished);
        match (is_lost, finished) {
            (true, 1) => format!("{rows} was in it"),
            (true, _) => format!("{rows} were in it"),
            (false, 1) => format!("{rows} is in the report"),
            (false, _) => format!("{rows} are in the report"),
        }
    }

    fn fatal(&self, cause: FatalCause, scopes: &[String]) -> Stop {
        match cause {
            FatalCause::DailyLimit => Stop::new("stopped: the account's daily limit is used up")
                .advice(format!("wait until the limit resets, {}", self.daily_reset)),
            FatalCause::LongWait(wait) => {
                Stop::new("stopped: HubSpot asks for a pause of more than 15 minutes")
                    .advice(format!("wait {}", span(wait)))
            }
            FatalCause::Unauthorized => Stop::new("stopped: HubSpot does not accept the token")
                .advice(self.unauthorized()),
            FatalCause::NoToken => Stop::new("stopped: could not refresh the access token").advice(
                "check where the token comes from: the file, the command, or the refresh token of the app",
            ),
            FatalCause::OtherPortal => Stop::new(
                "stopped: the new token belongs to another account, and nothing was sent with it",
            )
            .advice("use a token of the account of this run"),
            FatalCause::MissingScopes => missing_scopes(scopes, self.writes),
            FatalCause::Forbidden => Stop::new(
                "stopped: HubSpot, or a firewall in front of it, refuses the requests",
            )
            .advice("ask HubSpot's support or your network administrator"),
            FatalCause::Untrusted => Stop::new(format!(
                "stopped: the certificate of `{}` is not trusted",
                self.base_url
            ))
            .advice(
                "check the base URL; if a proxy replaces the certificate, name the proxy's certificate with `--ca-file`",
            ),
        }
    }

    fn unauthorized(&self) -> String {
        match self.region {
            Some(region) if region != "na1" && !self.base_url.contains(region) => format!(
                "check that the token is still valid; a `{region}` token may need `--base-url https://api-{region}.hubapi.com`"
            ),
            _ => "check that the token is still valid and belongs to the right account".to_owned(),
        }
    }

    fn uniform_failures(&self, what: UniformFailure, rows: u32) -> Stop {
        match what {
            UniformFailure::TypeError => Stop::new(format!(
                "stopped: HubSpot does not know the object type of the first {rows} rows"
            ))
            .advice(if self.next.missing_flags.is_empty() {
                "correct the types in the file"
            } else {
                "look up the right type, such as `contacts` or `2-1234567`"
            }),
            UniformFailure::NotFound => Stop::new(format!(
                "stopped: each of the first {rows} rows got a 404 reply: the path of the API is probably wrong"
            ))
            .advice("check `--base-url` and `--api-version`"),
            UniformFailure::TlsFailure => Stop::new(format!(
                "stopped: {rows} consecutive rows got a TLS error from HubSpot's servers"
            ))
            .advice("ask HubSpot's support"),
        }
    }

    fn unreachable(&self, lasted: Duration, was_reachable: bool) -> Stop {
        let stop = Stop::new(format!(
            "stopped: no usable response from `{}` for {}",
            self.base_url,
            span(lasted)
        ));
        if was_reachable {
            stop.advice(WHEN_API_WORKS)
        } else {
            stop.advice(format!(
                "check the network, the proxy and `--base-url`; if they are correct, {WHEN_API_WORKS}"
            ))
        }
    }
}

fn unreadable(error: &InputError) -> Stop {
    let Problem { what, causes, hint } = Problem::new(error, error.hint());
    Stop {
        what,
        causes,
        advice: hint.map(Advice::First),
    }
}

fn time_is_up(limit: TimeLimit) -> Stop {
    let limit = match limit {
        TimeLimit::MaxDuration(time) => format!("`--max-duration`, {}", span(time)),
        TimeLimit::Until(moment) => format!("`--until`, {moment:.0}"),
    };
    Stop::new(format!("stopped: the time limit was reached ({limit})"))
}

fn over_budget(excess: &FailureLimitReached) -> Stop {
    let FailureLimitReached { bad, of, .. } = excess;
    let (bad, of) = (grouped(*bad), grouped(*of));
    let stop = Stop::new(match excess.limit {
        ReachedLimit::Rows(max) => {
            format!("stopped: {bad} of {of} rows were not associated (`--max-failed {max}`)")
        }
        ReachedLimit::Percent(percent) => format!(
            "stopped: {bad} of the last {of} rows were not associated (`--max-failed-percent {percent}`)"
        ),
    });
    let stop = if excess.transient {
        stop.advice(WHEN_API_WORKS)
    } else {
        stop.if_correct(match excess.limit {
            ReachedLimit::Rows(_) => "with a higher `--max-failed`",
            ReachedLimit::Percent(_) => "with `--max-failed-percent 100`",
        })
    };
    match &excess.common {
        Some(common) => stop.because(in_common(common)),
        None => stop,
    }
}

fn in_common(common: &CategoryCount) -> String {
    let CategoryCount {
        category,
        kind,
        rows,
        examples,
        ..
    } = common;
    let row = examples.first().map_or(0, |example| example.key.row);
    let (category, message) = (excerpt(category, 40), excerpt(common.message(), 300));
    format!(
        "{} of these rows have the same cause: {kind}, {category}; the first is row {row}: {message}",
        grouped(*rows)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::every_stop_tests::{every_stop, fatal};
    use crate::run::stop_reason::Signal;

    fn problem(reason: &StopReason, region: Option<&str>) -> Problem {
        let counts = RunCounts::default();
        let base_url = "https://api.hubapi.com";
        StopMessage {
            reason,
            counts: &counts,
            region,
            base_url,
            daily_reset: "at midnight",
            writes: true,
            report: ReportKind::Import,
            next: &FollowUpCommand::from("again".to_owned()),
        }
        .problem()
    }

    /// All messages as they are printed, each under its name.
    fn shown(reasons: &[(&str, StopReason)]) -> String {
        let mut text = String::new();
        for (name, reason) in reasons {
            let printed = problem(reason, None).to_text();
            let printed = anstream::adapter::strip_str(&printed);
            let _infallible = write!(text, "# {name}\n{printed}\n");
        }
        text
    }

    #[test]
    fn every_early_stop_has_a_message_and_a_way_to_continue() {
        let reasons = every_stop();
        for (name, reason) in &reasons {
            let hint = problem(reason, None).hint.unwrap();
            assert!(hint.contains("run `again`"), "{name}: {hint}");
        }
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("stop-messages", shown(&reasons));
        });
    }

    #[test]
    fn a_command_without_a_report_starts_again() {
        let counts = RunCounts::default();
        let problem = StopMessage {
            reason: &StopReason::Signal(Signal::Interrupt),
            counts: &counts,
            region: None,
            base_url: "",
            daily_reset: "",
            writes: true,
            report: ReportKind::Import,
            next: &FollowUpCommand::from("again".to_owned()),
        }
        .problem_without_report();
        assert_eq!(problem.what, "interrupted");
        assert_eq!(problem.hint.unwrap(), "to start again, run `again`");
    }

    #[test]
    fn the_user_has_to_replace_a_wrong_type() {
        let reason = StopReason::UniformFailures {
            what: UniformFailure::TypeError,
            rows: 3,
            message: "Unable to infer object type from: contactz".into(),
        };
        for (missing_flags, hint) in [
            (vec![], "correct the types in the file; then run `again`"),
            (
                vec!["from-type"],
                "look up the right type, such as `contacts` or `2-1234567`; then run `again`, with `--from-type` and \
                 that type",
            ),
        ] {
            let problem = StopMessage {
                reason: &reason,
                counts: &RunCounts::default(),
                region: None,
                base_url: "",
                daily_reset: "",
                writes: true,
                report: ReportKind::Import,
                next: &FollowUpCommand {
                    command: "again".into(),
                    missing_flags,
                },
            }
            .problem();
            assert_eq!(problem.hint.as_deref(), Some(hint));
        }
    }

    #[test]
    fn a_deleted_report_has_no_lines() {
        let problem = problem(&StopReason::Report(LostReport::Deleted.into()), None);
        assert_eq!(
            problem.what,
            "the report no longer exists; nothing more was sent; 0 rows were in it"
        );
        assert_eq!(problem.causes, ["it was deleted during the run"]);
        assert!(problem.hint.unwrap().ends_with("; then run `again`"));
    }

    #[test]
    fn a_refused_token_of_another_region_gets_the_regional_host_as_advice() {
        let reason = fatal(FatalCause::Unauthorized, &[]);
        for (region, advised) in [(None, false), (Some("na1"), false), (Some("eu1"), true)] {
            let hint = problem(&reason, region).hint.unwrap();
            assert_eq!(
                hint.contains("https://api-eu1.hubapi.com"),
                advised,
                "{hint}"
            );
        }
    }
}
