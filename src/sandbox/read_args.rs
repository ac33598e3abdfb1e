//! The flags for the calls that read, and the settings they produce.

use std::time::Duration;

use crate::sandbox::data::durations::parse_argument as duration;
use crate::sandbox::faults::spec::Faults;
use crate::sandbox::rate_setting::RateLimit;
use crate::sandbox::read_settings::{LabelsPaths, MissingKeys, ReadSettings};

/// How the sandbox answers calls that read.
#[derive(clap::Args, Clone, Debug)]
pub struct ReadArgs {
    /// Calls per window that are neither associations nor searches, or `off`
    #[arg(long, value_name = "N/TIME", default_value = "100/10s")]
    pub general_limit: RateLimit,

    /// Search calls accepted per window, or `off`
    #[arg(long, value_name = "N/TIME", default_value = "5/1s")]
    pub search_limit: RateLimit,

    /// How long searches do not find records whose keys begin with `new`
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub search_lag: Duration,

    /// How the batch read of records answers keys without a record
    #[arg(long, value_name = "WAY", value_enum, default_value_t)]
    pub missing_keys: MissingKeys,

    /// The status of a batch read by a property that is not unique
    #[arg(long, value_name = "STATUS", default_value_t = 400, value_parser = clap::value_parser!(u16).range(400..500))]
    pub not_unique_status: u16,

    /// The places of the list of labels under v4
    #[arg(long, value_name = "PATH", value_enum, default_value_t)]
    pub labels_path: LabelsPaths,

    /// Reply with 403 to calls that read records; writing stays allowed
    #[arg(long)]
    pub missing_read_scopes: bool,

    /// Random faults of calls that read, such as `status:502=1%`
    #[arg(
        long,
        value_name = "SPEC",
        default_value = "",
        hide_default_value = true
    )]
    pub read_faults: Faults,
}

impl ReadArgs {
    /// Converts the flags to settings.
    #[must_use]
    pub fn settings(&self) -> ReadSettings {
        ReadSettings {
            general_limit: self.general_limit,
            search_limit: self.search_limit,
            search_lag: self.search_lag,
            missing_keys: self.missing_keys,
            not_unique_status: self.not_unique_status,
            labels_path: self.labels_path,
            missing_scopes: self.missing_read_scopes,
            faults: self.read_faults.clone(),
        }
    }
}
