//! Why a run ended early, as an error with the command that resumes it. Pure.

use crate::diagnostic::Problem;
use crate::domain::run_counts::{CategoryCount, RunCounts};
use crate::error::word_of;
use crate::number::{grouped, span};
use crate::output::write_failure::write_failure;
use crate::report::lost_report::LostReport;
use crate::run::guards::error_budget::{BudgetExceeded, BudgetLimit};
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
    /// The command to run next.
    pub next: &'s FollowUpCommand,
}

/// The command to run after an early end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUpCommand {
    /// The command, ready for a shell.
    pub command: String,
    /// Type flags, without dashes, that were removed because their value was wrong.
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
}

impl StopMessage<'_> {
    /// The error to show.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let lines = match (self.counts.finished(), self.lost_report()) {
            (1, None) => "1 row has its line in the report".to_owned(),
            (rows, None) => format!("{} rows have their line in the report", grouped(rows)),
            (1, Some(_)) => "1 row had its line in it".to_owned(),
            (rows, Some(_)) => format!("{} rows had their line in it", grouped(rows)),
        };
        let mut causes = Vec::new();
        let (what, advice) = match self.reason {
            StopReason::Signal(signal) => (word_of(*signal).to_owned(), None),
            StopReason::Fatal {
                cause,
                message,
                scopes,
                correlation_id,
            } => {
                let id = correlation_id
                    .as_ref()
                    .map(|id| format!(" (correlation id {id})"));
                causes.push(format!("{message}{}", id.unwrap_or_default()));
                self.fatal(*cause, scopes)
            }
            StopReason::UniformFailures {
                what,
                rows,
                message,
            } => {
                causes.push(message.clone());
                self.uniform_failures(*what, *rows)
            }
            StopReason::Input(error) => {
                let problem = Problem::new(error, error.hint());
                causes = problem.causes;
                (problem.what, problem.hint)
            }
            StopReason::BudgetExceeded(excess) => {
                causes.extend(excess.common.as_ref().map(in_common));
                (over_budget(excess), Some(after_budget(excess).to_owned()))
            }
            StopReason::ApiUnreachable {
                lasted,
                was_reachable,
                message,
            } => {
                causes.push(message.clone());
                let Self { base_url, .. } = self;
                let what = format!(
                    "stopped: no usable response from `{base_url}` for {}",
                    span(*lasted)
                );
                let advice = match was_reachable {
                    true => WHEN_API_WORKS.to_owned(),
                    false => format!(
                        "check network, proxy and `--base-url`; if they are correct, {WHEN_API_WORKS}"
                    ),
                };
                (what, Some(advice))
            }
            StopReason::NoDescriptor { lasted, message } => {
                causes.push(message.clone());
                let what = format!(
                    "stopped: no file descriptor was available for a connection for {}",
                    span(*lasted)
                );
                let advice = "raise the limit on open files (`ulimit -n` shows it)";
                (what, Some(advice.to_owned()))
            }
            StopReason::TimeIsUp(limit) => {
                let limit = match limit {
                    TimeLimit::MaxDuration(time) => format!("`--max-duration`, {}", span(*time)),
                    TimeLimit::Until(moment) => format!("`--until`, {moment:.0}"),
                };
                let what = format!("stopped: the time limit was reached ({limit})");
                (what, None)
            }
            StopReason::Bug(panic) => {
                causes.push(excerpt(panic, 300));
                let advice = "please report this".to_owned();
                ("stopped by a bug in this program".to_owned(), Some(advice))
            }
            StopReason::Report(error) => {
                causes.push(error.to_string());
                let (what, advice) = write_failure(error);
                (what.to_owned(), Some(advice.to_owned()))
            }
        };
        let advice = advice
            .map(|advice| format!("{advice}; then "))
            .unwrap_or_default();
        Problem {
            what: format!("{what}; {lines}"),
            causes,
            hint: Some(match self.next.missing_flags_text() {
                Some(missing_flags_text) => format!(
                    "{advice}run `{}`, with {missing_flags_text} and that type",
                    self.next.command
                ),
                None => format!("{advice}run `{}`", self.next.command),
            }),
        }
    }

    /// How another program changed the report, if the run stopped for that.
    fn lost_report(&self) -> Option<LostReport> {
        match self.reason {
            StopReason::Report(error) => LostReport::cause_of(error),
            _ => None,
        }
    }

    fn fatal(&self, cause: FatalCause, scopes: &[String]) -> (String, Option<String>) {
        let (what, advice) = match cause {
            FatalCause::DailyLimit => (
                "stopped: the account's daily limit is used up".to_owned(),
                format!("wait until it resets, {}", self.daily_reset),
            ),
            FatalCause::LongWait(wait) => (
                "stopped: HubSpot asks for a pause of more than 15 minutes".to_owned(),
                format!("wait {}", span(wait)),
            ),
            FatalCause::Unauthorized => (
                "stopped: HubSpot does not accept the token".to_owned(),
                self.unauthorized(),
            ),
            FatalCause::NoToken => (
                "stopped: could not refresh the access token".to_owned(),
                "check the source of the token: the file, the command, or the app's refresh token"
                    .to_owned(),
            ),
            FatalCause::OtherPortal => (
                "stopped: the new token belongs to another account, and nothing was sent with it".to_owned(),
                "put a token of the run's account into the token file, the command or the app".to_owned(),
            ),
            FatalCause::MissingScopes if scopes.is_empty() => (
                "stopped: the token lacks a permission".to_owned(),
                "give it read and write scopes for both object types".to_owned(),
            ),
            FatalCause::MissingScopes => (
                format!("stopped: the token lacks a scope: {}", scopes.join(", ")),
                "give it one of these, with read and write for both object types".to_owned(),
            ),
            FatalCause::Forbidden => (
                "stopped: HubSpot, or a firewall in front of it, forbids the requests".to_owned(),
                "ask HubSpot's support or your network administrator".to_owned(),
            ),
            FatalCause::Untrusted => (
                format!(
                    "stopped: the certificate of `{}` is not trusted",
                    self.base_url
                ),
                "check the base URL; if a proxy replaces the certificate, trust its certificate with `--ca-file`"
                    .to_owned(),
            ),
        };
        (what, Some(advice))
    }

    fn unauthorized(&self) -> String {
        match self.region {
            Some(region) if region != "na1" && !self.base_url.contains(region) => format!(
                "check that it is current; a `{region}` token may need `--base-url https://api-{region}.hubapi.com`"
            ),
            _ => "check that it is current and belongs to the right account".to_owned(),
        }
    }

    fn uniform_failures(&self, what: UniformFailure, rows: u32) -> (String, Option<String>) {
        let (what, advice) = match what {
            UniformFailure::TypeError => (
                format!("stopped: HubSpot does not know the object type of the first {rows} rows"),
                if self.next.missing_flags.is_empty() {
                    "correct the types in the file"
                } else {
                    "look up the right type, such as `contacts` or `2-1234567`"
                },
            ),
            UniformFailure::NotFound => (
                format!(
                    "stopped: the first {rows} rows all got a 404: the path of the API seems to be wrong"
                ),
                "check `--base-url` and `--api-version`",
            ),
            UniformFailure::TlsFailure => (
                format!("stopped: {rows} consecutive rows got a TLS error from HubSpot's servers"),
                "ask HubSpot's support",
            ),
        };
        (what, Some(advice.to_owned()))
    }
}

