//! The flags for the URL and the credentials of the API, shared by all commands that send requests to it.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::api::request::{ApiVersion, BaseUrl};
use crate::cli::credentials::CredentialArgs;
use crate::cli::duration::duration;

/// The URL of the API, and the credentials for it.
#[derive(Args, Clone, Debug)]
pub struct ConnectionArgs {
    /// The source of the token.
    #[command(flatten)]
    pub credentials: CredentialArgs,
    /// Send nothing unless the token belongs to this portal
    #[arg(long, value_name = "ID", help_heading = "Credentials")]
    pub expect_portal: Option<NonZeroU64>,

    // Parsed later: clap's error would repeat the value, which may contain a secret.
    /// URL of the API: https, or http on this machine only
    #[arg(long, value_name = "URL", default_value = BaseUrl::DEFAULT, help_heading = "API")]
    pub base_url: String,
    /// PEM file with more certificates to trust, such as the certificate of a proxy
    #[arg(long, value_name = "PATH", help_heading = "API")]
    pub ca_file: Option<PathBuf>,
    /// API version, which is a part of the path
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "VERSION",
        help_heading = "API"
    )]
    pub api_version: ApiVersion,
    /// Maximum time for one attempt, such as 30s or 1m
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, help_heading = "API")]
    pub timeout: Duration,
}
