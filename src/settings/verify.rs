//! The settings of `verify`, checked.

use std::num::NonZeroU64;
use std::path::PathBuf;

use crate::cli::verify::{Expected, VerifyArgs};
use crate::domain::file_names::verify_report_beside;
use crate::input::decode::source::InputSource;
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
use crate::settings::labels::LabelSettings;
use crate::settings::lookup::lookup_settings;
use crate::verdict::retry::RetryPolicy;
use crate::verify::error::VerifyError;
use crate::verify::sample::SampleSettings;

/// All settings of `verify`, validated.
#[derive(Clone, Debug)]
pub struct VerifySettings {
    /// Whether the pairs are expected not to be linked.
    pub expects_absent: bool,
    /// The destination of requests.
    pub destination: Destination,
    /// How to send requests there.
    pub transport: Transport,
    /// The only account that is read, if `--expect-portal` is given.
    pub expect_portal: Option<NonZeroU64>,
    /// The rate limit.
    pub rate: RateSetting,
    /// The share of the account's limit to use.
    pub share: Share,
    /// Whether to wait for the reset of the daily limit.
    pub wait_for_daily_reset: bool,
    /// How to read links.
    pub run: RunSettings,
    /// The labels that the rows of a CSV are expected to have.
    pub labels: Option<LabelSettings>,
}

impl VerifySettings {
    /// Fails with the first error in the settings.
    pub fn resolve(flags: &VerifyArgs, environment: &Environment) -> Result<Self, SettingsError> {
        let limits = &flags.rate_limit;
        let expects_absent = flags.expect == Expected::Absent;
        let run = RunSettings {
            concurrency: limits.concurrency,
            batch: None,
            retry: RetryPolicy {
                max_attempts: limits.max_attempts,
            },
            // Pairs that are not as expected are what the output is for.
            failure_limit: FailureLimit {
                max_failed: None,
                max_failed_percent: 100,
            },
            time_limits: TimeLimits::default(),
            daily_reset: None,
            lookup: lookup_settings(&flags.input_settings(), limits),
            lookup_only: false,
            links: Some(LinkSettings {
                purpose: LinkPurpose::Verify {
                    expect_absent: expects_absent,
                },
                is_unlimited: limits.rate == RateSetting::Unlimited,
                share: limits.share,
            }),
        };
        let transport = Transport::resolve(&flags.connection)?;
        // Last, so that other errors are reported before a missing token.
        let (base_url, source) = api(&flags.connection, environment)?;
        Ok(Self {
            expects_absent,
            destination: Destination::Api { base_url, source },
            transport,
            expect_portal: flags.connection.expect_portal,
            rate: limits.rate,
            share: limits.share,
            wait_for_daily_reset: limits.wait_for_daily_reset,
            run,
            labels: flags.labels.is_given().then(|| LabelSettings {
                names: flags.labels.names(),
                ids: flags.labels.label_id.clone(),
                replace: false,
            }),
        })
    }
}

/// The sample, if only a sample is verified.
#[must_use]
pub fn sample_settings(flags: &VerifyArgs) -> Option<SampleSettings> {
    flags.sample.map(|size| SampleSettings {
        size: size.get(),
        seed: flags.seed,
    })
}

/// Where the output is, and what to do if it exists. Fails if flags contradict each other, or need to read a stream twice.
pub fn output_plan(flags: &VerifyArgs) -> Result<ReportPlan, VerifyError> {
    let source = InputSource::from(flags.input.clone());
    if flags.missing.is_some() && flags.expect == Expected::Absent {
        return Err(VerifyError::MissingOfAbsent);
    }
    let twice = [
        ("--sample", flags.sample.is_some()),
        ("--resume", flags.resume),
    ];
    if let Some(input) = source.stream_name()
        && let Some((flag, _)) = twice.into_iter().find(|(_, is_given)| *is_given)
    {
        return Err(VerifyError::Stream { flag, input });
    }
    if flags.resume && has_keys(flags) {
        return Err(VerifyError::ResumeWithKeys);
    }
    let if_exists = if flags.resume {
        IfExists::Resume(Resume {
            retry_rejected: false,
            repair: flags.repair,
        })
    } else if flags.overwrite {
        IfExists::Overwrite
    } else {
        IfExists::Refuse
    };
    Ok(ReportPlan {
        path: output_path(flags, &source)?,
        if_exists,
        origin: Origin::RealRun,
        portal: None,
        kind: ReportKind::Verify,
    })
}

/// Whether `--resume` can continue the run: not if the input can be read only once, nor if it has keys, since the lines of
/// the output have ids.
#[must_use]
pub fn can_resume(flags: &VerifyArgs) -> bool {
    let source = InputSource::from(flags.input.clone());
    source.stream_name().is_none() && !has_keys(flags)
}

