//! The destination of an import's requests: the API, or a sandbox that is started in this process.

use crate::api::auth::source::TokenSource;
use crate::api::auth::token::Token;
use crate::api::request::BaseUrl;
use crate::error::RunError;
use crate::sandbox::server::Sandbox;
use crate::sandbox::settings::SandboxSettings;
use crate::settings::import::{Destination, ImportSettings};

/// The destination of requests.
pub(crate) struct Target {
    pub(crate) base_url: BaseUrl,
    pub(crate) source: TokenSource,
    /// The region in the token, once there is a token.
    pub(crate) region: Option<String>,
    /// Serves until it is dropped at the end of the run.
    _sandbox: Option<Sandbox>,
}

impl Target {
    pub(crate) fn open(settings: &ImportSettings) -> Result<Self, RunError> {
        match &settings.destination {
            Destination::Api { base_url, source } => Ok(Self {
                base_url: base_url.clone(),
                source: source.clone(),
                region: None,
                _sandbox: None,
            }),
            Destination::Sandbox => {
                let sandbox =
                    Sandbox::start(SandboxSettings::default()).map_err(RunError::SandboxStart)?;
                Ok(Self {
                    base_url: sandbox
                        .url()
                        .parse()
                        .expect("the sandbox listens on loopback"),
                    source: TokenSource::Fixed(Token::new("sandbox").expect("a word is a token")),
                    region: None,
                    _sandbox: Some(sandbox),
                })
            }
        }
    }
}
