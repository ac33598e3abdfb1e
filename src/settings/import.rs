//! The settings of an import, checked.

use std::num::NonZeroU64;
use std::path::PathBuf;

use jiff::civil::Time;
use jiff::{Timestamp, ZonedDateTime};

use crate::cli::import::{ImportArgs, Mode};
use crate::input::decode::source::InputSource;
use crate::input::settings::InputSettings;
use crate::input::skip::SkipSettings;
use crate::rate_limit::rate::{RateSetting, Share};
use crate::report::existing_file::{IfExists, Resume};
use crate::report::layout::ReportKind;
use crate::report::locked_report::ReportPlan;
use crate::report::origin::Origin;
use crate::run::batch::groups::BatchSettings;
use crate::run::context::{LinkLabelUse, LinkPurpose, LinkSettings, RunSettings};
use crate::run::guards::failure_limit::FailureLimit;
use crate::run::guards::time_limit::TimeLimits;
use crate::settings::connection::{Destination, Environment, Transport, api};
use crate::settings::error::SettingsError;
use crate::settings::labels::LabelSettings;
use crate::settings::lookup::lookup_settings;
use crate::settings::report_path::report_path;
use crate::verdict::retry::RetryPolicy;

/// All settings of an import, validated.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    /// The input.
    pub input: InputSettings,
    /// Which pairs to skip.
    pub skip: SkipSettings,
    /// The labels of the rows; `None` if the default association is written.
    pub labels: Option<LabelSettings>,
    /// The report.
    pub report: ReportPlan,
    /// The path of the rejects file.
    pub rejects: Option<PathBuf>,
    /// The destination of requests.
    pub destination: Destination,
    /// How to send requests there.
    pub transport: Transport,
    /// The only account that the run may write to, if `--expect-portal` is given. A rehearsal has no account.
    pub expect_portal: Option<NonZeroU64>,
    /// The rate limit.
    pub rate: RateSetting,
    /// The share of the account's limit to use.
    pub share: Share,
    /// Whether to wait for the reset of the daily limit.
    pub wait_for_daily_reset: bool,
    /// How to send rows.
    pub run: RunSettings,
}

impl ImportSettings {
    /// Fails with the first error in the settings.
    pub fn resolve(flags: ImportArgs, environment: &Environment) -> Result<Self, SettingsError> {
        let connection = &flags.connection;
        let report = report_plan(&flags)?;
        let transport = Transport::resolve(connection)?;
        // Last, so that other errors are reported before a missing token.
        let destination = if flags.sandbox {
            Destination::Sandbox
        } else {
            let (base_url, source) = api(connection, environment)?;
            Destination::Api { base_url, source }
        };
        Ok(Self {
            run: run_settings(&flags, &environment.now),
            skip: flags.input.skip_settings(),
            labels: label_settings(&flags),
            input: flags.input_settings(),
            rejects: flags.rejects,
            report,
            destination,
            transport,
            expect_portal: connection.expect_portal.filter(|_| !flags.sandbox),
            rate: flags.rate_limit.rate,
            share: flags.rate_limit.share,
            wait_for_daily_reset: flags.rate_limit.wait_for_daily_reset,
        })
    }

    /// The most requests in flight at once, each on a connection of its own.
    #[must_use]
    pub fn connections(&self) -> usize {
        let calls = self.run.batch.map_or(0, |batch| batch.concurrency.get());
        self.run.concurrency.get().saturating_add(calls)
    }
}

/// Where the report is, and what to do if it exists.
fn report_plan(flags: &ImportArgs) -> Result<ReportPlan, SettingsError> {
    let path = report_path(flags).ok_or_else(|| SettingsError::NoReportPath {
        input: InputSource::from(flags.input.input.clone())
            .stream_name()
            .unwrap_or_default(),
    })?;
    let if_exists = if flags.resume {
        IfExists::Resume(Resume {
            retry_rejected: flags.retry_rejected,
            repair: flags.repair,
        })
    } else if flags.overwrite {
        IfExists::Overwrite
    } else if flags.sandbox && flags.report.is_none() {
        // The default path of rehearsals: the report of an earlier one can be replaced.
        IfExists::ReplaceSameOrigin
    } else {
        IfExists::Refuse
    };
    Ok(ReportPlan {
        path,
        if_exists,
        origin: origin(flags),
        portal: None,
        kind: ReportKind::Import,
    })
}

