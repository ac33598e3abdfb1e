//! The settings of any command that sends requests, checked: where to, with which token, and how.

use std::time::Duration;

use jiff::ZonedDateTime;

use crate::api::auth::source::TokenSource;
use crate::api::client::ClientSettings;
use crate::api::request::{ApiVersion, BaseUrl};
use crate::api::tls::RootCertificates;
use crate::cli::connection::ConnectionArgs;
use crate::settings::credentials::Credentials;
use crate::settings::error::SettingsError;
use crate::settings::token_source::token_source;

/// The values that are read from the environment, once, when the program starts.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Credentials.
    pub credentials: Credentials,
    /// The current time in the local time zone.
    pub now: ZonedDateTime,
}

/// The destination of requests.
#[derive(Clone, Debug)]
pub enum Destination {
    /// The API.
    Api {
        /// Its URL.
        base_url: BaseUrl,
        /// The source of the token.
        source: TokenSource,
    },
    /// An imitation of the API in this process.
    Sandbox,
}

/// The URL of the API, and the source of its token.
pub fn api(
    flags: &ConnectionArgs,
    environment: &Environment,
) -> Result<(BaseUrl, TokenSource), SettingsError> {
    Ok((
        flags.base_url.parse()?,
        token_source(&flags.credentials, &environment.credentials)?,
    ))
}

/// The settings for sending requests.
#[derive(Clone, Debug)]
pub struct Transport {
    /// Certificates to trust besides the system's.
    pub roots: RootCertificates,
    /// The version of the API path.
    pub version: ApiVersion,
    /// The timeout for one attempt.
    pub timeout: Duration,
}

impl Transport {
    /// Reads the certificate file, if there is one.
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

    /// The settings of the HTTP client, which keeps up to `concurrency` connections.
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
