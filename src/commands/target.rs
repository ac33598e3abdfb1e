//! Where an import's requests go: to the API, or to a look-alike in this process.

use crate::api::{BaseUrl, Token, TokenSource};
use crate::error::RunError;
use crate::sandbox::{Sandbox, SandboxSettings};
use crate::settings::{Destination, ImportSettings};

/// Where requests go, once it is known.
pub(super) struct Target {
    pub(super) base_url: BaseUrl,
    pub(super) source: TokenSource,
    /// The region that the token names, once there is one.
    pub(super) region: Option<String>,
    /// Serves as long as the run goes on.
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
