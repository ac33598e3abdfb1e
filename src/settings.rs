//! Flags and environment → checked settings of an import. Behind this nothing asks "was it given?".

use std::ffi::OsStr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use crate::api::{ApiVersion, BaseUrl, BaseUrlError, ClientSettings, CredentialsError, Token};
use crate::cli::ImportArgs;
use crate::input::{ColumnSettings, InputSettings, InputSource};
use crate::pace::{RateSetting, Share};
use crate::report::ReportPlan;
use crate::run::RunSettings;
use crate::verdict::RetryPolicy;

/// What the environment holds for us. Read once, by `main`.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The access token, unchecked; never printed.
    pub access_token: Option<Secret>,
}

/// Text that nothing prints.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Why flags and environment do not make a run.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No usable token.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// `--base-url` cannot be used.
    #[error("`--base-url` cannot be used")]
    BaseUrl(#[from] BaseUrlError),
    /// Standard input has no place beside which a report could be.
    #[error(
        "standard input needs `--report PATH`: there is no file beside which the report could be"
    )]
    NoReportPath,
}

impl SettingsError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Credentials(_) => Some(
                "put a service key's or private app's token into `HUBSPOT_ACCESS_TOKEN`, or rehearse with `--sandbox`"
                    .to_owned(),
            ),
            Self::BaseUrl(_) => Some(format!("HubSpot's API is at `{}`", BaseUrl::DEFAULT)),
            Self::NoReportPath => Some("e.g. `--report pairs.report.csv`".to_owned()),
        }
    }
}

/// Where requests go.
#[derive(Clone, Debug)]
pub enum Destination {
    /// To the API.
    Api {
        /// Where it is.
        base_url: BaseUrl,
        /// Who we are.
        token: Token,
    },
    /// To a look-alike in this process.
    Sandbox,
}

/// Everything an import needs, checked.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    /// What is read.
    pub input: InputSettings,
    /// How many rows of it; `None` means all.
    pub first: Option<NonZeroU64>,
    /// Where outcomes are kept.
    pub report: ReportPlan,
    /// Where requests go.
    pub destination: Destination,
    /// Which form of the path is asked for.
    pub version: ApiVersion,
    /// The time for one attempt.
    pub timeout: std::time::Duration,
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
        let destination = if flags.sandbox {
            Destination::Sandbox
        } else {
            let base_url = flags.base_url.parse()?;
            let secret = environment.access_token.as_ref();
            let token = secret.ok_or(CredentialsError::Missing)?;
            Destination::Api {
                base_url,
                token: Token::new(&token.0)?,
            }
        };
        let report = ReportPlan {
            path: match flags.report {
                Some(path) => path,
                None => default_report(&flags.input, flags.sandbox)
                    .ok_or(SettingsError::NoReportPath)?,
            },
            // A rehearsal's report is nobody's memory.
            overwrite: flags.overwrite || flags.sandbox,
        };
        Ok(Self {
            input: InputSettings {
                path: InputSource::from(flags.input),
                delimiter: flags.delimiter,
                columns: ColumnSettings {
                    from_type: flags.from_type,
                    to_type: flags.to_type,
                    from_type_column: flags.from_type_column,
                    from_id_column: flags.from_id_column,
                    to_type_column: flags.to_type_column,
                    to_id_column: flags.to_id_column,
                },
            },
            first: flags.first,
            report,
            destination,
            version: flags.api_version,
            timeout: flags.timeout,
            rate: flags.rate,
            share: flags.share,
            wait_for_daily_reset: flags.wait_for_daily_reset,
            run: RunSettings {
                daily_reset: None,
                concurrency: flags.concurrency,
                retry: RetryPolicy {
                    max_attempts: flags.max_attempts,
                },
            },
        })
    }

    /// What the HTTP client needs to know.
    #[must_use]
    pub fn client(&self, base_url: BaseUrl, token: Token) -> ClientSettings {
        ClientSettings {
            base_url,
            version: self.version,
            token,
            timeout: self.timeout,
            concurrency: self.run.concurrency.get(),
        }
    }
}

/// `<input stem>.report.csv` beside the input; a rehearsal has its own.
fn default_report(input: &Path, sandbox: bool) -> Option<PathBuf> {
    if input == Path::new("-") {
        return None;
    }
    let mut name = input.file_stem().unwrap_or(OsStr::new("pairs")).to_owned();
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

    fn resolve(flags: &[&str], token: Option<&str>) -> Result<ImportSettings, SettingsError> {
        let words = ["hubspot-associate", "import"].iter().chain(flags);
        let matches = Cli::described(&[], |_| false).get_matches_from(words);
        let Command::Import(flags) = Cli::from_arg_matches(&matches).unwrap().command else {
            panic!("not an import");
        };
        let access_token = token.map(|token| Secret::new(token.to_owned()));
        ImportSettings::resolve(*flags, &Environment { access_token })
    }

    #[test]
    fn the_report_lies_beside_the_input_unless_a_path_is_given() {
        for (flags, path) in [
            (&["pairs.csv"][..], "pairs.report.csv"),
            (&["data/x/pairs.csv"], "data/x/pairs.report.csv"),
            (&["/a/pairs"], "/a/pairs.report.csv"),
            (&["pairs.tar.csv"], "pairs.tar.report.csv"),
            (&["pairs.csv", "--sandbox"], "pairs.sandbox.report.csv"),
            (&["pairs.csv", "--report", "r.csv"], "r.csv"),
            (&["-", "--report", "r.csv"], "r.csv"),
        ] {
            let settings = resolve(flags, Some("t")).unwrap();
            assert_eq!(settings.report.path, Path::new(path), "{flags:?}");
        }
        let error = resolve(&["-"], Some("t")).unwrap_err();
        assert!(matches!(error, SettingsError::NoReportPath));
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
        assert!(settings.report.overwrite);
        assert!(!resolve(&["pairs.csv"], Some("t")).unwrap().report.overwrite);
    }

    #[test]
    fn a_secret_is_not_shown() {
        let access_token = Some(Secret::new("t0p".into()));
        assert!(!format!("{:?}", Environment { access_token }).contains("t0p"));
    }
}
