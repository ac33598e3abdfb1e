//! Flags and environment → checked settings of an import. Behind this nothing asks "was it given?".

mod source;

use std::ffi::OsStr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Time;
use jiff::{Timestamp, ZonedDateTime};

use crate::api::{
    ApiVersion, BaseUrl, BaseUrlError, ClientSettings, CredentialsError, OAUTH_VARIABLES,
    RootCertificates, RootCertificatesError, Surplus, TokenSource,
};
use crate::cli::{ConnectionArgs, ImportArgs, Mode};
use crate::input::{InputSettings, InputSource, SkipSettings};
use crate::rate_limit::{RateSetting, Share};
use crate::report::{IfExists, Origin, ReportPlan, Resume};
use crate::run::{BatchSettings, ErrorBudget, RunSettings, TimeLimits};
use crate::text::shell_path;
use crate::verdict::RetryPolicy;

pub use source::Credentials;

use source::token_source;

/// What the environment holds for us. Read once, by `main`.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Credentials.
    pub credentials: Credentials,
    /// The time where we are.
    pub now: ZonedDateTime,
}

/// Why flags and environment do not make a run.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No usable token.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The token comes from several places.
    #[error("the token comes from more than one place: {}", given.join(", "))]
    TwoSources {
        /// Which.
        given: Vec<&'static str>,
    },
    /// `--token-command` cannot be split into words.
    #[error("`--token-command` is no command: a quote in it is open, or it is empty")]
    TokenCommand,
    /// One of an OAuth app's variables is missing.
    #[error("`{name}` is not set: an OAuth app needs it")]
    OAuthVariable {
        /// Its name.
        name: &'static str,
    },
    /// `--ca-file` cannot be used.
    #[error(transparent)]
    RootCertificates(#[from] RootCertificatesError),
    /// `--base-url` cannot be used.
    #[error("`--base-url` cannot be used")]
    BaseUrl(#[from] BaseUrlError),
    /// Standard input has no place beside which a report could be.
    #[error("{input} needs `--report PATH`: there is no file beside which the report could be")]
    NoReportPath {
        /// What the input is.
        input: String,
    },
}

impl SettingsError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Credentials(error) => credentials_hint(error),
            Self::TwoSources { .. } => Some("leave all but one of them out".to_owned()),
            Self::TokenCommand => {
                Some("e.g. `--token-command 'pass show hubspot'`; there is no shell".to_owned())
            }
            Self::OAuthVariable { .. } => Some(format!(
                "set all of {}, or name a file with `--oauth-file`",
                OAUTH_VARIABLES.map(|name| format!("`{name}`")).join(", ")
            )),
            Self::RootCertificates(_) => None,
            Self::BaseUrl(_) => Some(format!("HubSpot's API is at `{}`", BaseUrl::DEFAULT)),
            Self::NoReportPath { .. } => Some("e.g. `--report pairs.report.csv`".to_owned()),
        }
    }
}

/// What to do about credentials that cannot be used.
#[must_use]
pub fn credentials_hint(error: &CredentialsError) -> Option<String> {
    let hint = match error {
        CredentialsError::Missing => {
            "put a service key's or private app's token into `HUBSPOT_ACCESS_TOKEN`, or rehearse with `--sandbox`"
        }
        CredentialsError::Malformed | CredentialsError::NoToken { .. } => {
            "the token is the only thing that belongs there, on one line"
        }
        CredentialsError::NotBare { surplus, .. } => match surplus {
            Surplus::Quotes => "leave the quotes out: they count as a part of the value there",
            Surplus::Name => "leave out the name and the `=`",
            Surplus::Scheme => "leave `Bearer` out: it is added when the token is sent",
            Surplus::Json => {
                "only the value belongs there; `--oauth-file` reads JSON with an OAuth app's values"
            }
        },
        CredentialsError::Exposed { path } => {
            let path = shell_path(path);
            return Some(format!("it holds secrets that last: `chmod 600 {path}`"));
        }
        CredentialsError::NotKept { .. } => {
            "HubSpot may replace the refresh token with every exchange: make the file writable, or if it never does that for \
             this app, set `HUBSPOT_CLIENT_ID`, `HUBSPOT_CLIENT_SECRET` and `HUBSPOT_REFRESH_TOKEN` in place of `--oauth-file`"
        }
        CredentialsError::File { .. }
        | CredentialsError::Command { .. }
        | CredentialsError::OAuthFile { .. } => return None,
    };
    Some(hint.to_owned())
}