/// How to send rows. Whether to wait for the reset of the daily limit is decided when the account is known.
fn run_settings(flags: &ImportArgs, now: &ZonedDateTime) -> RunSettings {
    RunSettings {
        failure_limit: FailureLimit {
            max_failed: flags.max_failed,
            max_failed_percent: flags.max_failed_percent,
        },
        time_limits: TimeLimits {
            max_duration: flags.max_duration,
            until: flags.until.and_then(|time| next(time, now)),
        },
        daily_reset: None,
        lookup: lookup_settings(&flags.input_settings(), &flags.rate_limit),
        lookup_only: false,
        links: link_settings(flags),
        concurrency: flags.rate_limit.concurrency,
        batch: (flags.mode == Mode::Batch).then_some(BatchSettings {
            size: flags.batch_size,
            concurrency: flags.batch_concurrency,
        }),
        retry: RetryPolicy {
            max_attempts: flags.rate_limit.max_attempts,
        },
    }
}

/// How to read the links of pairs before they are sent; `None` if they are not read.
fn link_settings(flags: &ImportArgs) -> Option<LinkSettings> {
    let labels = match (flags.labels.is_given(), flags.replace_labels) {
        (false, _) => LinkLabelUse::Ignored,
        (true, false) => LinkLabelUse::Kept,
        (true, true) => LinkLabelUse::Replaced,
    };
    let is_read = flags.check_existing || flags.skip_existing || labels == LinkLabelUse::Kept;
    is_read.then_some(LinkSettings {
        purpose: LinkPurpose::Import {
            skip_existing: flags.skip_existing,
            labels,
        },
        is_unlimited: flags.rate_limit.rate == RateSetting::Unlimited,
        share: flags.rate_limit.share,
    })
}

/// The labels of the rows; `None` if the default association is written.
fn label_settings(flags: &ImportArgs) -> Option<LabelSettings> {
    flags.labels.is_given().then(|| LabelSettings {
        names: flags.labels.names(),
        ids: flags.labels.label_id.clone(),
        replace: flags.replace_labels,
    })
}

/// The next moment with this time of day. A time skipped by daylight saving time is an hour later.
pub(crate) fn next(time: Time, now: &ZonedDateTime) -> Option<Timestamp> {
    let zone = now.time_zone();
    let days = [now.date(), now.date().tomorrow().ok()?];
    let mut moments = days
        .into_iter()
        .filter_map(|day| day.to_datetime(time).to_zoned_datetime(zone.clone()).ok());
    moments
        .find(|moment| moment > now)
        .map(|moment| moment.timestamp())
}