fn over_budget(excess: &BudgetExceeded) -> String {
    let BudgetExceeded { bad, of, .. } = excess;
    let (bad, of) = (grouped(*bad), grouped(*of));
    match excess.limit {
        BudgetLimit::Rows(max) => {
            format!("stopped: {bad} of {of} rows were not associated (`--max-failed {max}`)")
        }
        BudgetLimit::Percent(percent) => format!(
            "stopped: {bad} of the last {of} rows were not associated (`--max-failed-percent {percent}`)"
        ),
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
        "{} of them: {kind} {category}, first in row {row}: {message}",
        grouped(*rows)
    )
}

fn after_budget(excess: &BudgetExceeded) -> &'static str {
    match excess.limit {
        _ if excess.transient => WHEN_API_WORKS,
        BudgetLimit::Rows(_) => {
            "if file, columns and types are correct, raise `--max-failed`; if not, fix them and start again with `--overwrite`"
        }
        BudgetLimit::Percent(_) => {
            "if file, columns and types are correct, add `--max-failed-percent 100`; if not, fix them and start again with `--overwrite`"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::every_stop_tests::{every_stop, fatal};
    use std::fmt::Write as _;

    fn problem(reason: &StopReason, region: Option<&str>) -> Problem {
        let counts = RunCounts::default();
        let base_url = "https://api.hubapi.com";
        StopMessage {
            reason,
            counts: &counts,
            region,
            base_url,
            daily_reset: "at midnight",
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
            "the report is gone; nothing more was sent; 0 rows had their line in it"
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
