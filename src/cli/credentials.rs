//! The flags that select the source of the token. None of them takes the token itself.

use std::path::PathBuf;

use clap::Args;

/// The source of the token, if it is not the environment.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Credentials")]
pub struct CredentialArgs {
    /// File with the token; read again when HubSpot refuses the token
    ///
    /// To rotate the key during a run, replace it in the file.
    #[arg(long, value_name = "PATH")]
    pub token_file: Option<PathBuf>,
    /// Command that prints the token; run without a shell, and again when refused
    ///
    /// For example a password manager: --token-command 'pass show hubspot'.
    #[arg(long, value_name = "CMD")]
    pub token_command: Option<String>,
    /// JSON file with an OAuth app's id, secret and refresh token; readable by you only
    ///
    /// Fields `client_id`, `client_secret`, `refresh_token`; mode 0600. When HubSpot replaces the refresh token, the new
    /// one is written to the file.
    #[arg(long, value_name = "PATH")]
    pub oauth_file: Option<PathBuf>,
}
