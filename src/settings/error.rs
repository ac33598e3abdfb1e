//! Which flags cannot be combined, and what to do about it.

use crate::api::auth::error::{CredentialsError, Surplus};
use crate::api::auth::variables::OAUTH_VARIABLES;
use crate::api::request::{BaseUrl, BaseUrlError};
use crate::api::tls::RootCertificatesError;
use crate::domain::file_names::REPORT_OF_STREAM;
use crate::text::shell_path;

/// Flags and environment are not valid settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No usable token.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// There is more than one source of the token.
    #[error("the token comes from more than one place: {}", given.join(", "))]
    TwoSources {
        /// The sources.
        given: Vec<&'static str>,
    },
    /// `--token-command` cannot be split into words.
    #[error("`--token-command` is not a valid command: it is empty, or a quote is not closed")]
    TokenCommand,
    /// One of an OAuth app's variables is missing.
    #[error("`{name}` is not set: an OAuth app needs it")]
    OAuthVariable {
        /// The name of the variable.
        name: &'static str,
    },
    /// `--ca-file` is invalid.
    #[error(transparent)]
    RootCertificates(#[from] RootCertificatesError),
    /// `--base-url` is invalid.
    #[error("`--base-url` cannot be used")]
    BaseUrl(#[from] BaseUrlError),
    /// A stream has no default place for a report.
    #[error("{input} needs `--report PATH`: only an input file has a default report")]
    NoReportPath {
        /// The name of the input.
        input: String,
    },
    /// `resolve` without a property.
    #[error("there is nothing to look up: no flag names a property")]
    NoProperty,
}

impl SettingsError {
    /// Whether the token is missing or its source is wrong.
    #[must_use]
    pub fn is_about_token(&self) -> bool {
        matches!(
            self,
            Self::Credentials(_)
                | Self::TwoSources { .. }
                | Self::TokenCommand
                | Self::OAuthVariable { .. }
        )
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Credentials(error) => credentials_hint(error),
            Self::TwoSources { .. } => Some("keep one of them and remove the others".to_owned()),
            Self::TokenCommand => Some(
                "e.g. `--token-command 'pass show hubspot'`; it runs without a shell".to_owned(),
            ),
            Self::OAuthVariable { .. } => Some(format!(
                "set all of {}, or name a file with `--oauth-file`",
                OAUTH_VARIABLES.map(|name| format!("`{name}`")).join(", ")
            )),
            Self::RootCertificates(_) => None,
            Self::BaseUrl(_) => Some(format!("HubSpot's API is at `{}`", BaseUrl::DEFAULT)),
            Self::NoReportPath { .. } => Some(format!("e.g. `--report {REPORT_OF_STREAM}`")),
            Self::NoProperty => Some(
                "name the property whose values stand in the id cells, e.g. `--from-type contacts --from-id-property email \
                 --from-id-column 'E-mail'`"
                    .to_owned(),
            ),
        }
    }
}

/// What the user can do about invalid credentials.
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
            Surplus::Quotes => "remove the quotes: they count as part of the value",
            Surplus::Name => "remove the name and the `=`",
            Surplus::Scheme => "remove `Bearer`: it is added when the token is sent",
            Surplus::Json => {
                "put only the value there; `--oauth-file` reads JSON with an OAuth app's values"
            }
        },
        CredentialsError::Exposed { path } => {
            let path = shell_path(path);
            return Some(format!("it holds secrets that last: `chmod 600 {path}`"));
        }
        CredentialsError::NotKept { .. } => {
            "HubSpot may replace the refresh token at every exchange: make the file writable, or, if HubSpot never does that \
             for this app, set `HUBSPOT_CLIENT_ID`, `HUBSPOT_CLIENT_SECRET` and `HUBSPOT_REFRESH_TOKEN` in place of `--oauth-file`"
        }
        CredentialsError::File { .. }
        | CredentialsError::Command { .. }
        | CredentialsError::OAuthFile { .. } => return None,
    };
    Some(hint.to_owned())
}