/// The kind of run that these flags select.
#[must_use]
pub fn origin(flags: &ImportArgs) -> Origin {
    if flags.sandbox {
        Origin::Rehearsal
    } else {
        Origin::RealRun
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::auth::error::CredentialsError;
    use crate::cli::command_line::{Cli, Command};
    use crate::settings::credentials::Credentials;
    use clap::FromArgMatches;
    use std::path::Path;

    fn environment(access_token: Option<&str>) -> Environment {
        Environment {
            credentials: Credentials {
                access_token: access_token.map(Into::into),
                ..Credentials::default()
            },
            now: "2026-05-04T09:00:00[UTC]".parse().unwrap(),
        }
    }

    fn resolve(flags: &[&str], token: Option<&str>) -> Result<ImportSettings, SettingsError> {
        let words = ["hubspot-associate", "import"].iter().chain(flags);
        let matches = Cli::described(&[], |_| None).get_matches_from(words);
        let Command::Import(flags) = Cli::from_arg_matches(&matches).unwrap().command else {
            panic!("not an import");
        };
        ImportSettings::resolve(*flags, &environment(token))
    }

    #[test]
    fn the_report_lies_beside_the_input_unless_a_path_is_given() {
        for (flags, path) in [
            (&["pairs.csv"][..], "pairs.report.csv"),
            (&["data/x/pairs.csv"], "data/x/pairs.report.csv"),
            (&["/a/pairs"], "/a/pairs.report.csv"),
            (&["pairs.tar.csv"], "pairs.tar.report.csv"),
            (&["data/pairs.csv.gz"], "data/pairs.report.csv"),
            (&["pairs.csv.ZST"], "pairs.report.csv"),
            (&["pairs.gz"], "pairs.report.csv"),
            (&["pairs.csv", "--sandbox"], "pairs.sandbox.report.csv"),
            (&["pairs.csv", "--report", "r.csv"], "r.csv"),
            (&["-", "--report", "r.csv"], "r.csv"),
        ] {
            let settings = resolve(flags, Some("t")).unwrap();
            assert_eq!(settings.report.path, Path::new(path), "{flags:?}");
        }
        let error = resolve(&["-"], Some("t")).unwrap_err();
        assert!(matches!(error, SettingsError::NoReportPath { .. }));
    }

    #[test]
    fn only_a_rehearsal_needs_no_token_and_never_uses_one() {
        for token in [None, Some(""), Some("  ")] {
            assert!(matches!(
                resolve(&["pairs.csv"], token).unwrap_err(),
                SettingsError::Credentials(CredentialsError::Missing)
            ));
        }
        let settings = resolve(&["pairs.csv", "--sandbox"], Some("t")).unwrap();
        assert!(matches!(settings.destination, Destination::Sandbox));
    }

    #[test]
    fn an_existing_report_is_refused_replaced_or_resumed() {
        let how = |retry_rejected, repair| {
            IfExists::Resume(Resume {
                retry_rejected,
                repair,
            })
        };
        let resume = |retry_rejected| how(retry_rejected, false);
        for (flags, if_exists) in [
            (&[][..], IfExists::Refuse),
            (&["--overwrite"], IfExists::Overwrite),
            (&["--sandbox"], IfExists::ReplaceSameOrigin),
            (&["--sandbox", "--overwrite"], IfExists::Overwrite),
            (&["--sandbox", "--report", "r.csv"], IfExists::Refuse),
            (&["--resume"], resume(false)),
            (&["--resume", "--retry-rejected"], resume(true)),
            (&["--resume", "--repair"], how(false, true)),
            (&["--sandbox", "--resume"], resume(false)),
        ] {
            let flags: Vec<_> = ["pairs.csv"].iter().chain(flags).copied().collect();
            let settings = resolve(&flags, Some("t")).unwrap();
            assert_eq!(settings.report.if_exists, if_exists, "{flags:?}");
        }
    }

    #[test]
    fn links_are_read_only_with_a_flag_and_by_the_rules_of_the_rate_limit() {
        let links = |flags: &[&str]| {
            let flags: Vec<_> = ["pairs.csv"].iter().chain(flags).copied().collect();
            resolve(&flags, Some("t")).unwrap().run.links
        };
        let labelled = |skip_existing, labels| LinkSettings {
            purpose: LinkPurpose::Import {
                skip_existing,
                labels,
            },
            is_unlimited: false,
            share: Share::default(),
        };
        let import = |skip_existing| labelled(skip_existing, LinkLabelUse::Ignored);
        assert_eq!(links(&["--resume"]), None);
        assert_eq!(links(&["--check-existing"]), Some(import(false)));
        assert_eq!(links(&["--skip-existing"]), Some(import(true)));
        let both = ["--check-existing", "--skip-existing", "--mode", "batch"];
        assert_eq!(links(&both), Some(import(true)));
        let kept = links(&["--label", "Partner"]);
        assert_eq!(kept, Some(labelled(false, LinkLabelUse::Kept)));
        let replaced = ["--label", "Partner", "--replace-labels", "--skip-existing"];
        assert_eq!(links(&replaced[..3]), None);
        assert_eq!(
            links(&replaced),
            Some(labelled(true, LinkLabelUse::Replaced))
        );
        let limited = links(&["--check-existing", "--rate", "unlimited", "--share", "40%"]);
        let limited = limited.unwrap();
        assert!(limited.is_unlimited);
        assert_eq!(limited.share, "40%".parse().unwrap());
    }

    #[test]
    fn a_time_of_day_is_the_next_one_also_when_daylight_saving_time_changes() {
        for (time, now, expected) in [
            ("09:30", "2026-05-04T09:00:00[UTC]", "2026-05-04T09:30:00Z"),
            ("09:00", "2026-05-04T09:00:00[UTC]", "2026-05-05T09:00:00Z"),
            (
                "06:00",
                "2026-05-04T22:00:00[Europe/Berlin]",
                "2026-05-05T04:00:00Z",
            ),
            // The nights in which daylight saving time starts at two, and ends.
            (
                "02:30",
                "2026-03-28T22:00:00[Europe/Berlin]",
                "2026-03-29T01:30:00Z",
            ),
            (
                "06:00",
                "2026-10-24T22:00:00[Europe/Berlin]",
                "2026-10-25T05:00:00Z",
            ),
        ] {
            let moment = next(time.parse().unwrap(), &now.parse().unwrap());
            assert_eq!(moment, expected.parse().ok(), "{time} after {now}");
        }
    }
}
