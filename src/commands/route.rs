//! Where an import's requests go: to the API, or to a look-alike in this process.

use crate::api::{BaseUrl, Token};
use crate::error::RunError;
use crate::sandbox::{Sandbox, SandboxSettings};
use crate::settings::{Destination, ImportSettings};

/// Where requests go, once it is known.
pub(super) struct Route {
    pub(super) base_url: BaseUrl,
    pub(super) token: Token,
    /// Serves as long as the run goes on.
    _sandbox: Option<Sandbox>,
}

impl Route {
    pub(super) fn open(settings: &ImportSettings) -> Result<Self, RunError> {
        match &settings.destination {
            Destination::Api { base_url, token } => Ok(Self {
                base_url: base_url.clone(),
                token: token.clone(),
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
                    token: Token::new("sandbox").expect("a word is a token"),
                    _sandbox: Some(sandbox),
                })
            }
        }
    }
}