/// Where requests go.
#[derive(Clone, Debug)]
pub enum Destination {
    /// To the API.
    Api {
        /// Where it is.
        base_url: BaseUrl,
        /// Where the token comes from.
        source: TokenSource,
    },
    /// To a look-alike in this process.
    Sandbox,
}

/// Where the API is, and where the token for it comes from.
pub fn api(
    flags: &ConnectionArgs,
    environment: &Environment,
) -> Result<(BaseUrl, TokenSource), SettingsError> {
    Ok((
        flags.base_url.parse()?,
        token_source(&flags.credentials, &environment.credentials)?,
    ))
}

/// How requests are sent.
#[derive(Clone, Debug)]
pub struct Transport {
    /// Which certificates are trusted besides the system's.
    pub roots: RootCertificates,
    /// Which form of the path is asked for.
    pub version: ApiVersion,
    /// The time for one attempt.
    pub timeout: Duration,
}

impl Transport {
    /// Reads the file of certificates, if there is one.
    pub fn resolve(flags: &ConnectionArgs) -> Result<Self, SettingsError> {
        Ok(Self {
            roots: match &flags.ca_file {
                Some(path) => RootCertificates::read(path)?,
                None => RootCertificates::default(),
            },
            version: flags.api_version,
            timeout: flags.timeout,
        })
    }

    /// What the HTTP client needs to know, with so many connections kept.
    #[must_use]
    pub fn client(
        &self,
        base_url: BaseUrl,
        source: TokenSource,
        concurrency: usize,
    ) -> ClientSettings {
        ClientSettings {
            base_url,
            version: self.version,
            source,
            roots: self.roots.clone(),
            timeout: self.timeout,
            concurrency,
        }
    }
}

/// Everything an import needs, checked.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    /// What is read.
    pub input: InputSettings,
    /// Which pairs need not be sent.
    pub skip: SkipSettings,
    /// Where outcomes are kept.
    pub report: ReportPlan,
    /// Where the rows go that are not associated.
    pub rejects: Option<PathBuf>,
    /// Where requests go.
    pub destination: Destination,
    /// How requests are sent there.
    pub transport: Transport,
    /// The only account that may be written to, if one was named.
    pub expect_portal: Option<NonZeroU64>,
    /// How fast requests leave.
    pub rate: RateSetting,
    /// How much of the account's limit may be used.
    pub share: Share,
    /// Whether a used-up daily limit is waited out.
    pub wait_for_daily_reset: bool,
    /// How rows are sent.
    pub run: RunSettings,
}