fn has_keys(flags: &VerifyArgs) -> bool {
    flags.reading.from_id_property.is_some() || flags.reading.to_id_property.is_some()
}

fn output_path(flags: &VerifyArgs, source: &InputSource) -> Result<PathBuf, VerifyError> {
    match (&flags.output, source) {
        (Some(path), _) => Ok(path.clone()),
        (None, InputSource::File(path)) => Ok(verify_report_beside(path)),
        (None, stream) => Err(VerifyError::NoOutput {
            input: stream.name(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line::{Cli, Command};
    use clap::FromArgMatches;
    use std::path::Path;

    fn flags(line: &str) -> VerifyArgs {
        let words = ["hubspot-associate", "verify"].into_iter();
        let words = words.chain(line.split_whitespace());
        let matches = Cli::described(&[], |_| None).get_matches_from(words);
        let Command::Verify(flags) = Cli::from_arg_matches(&matches).unwrap().command else {
            panic!("not a verification");
        };
        *flags
    }

    #[test]
    fn the_output_lies_beside_what_is_read_unless_a_path_is_given() {
        for (line, path) in [
            ("pairs.csv", "pairs.verify.csv"),
            ("a/pairs.report.csv.gz", "a/pairs.report.verify.csv"),
            ("pairs.csv -o v.csv", "v.csv"),
            ("- --output v.csv", "v.csv"),
        ] {
            let plan = output_plan(&flags(line)).unwrap();
            assert_eq!(plan.path, Path::new(path), "{line}");
            assert_eq!(plan.kind, ReportKind::Verify);
        }
    }

    #[test]
    fn an_existing_output_is_only_replaced_or_continued_if_a_flag_says_so() {
        let resume = |repair| {
            IfExists::Resume(Resume {
                retry_rejected: false,
                repair,
            })
        };
        for (line, if_exists) in [
            ("p.csv", IfExists::Refuse),
            ("p.csv --overwrite", IfExists::Overwrite),
            ("p.csv --resume", resume(false)),
            ("p.csv --resume --repair", resume(true)),
        ] {
            let plan = output_plan(&flags(line)).unwrap();
            assert_eq!(plan.if_exists, if_exists, "{line}");
        }
    }

    #[test]
    fn only_a_file_of_ids_can_be_resumed() {
        for (line, expected) in [
            ("p.csv", true),
            ("p.csv --split ;", true),
            ("p.csv --to-id-property domain", false),
            ("- -o v.csv", false),
        ] {
            assert_eq!(can_resume(&flags(line)), expected, "{line}");
        }
    }

    #[test]
    fn flags_that_cannot_be_combined_are_refused() {
        for (line, message) in [
            ("-", "standard input needs `--output PATH`"),
            (
                "- -o v.csv --sample 5",
                "`--sample` needs a file: standard input can be read only once",
            ),
            (
                "- -o v.csv --resume",
                "`--resume` needs a file: standard input can be read only once",
            ),
            (
                "p.csv --missing m.csv --expect absent",
                "`--missing` cannot be used with `--expect absent`: it lists pairs to import again",
            ),
            (
                "p.csv --resume --from-id-property email",
                "`--resume` cannot compare keys with the record ids in the output",
            ),
        ] {
            let error = output_plan(&flags(line)).unwrap_err();
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }

    #[test]
    fn the_run_reads_links_and_has_no_failure_limit() {
        let environment = Environment {
            credentials: crate::settings::credentials::Credentials {
                access_token: Some("t".into()),
                ..Default::default()
            },
            now: "2026-05-04T09:00:00[UTC]".parse().unwrap(),
        };
        let resolve = |line| VerifySettings::resolve(&flags(line), &environment).unwrap();
        let settings = resolve("p.csv");
        let links = settings.run.links.unwrap();
        let present = LinkPurpose::Verify {
            expect_absent: false,
        };
        assert_eq!((links.purpose, links.is_unlimited), (present, false));
        assert_eq!(settings.run.failure_limit.max_failed_percent, 100);
        let settings = resolve("p.csv --expect absent --rate unlimited");
        let links = settings.run.links.unwrap();
        let absent = LinkPurpose::Verify {
            expect_absent: true,
        };
        assert_eq!((links.purpose, links.is_unlimited), (absent, true));
    }

    #[test]
    fn a_sample_has_a_size_and_a_seed() {
        assert_eq!(sample_settings(&flags("p.csv --seed 4")), None);
        let sample = SampleSettings { size: 9, seed: 4 };
        let flags = flags("p.csv --sample 9 --seed 4");
        assert_eq!(sample_settings(&flags), Some(sample));
    }
}
