//! The destination of an import's requests: the API, or a sandbox that is started in this process.

use crate::api::{BaseUrl, Token, TokenSource};
use crate::error::RunError;
use crate::sandbox::{Sandbox, SandboxSettings};
use crate::settings::{Destination, ImportSettings};

/// The destination of requests.
pub(super) struct Target {
    pub(super) base_url: BaseUrl,
    pub(super) source: TokenSource,
    /// The region in the token, once there is a token.
    pub(super) region: Option<String>,
    /// Serves until it is dropped at the end of the run.
    _sandbox: Option<Sandbox>,
}

impl Target {
    pub(super) fn open(settings: &ImportSettings) -> Result<Self, RunError> {
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
