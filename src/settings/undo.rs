//! The settings of `undo`, checked.

use std::num::NonZeroU64;
use std::path::PathBuf;

use crate::cli::undo::UndoArgs;
use crate::domain::file_names::undo_report_beside;
use crate::rate_limit::rate::{RateSetting, Share};
use crate::report::existing_file::{IfExists, Resume};
use crate::report::layout::ReportKind;
use crate::report::locked_report::ReportPlan;
use crate::report::origin::Origin;
use crate::run::context::{LinkPurpose, LinkSettings, RunSettings};
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::guards::time_limit::TimeLimits;
use crate::settings::connection::{Destination, Environment, Transport, api};
use crate::settings::error::SettingsError;
use crate::settings::import::next;
use crate::verdict::retry::RetryPolicy;

/// The settings of an undo that removes links, validated. To show the plan, none is needed.
#[derive(Clone, Debug)]
pub struct UndoSettings {
    /// The destination of requests.
    pub destination: Destination,
    /// How to send requests there.
    pub transport: Transport,
    /// The rate limit.
    pub rate: RateSetting,
    /// The share of the account's limit to use.
    pub share: Share,
    /// Whether to wait for the reset of the daily limit.
    pub wait_for_daily_reset: bool,
    /// How links are read and removed.
    pub run: RunSettings,
}

impl UndoSettings {
    /// Fails with the first error in the settings.
    pub fn resolve(flags: &UndoArgs, environment: &Environment) -> Result<Self, SettingsError> {
        let transport = Transport::resolve(&flags.connection)?;
        // Last, so that other errors are reported before a missing token.
        let (base_url, source) = api(&flags.connection, environment)?;
        Ok(Self {
            destination: Destination::Api { base_url, source },
            transport,
            rate: flags.rate_limit.rate,
            share: flags.rate_limit.share,
            wait_for_daily_reset: flags.rate_limit.wait_for_daily_reset,
            run: run_settings(flags, environment),
        })
    }
}

/// The path of the undo report.
#[must_use]
pub fn output_path(flags: &UndoArgs) -> PathBuf {
    let beside = || undo_report_beside(&flags.report);
    flags.output.clone().unwrap_or_else(beside)
}

/// Where the undo report is, and what to do if it exists. A report that cannot be replaced is opened to be continued: its
/// lines decide what is left to do.
#[must_use]
pub fn report_plan(flags: &UndoArgs, portal: Option<NonZeroU64>) -> ReportPlan {
    ReportPlan {
        path: output_path(flags),
        if_exists: if flags.overwrite {
            IfExists::Overwrite
        } else {
            IfExists::Resume(Resume::default())
        },
        origin: Origin::RealRun,
        portal: portal.map(NonZeroU64::get),
        kind: ReportKind::Undo,
    }
}

/// Whether to wait for the reset of the daily limit is decided when the account is known.
fn run_settings(flags: &UndoArgs, environment: &Environment) -> RunSettings {
    let limits = &flags.rate_limit;
    RunSettings {
        concurrency: limits.concurrency,
        batch: None,
        retry: RetryPolicy {
            max_attempts: limits.max_attempts,
        },
        failure_limit: FailureLimit {
            max_failed: flags.max_failed,
            max_failed_percent: flags.max_failed_percent,
        },
        time_limits: TimeLimits {
            max_duration: flags.max_duration,
            until: flags.until.and_then(|time| next(time, &environment.now)),
        },
        daily_reset: None,
        lookup: None,
        lookup_only: false,
        links: Some(LinkSettings {
            purpose: LinkPurpose::Undo,
            is_unlimited: limits.rate == RateSetting::Unlimited,
            share: limits.share,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line::{Cli, Command};
    use clap::FromArgMatches;
    use std::path::Path;

    fn flags(words: &str) -> UndoArgs {
        let words = ["hubspot-associate", "undo"]
            .into_iter()
            .chain(words.split_whitespace());
        let matches = Cli::described(&[], |_| None).get_matches_from(words);
        let Command::Undo(flags) = Cli::from_arg_matches(&matches).unwrap().command else {
            panic!("not an undo");
        };
        *flags
    }

    #[test]
    fn the_undo_report_lies_beside_the_report_unless_a_path_is_given() {
        for (words, path) in [
            ("pairs.report.csv", "pairs.report.undo.csv"),
            ("a/pairs.report.csv.gz", "a/pairs.report.undo.csv"),
            ("pairs.report.csv -o u.csv", "u.csv"),
            ("pairs.report.csv --output u.csv", "u.csv"),
        ] {
            assert_eq!(output_path(&flags(words)), Path::new(path), "{words}");
        }
    }

    #[test]
    fn an_undo_reads_and_removes_links_and_sends_no_row() {
        let environment = Environment {
            credentials: crate::settings::credentials::Credentials {
                access_token: Some("t".to_owned().into()),
                ..Default::default()
            },
            now: "2026-05-04T09:00:00[UTC]".parse().unwrap(),
        };
        let flags = flags("r.csv --rate unlimited --max-failed 3 --until 09:30");
        let settings = UndoSettings::resolve(&flags, &environment).unwrap();
        let links = settings.run.links.unwrap();
        assert_eq!(links.purpose, LinkPurpose::Undo);
        assert!(links.is_unlimited);
        assert_eq!(settings.run.failure_limit.max_failed, NonZeroU64::new(3));
        assert_eq!(
            settings.run.time_limits.until,
            "2026-05-04T09:30:00Z".parse().ok()
        );
    }
}
