//! The flags that select the source of the token. None of them takes the token itself.

use std::path::PathBuf;

use clap::Args;

/// The source of the token, if it is not the environment.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Credentials")]
pub struct CredentialArgs {
    /// File that contains the token; it is read again when HubSpot refuses the token
    ///
    /// To change the token during a run, write the new token into the file.
    #[arg(long, value_name = "PATH")]
    pub token_file: Option<PathBuf>,
    /// Command that prints the token; it is run again when HubSpot refuses the token
    ///
    /// It is run without a shell. It can be a password manager: --token-command 'pass show hubspot'.
    #[arg(long, value_name = "CMD")]
    pub token_command: Option<String>,
    /// JSON file with the id, the secret and the refresh token of an OAuth app
    ///
    /// Its fields are `client_id`, `client_secret` and `refresh_token`. Only you may have access to it (mode 0600). When
    /// HubSpot replaces the refresh token, the new one is written to the file.
    #[arg(long, value_name = "PATH")]
    pub oauth_file: Option<PathBuf>,
}