impl ImportSettings {
    /// Fails with what must be fixed before anything is sent.
    pub fn resolve(flags: ImportArgs, environment: &Environment) -> Result<Self, SettingsError> {
        let connection = &flags.connection;
        let report = ReportPlan {
            path: report_path(&flags).ok_or_else(|| SettingsError::NoReportPath {
                input: InputSource::from(flags.input.input.clone())
                    .stream_name()
                    .unwrap_or_default(),
            })?,
            if_exists: if flags.resume {
                IfExists::Resume(Resume {
                    retry_rejected: flags.retry_rejected,
                    repair: flags.repair,
                })
            } else if flags.overwrite {
                IfExists::Overwrite
            } else if flags.sandbox && flags.report.is_none() {
                // A place of its own: what an earlier rehearsal left there is of no use.
                IfExists::ReplaceSameOrigin
            } else {
                IfExists::Refuse
            },
            origin: origin(&flags),
        };
        let transport = Transport::resolve(connection)?;
        // Last: a token is asked for once everything else is right.
        let destination = if flags.sandbox {
            Destination::Sandbox
        } else {
            let (base_url, source) = api(connection, environment)?;
            Destination::Api { base_url, source }
        };
        Ok(Self {
            skip: flags.input.skip_settings(),
            rejects: flags.rejects,
            input: flags.input.into_settings(),
            report,
            destination,
            transport,
            expect_portal: connection.expect_portal,
            rate: flags.rate,
            share: flags.share,
            wait_for_daily_reset: flags.wait_for_daily_reset,
            run: RunSettings {
                error_budget: ErrorBudget {
                    max_failed: flags.max_failed,
                    max_failed_percent: flags.max_failed_percent,
                },
                time_limits: TimeLimits {
                    max_duration: flags.max_duration,
                    until: flags.until.and_then(|time| next(time, &environment.now)),
                },
                daily_reset: None,
                concurrency: flags.concurrency,
                batch: (flags.mode == Mode::Batch).then_some(BatchSettings {
                    size: flags.batch_size,
                    concurrency: flags.batch_concurrency,
                }),
                retry: RetryPolicy {
                    max_attempts: flags.max_attempts,
                },
            },
        })
    }

    /// What the HTTP client needs to know.
    #[must_use]
    pub fn client(&self, base_url: BaseUrl, source: TokenSource) -> ClientSettings {
        let calls = self.run.batch.map_or(0, |batch| batch.concurrency.get());
        let concurrency = self.run.concurrency.get().saturating_add(calls);
        self.transport.client(base_url, source, concurrency)
    }
}

/// When it is this time of day next. A time that the clocks skip that day comes an hour later.
fn next(time: Time, now: &ZonedDateTime) -> Option<Timestamp> {
    let zone = now.time_zone();
    let days = [now.date(), now.date().tomorrow().ok()?];
    let mut moments = days
        .into_iter()
        .filter_map(|day| day.to_datetime(time).to_zoned_datetime(zone.clone()).ok());
    moments
        .find(|moment| moment > now)
        .map(|moment| moment.timestamp())
}

/// What kind of run these flags ask for.
#[must_use]
pub fn origin(flags: &ImportArgs) -> Origin {
    if flags.sandbox {
        Origin::Rehearsal
    } else {
        Origin::RealRun
    }
}

/// Where the report goes; nowhere if nobody said so and there is no file beside which it could be.
#[must_use]
pub fn report_path(flags: &ImportArgs) -> Option<PathBuf> {
    let beside = || default_report(&flags.input.input, flags.sandbox);
    flags.report.clone().or_else(beside)
}

/// `<input stem>.report.csv` beside the input; a rehearsal has its own.
fn default_report(input: &Path, sandbox: bool) -> Option<PathBuf> {
    if InputSource::from(input.to_owned()).stream_name().is_some() {
        return None;
    }
    let packed = ["gz", "zst"];
    let is_packed = input
        .extension()
        .is_some_and(|end| packed.iter().any(|packed| end.eq_ignore_ascii_case(packed)));
    let unpacked = if is_packed {
        input.file_stem().map_or(input, Path::new)
    } else {
        input
    };
    let stem = unpacked.file_stem().unwrap_or(OsStr::new("pairs"));
    let mut name = stem.to_owned();
    name.push(if sandbox {
        ".sandbox.report.csv"
    } else {
        ".report.csv"
    });
    Some(input.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::FromArgMatches;

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
    fn a_time_of_day_is_the_next_one_wherever_the_clocks_stand() {
        for (time, now, expected) in [
            ("09:30", "2026-05-04T09:00:00[UTC]", "2026-05-04T09:30:00Z"),
            ("09:00", "2026-05-04T09:00:00[UTC]", "2026-05-05T09:00:00Z"),
            (
                "06:00",
                "2026-05-04T22:00:00[Europe/Berlin]",
                "2026-05-05T04:00:00Z",
            ),
            // The night in which the clocks go forward at two, and the one in which they go back.
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
