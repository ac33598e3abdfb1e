//! What the environment says about the token.

use secrecy::SecretString;
use std::path::PathBuf;

/// The credentials in the environment, not validated; never printed.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The access token.
    pub access_token: Option<SecretString>,
    /// An OAuth app's id, secret and refresh token, as [`OAUTH_VARIABLES`](crate::api::auth::variables::OAUTH_VARIABLES) lists them.
    pub oauth: [Option<SecretString>; 3],
    /// The folder in which systemd puts a service's credentials.
    pub systemd: Option<PathBuf>,
}
