//! The flags that say where the API is and who we are to it: the same for every command that asks it.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{CredentialArgs, duration};
use crate::api::{ApiVersion, BaseUrl};

/// Where the API is, and who we are to it.
#[derive(Args, Clone, Debug)]
pub struct ConnectionArgs {
    /// Where the token comes from.
    #[command(flatten)]
    pub credentials: CredentialArgs,
    /// Send nothing unless the token belongs to this portal
    #[arg(long, value_name = "ID", help_heading = "Credentials")]
    pub expect_portal: Option<NonZeroU64>,

    // Parsed later: an error here would repeat it, and what stands in it may be secret.
    /// Where the API is; https, or http to loopback
    #[arg(long, value_name = "URL", default_value = BaseUrl::DEFAULT, help_heading = "API")]
    pub base_url: String,
    /// PEM certificates to trust besides the system's, such as a proxy's own
    #[arg(long, value_name = "PATH", help_heading = "API")]
    pub ca_file: Option<PathBuf>,
    /// Which form of the API's path is asked for
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "VERSION",
        help_heading = "API"
    )]
    pub api_version: ApiVersion,
    /// Time for one attempt, such as 30s or 1m
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, help_heading = "API")]
    pub timeout: Duration,
}
