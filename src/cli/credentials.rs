//! The flags that say where the token comes from. None of them is the token.

use std::path::PathBuf;

use clap::Args;

/// Where the token comes from, if not from the environment.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Credentials")]
pub struct CredentialArgs {
    /// A file that holds the token; read again when HubSpot refuses it
    ///
    /// A key that is rotated in the file keeps a run alive.
    #[arg(long, value_name = "PATH")]
    pub token_file: Option<PathBuf>,
    /// A command that prints the token, run without a shell; again when refused
    ///
    /// Such as a password manager: --token-command 'pass show hubspot'.
    #[arg(long, value_name = "CMD")]
    pub token_command: Option<String>,
    /// A JSON file with an OAuth app's id, secret and refresh token; its owner's only
    ///
    /// Fields `client_id`, `client_secret`, `refresh_token`; mode 0600. A refresh token that HubSpot replaces is written
    /// back.
    #[arg(long, value_name = "PATH")]
    pub oauth_file: Option<PathBuf>,
}
